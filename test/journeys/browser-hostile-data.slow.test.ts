import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { CompanyRow } from '../../emulator/index.ts';
import {
  follow,
  NARROW,
  type Remembered,
  rememberSignIn,
  sidewaysScroll,
  titles,
  useChromium,
  WIDE,
  watchTrouble,
} from '../support/browser-journeys.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { AWKWARD_TEXTS, HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Each fills every field of a company of its own: the first has the number 1. */
const HOSTILE = [...AWKWARD_TEXTS.map(([, text]) => text), ...HOSTILE_TEXTS];
/** Whose length is what a page has to cope with. */
const AWKWARD = AWKWARD_TEXTS.map((_, index) => index + 1);
const LIST = '/companies?sort=id&order=asc';
/** Every field of a company that may hold any text, but for those that have a place of their own on the card. */
const TEXT_FIELDS = [
  ...['ADDRESS', 'REG_ADDRESS'].flatMap((name) =>
    ['', '_2', '_CITY', '_POSTAL_CODE', '_REGION', '_PROVINCE', '_COUNTRY', '_COUNTRY_CODE'].map(
      (part) => `${name}${part}`,
    ),
  ),
  'ADDRESS_LEGAL',
  'BANKING_DETAILS',
  'EMPLOYEES',
  ...['ORIGINATOR_ID', 'ORIGIN_ID', 'ORIGIN_VERSION'],
  ...['SOURCE', 'MEDIUM', 'CAMPAIGN', 'CONTENT', 'TERM'].map((part) => `UTM_${part}`),
  'UF_CRM_TEXT',
  'UF_CRM_LINK',
];
/** Of types and industries, which all pages with filters show. */
const LONGEST_WORD = 1_000;
/** And by the choice of a list, and each kind of contact. */
const AS_FIELDS = TEXT_FIELDS.length + 1 + 4;
const LABEL = '</dt><script>alert(1)</script>"><b onmouseover=alert(1)>Label';

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  const people = HOSTILE.map((text, index) =>
    aUser({
      id: index + 1,
      login: index === 0 ? 'admin' : `user${index}`,
      name: index === 0 ? '<b>Ada</b>' : text.slice(0, 200),
      lastName: index === 0 ? 'W'.repeat(80) : text.slice(0, 200),
      admin: index === 0,
      crm: 'all',
    }),
  );
  const words = HOSTILE.map((text, index) => ({ STATUS_ID: `S${index}`, NAME: text.slice(0, LONGEST_WORD) }));
  app = await startApp({
    emulator: {
      portals: [
        aPortal({
          users: people,
          companies: hostileCompanies(),
          contacts: numbered().map(([text, id]) => ({ ...hostileFields(text, id), NAME: text, POST: text })),
          deals: numbered().map(([text, id]) => ({
            ID: String(id),
            COMPANY_ID: String(id),
            TITLE: text,
            CURRENCY_ID: text,
            STAGE_ID: text,
            OPPORTUNITY: '1.00',
          })),
          userFields: [
            { name: 'UF_CRM_TEXT', type: 'string', label: LABEL },
            { name: 'UF_CRM_LINK', type: 'url', label: LABEL },
            {
              name: 'UF_CRM_CHOICE',
              type: 'enumeration',
              label: LABEL,
              items: numbered().map(([text, id]) => ({ ID: String(id), VALUE: text })),
            },
          ],
          dictionaries: { COMPANY_TYPE: words, INDUSTRY: words, EMPLOYEES: words },
        }),
      ],
    },
  });
  ada = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());

describe('the list of companies with hostile data', () => {
  describe('when it is opened', () => {
    it('shows every title as it is, runs nothing, and links to harmless kinds of addresses only', async () => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);
      const shown: string[] = [];

      for (const path of [LIST, `${LIST}&page=2`]) {
        await page.goto(app.origin + path);
        shown.push(...(await titles(page)));
        expect(await page.locator(FOREIGN_ELEMENTS).count()).toBe(0);
        expect(await linkSchemes(page)).toMatch(/^(https?:|mailto:|tel:| )*$/);
      }

      expect(shown).toEqual(HOSTILE.map(inHtml));
      expect(trouble).toEqual([]);
    });
  });

  describe('when hostile text is searched for', () => {
    it('repeats it as it is, and runs nothing', async () => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);
      const questions = AWKWARD_TEXTS.map(([, text]) => text.slice(0, 255).trim());

      const answers = await search(page, questions);

      expect(answers.map(({ field, foreign }) => ({ field, foreign }))).toEqual(
        questions.map((question) => ({ field: question, foreign: 0 })),
      );
      for (const [index, { count }] of answers.entries())
        expect(count).toContain(`“${questions[index]}” in its title`);
      expect(trouble).toEqual([]);
    });
  });
});

describe('the card of a company with hostile data', () => {
  it('shows and links harmless things only, in all fields, contacts and deals', async () => {
    const page = await newVisitor({ storageState: ada });
    const trouble = await watchTrouble(page, app.origin);

    for (const [text, id] of numbered()) {
      const shown = inHtml(text);
      await page.goto(`${app.origin}/companies/${id}`, { waitUntil: 'domcontentloaded' });

      const { title, links, fields, ...card } = await readCard(page);

      expect(card).toEqual({
        heading: shown,
        contacts: Array(4).fill(shown),
        people: [shown],
        deals: [shown],
        labels: [LABEL, LABEL, LABEL],
        foreign: 0,
      });
      const fromLists = text.length > LONGEST_WORD ? 0 : 2;
      expect(fields.filter((each) => each === shown)).toHaveLength(AS_FIELDS + fromLists);
      expect(inTitle(title)).toBe(inTitle(`${text} · Companies`));
      expect(links).toMatch(/^(https?:|mailto:|tel:| )*$/);
    }

    expect(trouble).toEqual([]);
  });
});

describe('the overview and the exports with hostile data', () => {
  it.each(['/overview', '/exports', '/account'])(
    '%s runs nothing, and has no element of theirs',
    async (path) => {
      const page = await newVisitor({ storageState: ada });
      const trouble = await watchTrouble(page, app.origin);
      // Each of them describes a view by names of types and people.
      await page.goto(`${app.origin}${LIST}&type=${HOSTILE.map((_, index) => `S${index}`).slice(0, 20)}`);
      await page.locator('.export > summary').click();
      await follow(page.locator('.export button').first());

      await page.goto(app.origin + path);
      await page.locator('main:not(:has([aria-busy]))').waitFor();

      expect(await page.locator('main h1').count()).toBe(1);
      expect(await page.locator(FOREIGN_ELEMENTS).count()).toBe(0);
      expect(trouble).toEqual([]);
    },
  );
});

describe('the width of a page', () => {
  describe.each([
    ['narrow, in English', NARROW, 'en-GB'],
    ['narrow, in Russian', NARROW, 'ru-RU'],
    ['wide, in English', WIDE, 'en-GB'],
    ['wide, in Russian', WIDE, 'ru-RU'],
  ])('when the window is %s', (_case, viewport, locale) => {
    it('fits what visitors see before they sign in', async () => {
      const page = await newVisitor({ viewport, locale });

      const tooWide = await pagesThatScrollSideways(page, ['/', '/?returnTo=%2Fcompanies', '/bitrix']);

      expect(tooWide).toEqual([]);
    });

    it('fits the list, whatever was found, every card, and an error page', async () => {
      const page = await newVisitor({ viewport, locale, storageState: ada });
      const lists = ['', `?q=${'Q'.repeat(255)}`, `?q=${'W'.repeat(255)}`].map(
        (query) => `/companies${query}`,
      );
      const cards = AWKWARD.map((id) => `/companies/${id}`);

      const tooWide = await pagesThatScrollSideways(page, [...lists, ...cards, '/companies/999999']);

      expect(tooWide).toEqual([]);
    });
  });
});

describe('a page on paper', () => {
  it('is as wide as the sheet, has a list as a table, and nothing to click with', async () => {
    // A4 between its margins.
    const page = await newVisitor({ viewport: { width: 718, height: 1_000 }, storageState: ada });
    await page.emulateMedia({ media: 'print' });

    const tooWide = await pagesThatScrollSideways(page, [
      ...AWKWARD.map((id) => `/companies/${id}`),
      '/overview',
      '/companies',
    ]);

    expect(tooWide).toEqual([]);
    const shown = `(selector) => getComputedStyle(document.querySelector(selector)).display`;
    expect(await page.evaluate(`['.companies tbody tr', 'header.bar', '.list-tools'].map(${shown})`)).toEqual(
      ['table-row', 'none', 'none'],
    );
  });
});

/** None of these is in a page of ours below the header; plots are pictures of ours. */
const FOREIGN_ELEMENTS =
  'main :is(script, style, img, svg:not(.plot, .plot svg), iframe, object, embed, b, textarea, [onload], [onmouseover])';

const LINK_SCHEMES = `[...new Set([...document.querySelectorAll('main a')].map(({ protocol }) => protocol))].join(' ')`;

function numbered(): [text: string, id: number][] {
  return HOSTILE.map((text, index) => [text, index + 1]);
}

/** As a browser has it once it has read the page: NUL is left out, and there is one kind of line. */
function inHtml(text: string): string {
  return Buffer.from(text.replaceAll('\0', '').replace(/\r\n?/g, '\n')).toString();
}

/** Browsers show one blank for each of these in a title; which of them become one, they do not agree on. */
function inTitle(text: string): string {
  const wellFormed = Buffer.from(text).toString();
  return wellFormed.replace(/[\0-\x20\ufffd]+/g, ' ').trim();
}

function hostileFields(text: string, id: number) {
  const contact = { ID: String(id), VALUE_TYPE: 'WORK', VALUE: text };
  return {
    ID: String(id),
    COMPANY_ID: String(id),
    COMMENTS: text,
    PHONE: [{ ...contact, TYPE_ID: 'PHONE' as const }],
    EMAIL: [{ ...contact, TYPE_ID: 'EMAIL' as const }],
  };
}

function hostileCompanies(): CompanyRow[] {
  return numbered().map(([text, id]) => {
    const contact = { ID: String(id), VALUE_TYPE: 'WORK', VALUE: text };
    return aCompany({
      ...hostileFields(text, id),
      TITLE: text,
      COMPANY_TYPE: `S${id - 1}`,
      INDUSTRY: `S${id - 1}`,
      ASSIGNED_BY_ID: String(id),
      CURRENCY_ID: text,
      ...Object.fromEntries(TEXT_FIELDS.map((name) => [name, text])),
      UF_CRM_CHOICE: String(id),
      WEB: [{ ...contact, TYPE_ID: 'WEB' }],
      IM: [{ ...contact, TYPE_ID: 'IM' }],
    });
  });
}

interface Found {
  count: string | null;
  field: string;
  foreign: number;
}

/** What the list says to each question. */
async function search(page: Page, questions: string[]): Promise<Found[]> {
  const answers: Found[] = [];
  for (const question of questions) {
    await page.goto(`${app.origin}/companies?q=${encodeURIComponent(question)}`);
    answers.push({
      count: await page.locator('.count').textContent(),
      field: await page.getByRole('searchbox').inputValue(),
      foreign: await page.locator(FOREIGN_ELEMENTS).count(),
    });
  }
  return answers;
}

/** Those of the paths whose page is wider than the window, and by how much. */
async function pagesThatScrollSideways(
  page: Page,
  paths: string[],
): Promise<[path: string, pixels: number][]> {
  const tooWide: [string, number][] = [];
  for (const path of paths) {
    await page.goto(app.origin + path);
    const pixels = await sidewaysScroll(page);
    if (pixels > 0) tooWide.push([path, pixels]);
  }
  return tooWide;
}

interface Card {
  heading: string;
  title: string;
  contacts: string[];
  people: string[];
  deals: string[];
  /** All values in the groups of fields. */
  fields: string[];
  /** Of the fields that the portal has defined. */
  labels: string[];
  links: string;
  foreign: number;
}

/** All of it in one question to the browser: there are many cards. */
function readCard(page: Page): Promise<Card> {
  return page.evaluate<Card>(`(() => {
    const texts = (selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
    return {
      heading: texts('h1 bdi').join(),
      title: document.title,
      contacts: texts('.group-contacts dd bdi'),
      people: texts('.group-people .row-title bdi'),
      deals: texts('.group-deals .row-title bdi'),
      fields: texts('.panel dd bdi'),
      labels: texts('.group-own dt'),
      links: ${LINK_SCHEMES},
      foreign: document.querySelectorAll(${JSON.stringify(FOREIGN_ELEMENTS)}).length,
    };
  })()`);
}

/** The kinds of addresses that links below the header have: `http: mailto:`. */
function linkSchemes(page: Page): Promise<string> {
  return page.evaluate<string>(LINK_SCHEMES);
}
