import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createInstance } from 'i18next';
import { createFormat } from '../../src/i18n/format.ts';
import type { Language } from '../../src/i18n/languages.ts';
import { overviewEnglish } from '../../src/i18n/messages/overview.en.ts';
import { overviewRussian } from '../../src/i18n/messages/overview.ru.ts';
import type { Translate } from '../../src/i18n/translate.ts';
import { layOutBars } from '../../src/overview/plots/bars.ts';
import { cutText } from '../../src/overview/plots/cut-text.ts';
import { drawOverview } from '../../src/overview/plots/draw-overview.ts';
import { headlineFigures } from '../../src/overview/plots/figures.ts';
import { type PlotLocale, plotWords } from '../../src/overview/plots/plot-words.ts';
import { renderTemplate, VIEWS } from '../../src/web/templates.ts';
import { someCounts } from './builders.ts';

let readers: Record<Language, PlotLocale>;
beforeAll(async () => {
  const catalogue = createInstance();
  const person = { unnamed: 'User {{id}}' };
  const resources = {
    en: { translation: { person, overview: overviewEnglish } },
    ru: { translation: { person, overview: overviewRussian } },
  };
  const options = { resources, interpolation: { escapeValue: false }, showSupportNotice: false };
  await catalogue.init(options as Parameters<typeof catalogue.init>[0]);
  const reader = (language: Language) => ({
    language,
    t: catalogue.getFixedT(language) as Translate,
    format: createFormat(language),
  });
  readers = { en: reader('en'), ru: reader('ru') };
});

type Panel = ReturnType<typeof drawOverview>[number];

function panelOf(name: Panel['name'], counts = someCounts(), language: Language = 'en'): Panel {
  const panel = drawOverview(counts, readers[language]).find((each) => each.name === name);
  if (panel === undefined) throw new Error(`there is no panel ${name}`);
  return panel;
}

const barsOf = (panel: Panel) => panel.barPlot?.bars.map(({ label, count, href }) => [label, count, href]);

/** The plot and the table behind it. */
async function render(panel: Panel): Promise<string> {
  const plot = panel.columnPlot ?? panel.barPlot;
  const values = {
    panel,
    plot,
    id: 'plot-id',
    title: 'Companies',
    t: readers.en.t,
    at: (address: string) => address,
  };
  const partials = [panel.columnPlot ? 'plot-columns' : 'plot-bars', 'plot-table'];
  const parts = partials.map((name) =>
    promisify(renderTemplate)(join(VIEWS, `partials/${name}.ejs`), values),
  );
  return (await Promise.all(parts)).join('');
}

describe('a plot of bars', () => {
  it('when there are types › the most frequent is first, and those without one are last', () => {
    expect(barsOf(panelOf('types'))).toEqual([
      ['Client', 6, '/companies?type=CUSTOMER'],
      ['Supplier', 3, '/companies?type=SUPPLIER'],
      ['No type', 1, '/companies?type=-'],
    ]);
  });

  it('when a kind has no companies › is in the table alone', () => {
    const panel = panelOf('industries');

    expect(barsOf(panel)).toEqual([['Information technology', 10, '/companies?industry=IT']]);
    expect(panel.table.map(({ label, number }) => [label, number])).toEqual([
      ['Information technology', '10'],
      ['No industry', '0'],
    ]);
  });

  it('when companies have what the dictionary does not know › they are told together, without a link', () => {
    const panel = panelOf('types', someCounts({ total: 12 }));

    expect(barsOf(panel)?.at(-1)).toEqual(['Values no longer in use', 2, null]);
  });

  it('when there are many kinds › twelve have bars, and the others are one number', () => {
    const types = Array.from({ length: 30 }, (_, index) => ({
      id: `T${index}`,
      name: `Type ${index}`,
      count: index,
    }));
    const panel = panelOf('types', someCounts({ total: 435, types }));

    expect(panel.barPlot?.bars).toHaveLength(13);
    expect(barsOf(panel)?.[0]).toEqual(['Type 29', 29, '/companies?type=T29']);
    expect(barsOf(panel)?.at(-1)).toEqual(['All others', 153, null]);
    expect(panel.barPlot?.bars.at(-1)?.width).toBeNull();
    expect(panel.table).toHaveLength(30);
  });

  it('when people are told › those without a name have their id, and the others are counted together', () => {
    const panel = panelOf('responsible');

    expect(barsOf(panel)).toEqual([
      ['Ada Admin', 7, '/companies?responsible=1'],
      ['User 7', 2, '/companies?responsible=7'],
      ['Everybody else', 1, null],
    ]);
    expect(panel.notes).toEqual([]);
  });

  it('when the portal has more people than it names › says so', () => {
    const { responsible } = someCounts();
    const counts = someCounts({ responsible: responsible && { ...responsible, isEverybody: false } });

    expect(panelOf('responsible', counts).notes).toEqual([
      '2 people are counted one by one; the others are counted together.',
    ]);
  });

  it.each([
    ['nobody else can have more', 2, 'Most: \u2068Ada Admin\u2069, 40%'],
    ['somebody who is not named may have more', 1, null],
  ])('when %s › is called the one with most only if that is so', (_case, others, lead) => {
    const people = [
      { id: 1, name: 'Ada Admin', count: 4 },
      { id: 7, name: 'Max', count: others },
    ];
    const panel = panelOf('responsible', someCounts({ responsible: { people, isEverybody: false } }));

    expect(panel.lead).toBe(lead);
  });

  it('when revenue is told › classes are in their order, from the first to the last that is used', () => {
    const panel = panelOf('revenue');

    expect(barsOf(panel)).toEqual([
      ['10k – 100k', 4, '/companies?revenue_from=10000&revenue_to=99999.99'],
      ['100k – 1m', 0, '/companies?revenue_from=100000&revenue_to=999999.99'],
      ['1m and more', 5, '/companies?revenue_from=1000000'],
      ['Not given', 1, null],
    ]);
    expect(panel.notes[0]).toContain('currencies are not converted');
  });

  it('when the portal did not name the values › there is a note and no plot', () => {
    const panel = panelOf('types', someCounts({ types: null }));

    expect(panel.notes).toEqual(['Bitrix24 did not tell which types there are.']);
    expect([panel.barPlot?.bars, panel.table]).toEqual([[], []]);
  });

  it('when a number is missing › its bar is left out, and the plot and the table say so', () => {
    const types = [
      { id: 'A', name: 'A', count: null },
      { id: 'B', name: 'B', count: 2 },
    ];
    const panel = panelOf('types', someCounts({ types }));

    expect(barsOf(panel)).toEqual([['B', 2, '/companies?type=B']]);
    expect(panel.notes).toEqual(['1 number is missing: Bitrix24 did not count it this time.']);
    expect(panel.table.map(({ number }) => number)).toEqual(['2', 'not counted']);
  });

  it('when bars are drawn › the longest fills the width, and something is never drawn as nothing', () => {
    const row = (count: number, isRest = false) => ({ label: '', count, href: null, isQuiet: false, isRest });

    const { bars, height } = layOutBars([row(2_000), row(1_000), row(1), row(0), row(9_999, true)]);

    expect(bars.map(({ width }) => width)).toEqual([100, 50, 0.75, 0, null]);
    expect(bars.map(({ y }) => y)).toEqual([0, 40, 80, 120, 160]);
    expect(height).toBe(200);
  });
});

describe('the plot of months', () => {
  it('when months are told › each column leads to its days', () => {
    const columns = panelOf('months').columnPlot?.columns ?? [];

    expect(columns.map(({ label, count, href }) => [label, count, href])).toEqual([
      ['September 2026', 0, '/companies?created_from=2026-09-01&created_to=2026-09-30'],
      ['October 2026', 8, '/companies?created_from=2026-10-01&created_to=2026-10-31'],
      ['November 2026', 2, '/companies?created_from=2026-11-01&created_to=2026-11-30'],
    ]);
    expect(columns.map(({ height }) => height)).toEqual([0, 180, 45]);
    expect(columns.map(({ isOpen, isKey }) => [isOpen, isKey])).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
  });

  it('when the reader is Russian › months are', () => {
    const panel = panelOf('months', someCounts(), 'ru');

    expect(panel.columnPlot?.columns.map(({ label, short }) => [label, short]).at(-1)).toEqual([
      'Ноябрь 2026',
      'ноя',
    ]);
    expect(panel.lead).toBe('Больше всего: Октябрь 2026, 8 компаний');
  });

  it('when a month was not counted › it leaves a gap', () => {
    const months = someCounts().months.map((month, index) =>
      index === 1 ? { ...month, count: null } : month,
    );
    const columns = panelOf('months', someCounts({ months })).columnPlot?.columns ?? [];

    expect(columns.map(({ short }) => short)).toEqual(['Sep', 'Nov']);
    expect((columns[1]?.x ?? 0) - (columns[0]?.x ?? 0)).toBeGreaterThan(60);
  });

  it('when nothing was created › says so', () => {
    const months = someCounts().months.map((month) => ({ ...month, count: 0 }));
    const panel = panelOf('months', someCounts({ months }));

    expect(panel.lead).toBeNull();
    expect(panel.notes).toEqual(['No company was created in these months.']);
  });
});

describe('a plot as SVG', () => {
  const HOSTILE = `<script>alert(1)</script><img src=x onerror='x'>"&amp;\u0000`;

  it('when it is drawn › each bar is a link with a name, and the same number is in the table', async () => {
    const html = await render(panelOf('types'));

    expect(linksOf(html)).toEqual([
      '/companies?type=CUSTOMER',
      '/companies?type=SUPPLIER',
      '/companies?type=-',
    ]);
    expect(textOf(html, '/companies?type=CUSTOMER')).toBe('Client 6 60%');
    expect(html).toContain('<title>\u2068Client\u2069: 6 companies, 60%</title>');
    expect(html).toContain('role="list" aria-labelledby="plot-id"');
    expect(html).toMatch(/<caption[^>]*>Companies<\/caption>/);
    expect(html).toMatch(
      /<th scope="row"><a href="\/companies\?type=CUSTOMER"><bdi>Client<\/bdi><\/a><\/th>\s*<td>6<\/td>/,
    );
  });

  it.each(['months', 'types', 'revenue', 'industries', 'responsible'] as const)(
    'when it is that of %s › has nothing that our policy forbids',
    async (name) => {
      const html = await render(panelOf(name));

      expect(html).toContain('<svg');
      expect(html).not.toMatch(/style=|<style|<script|\son\w+=|javascript:|xlink/i);
    },
  );

  it('when names are hostile › they are nothing but text', async () => {
    const types = [{ id: '"><script>', name: HOSTILE, count: 10 }];
    const html = await render(panelOf('types', someCounts({ types })));

    expect(html).not.toMatch(/<script|<img/i);
    expect(html).toContain('&lt;script&gt;');
    expect(linksOf(html)).toEqual(['/companies?type=%22%3E%3Cscript%3E']);
  });

  it('when a name is long › it is cut, and told in full', async () => {
    const name = 'A very long name of a type that nobody can read at a glance';
    const html = await render(panelOf('types', someCounts({ types: [{ id: 'A', name, count: 10 }] })));

    expect(html).toContain('>A very long name of a type…</text>');
    expect(html).toContain(`<title>\u2068${name}\u2069: 10 companies, 100%</title>`);
  });

  /** What can be seen of a link. */
  function textOf(html: string, href: string): string {
    const inside = html.split(`<a href="${href}">`)[1]?.split('</a>')[0] ?? '';
    return [...inside.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text).join(' ');
  }

  function linksOf(html: string): (string | undefined)[] {
    return [...html.matchAll(/<g role="listitem">\s*<title>[^<]*<\/title>\s*<a href="([^"]*)">/g)].map(
      ([, href]) => href,
    );
  }
});

describe('the figures', () => {
  it.each([
    [5, '3 fewer than at this point of last month'],
    [1, '1 more than at this point of last month'],
    [2, 'as many as at this point of last month'],
    [null, null],
  ])('when %s were created by this day of the month before › says "%s"', (sameDaysBefore, detail) => {
    const [, created] = headlineFigures(someCounts({ sameDaysBefore }), readers.en);

    expect(created).toMatchObject({ number: '2', label: 'new this month', detail });
    expect(created?.href).toBe('/companies?created_from=2026-11-01&created_to=2026-11-30');
  });

  it('when the reader is Russian › words follow the number', () => {
    const labels = [1, 3, 12_000].map(
      (total) => headlineFigures(someCounts({ total }), readers.ru)[0]?.label,
    );

    expect(labels).toEqual(['компания', 'компании', 'компаний']);
  });

  it('when something was not counted › is left out', () => {
    const figures = headlineFigures(someCounts({ withoutPhone: null }), readers.en);

    expect(figures.map(({ href }) => href)).toEqual([
      '/companies',
      '/companies?created_from=2026-11-01&created_to=2026-11-30',
      '/companies?has_email=no',
    ]);
  });
});

describe('cutText()', () => {
  it.each([
    ['fits', 'fits'],
    ['exactly ten', 'exactly t…'],
    ['ten it is!', 'ten it is!'],
    ['line\nbreak\t x', 'line brea…'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦…'],
    ['工場と会社の名前', '工場と会…'],
    ['Z̸̢̛͖͍̓̈́̒a', 'Za'],
    ['é ñ й', 'é ñ й'],
    ['', ''],
  ])('when the text is "%s" › is "%s"', (text, cut) => {
    expect(cutText(text, 10)).toBe(cut);
  });
});

describe('plotWords()', () => {
  it.each([
    [0, 10, '0%'],
    [1, 1_000, '< 1%'],
    [1, 3, '33%'],
    [3, 3, '100%'],
    [0, 0, '0%'],
  ])('when it is %s of %s › the share is %s', (part, whole, share) => {
    expect(plotWords(readers.en).share(part, whole)).toBe(share);
  });

  it.each([
    ['en', ['10k', '1m', '1bn']],
    ['ru', ['10 тыс.', '1 млн', '1 млрд']],
  ] as const)('when amounts are told in %s › they are short', (language, amounts) => {
    const { amount } = plotWords(readers[language]);

    expect([10_000, 1_000_000, 1_000_000_000].map((value) => amount(value).replace(/\s/g, ' '))).toEqual(
      amounts,
    );
  });
});
