import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import { comparison, keyReader, runRowsFor, sortRows } from '../../../src/exports/files/sorted-rows.ts';
import { newDataDir } from '../../support/start-app.ts';
import { aReadCompany, aRequest, inBatches } from '../support.ts';

type Sort = ReturnType<typeof aRequest>['view']['sort'];

describe('sortRows', () => {
  it.each(['asc', 'desc'] as const)(
    'when rows fill many runs and it goes %s › is in order, and has every row once',
    async (order) => {
      const companies = shuffled(9_001);

      const sorted = await sort(companies, 'revenue', order);

      const expected = [...companies].sort((a, b) => {
        const difference = (a.revenue ?? 0) - (b.revenue ?? 0) || a.id - b.id;
        return order === 'asc' ? difference : -difference;
      });
      expect(sorted.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    },
  );

  it('when there are none › is empty', async () => {
    expect(await sort([], 'title', 'asc')).toEqual([]);
  });

  it('when texts need more than bytes to tell them apart › brings every row as it was', async () => {
    const companies = ['a\nb', '"', '\ud83d', '👩‍👩‍👧‍👦', 'é'].map((title, index) =>
      aReadCompany({ id: index + 1, title }),
    );

    const sorted = await sort(companies, 'id', 'desc');

    expect(sorted).toEqual([...companies].reverse());
  });

  it.each([
    ['en', ['apple', 'Banana', 'éclair', 'Zebra', 'яблоко']],
    ['ru', ['ёлка', 'жук', 'apple']],
  ] as const)('when titles are read in %s › are in its order', async (language, titles) => {
    const companies = [...titles].reverse().map((title, index) => aReadCompany({ id: index + 1, title }));

    const sorted = await sort(companies, 'title', 'asc', language);

    expect(sorted.map(({ title }) => title)).toEqual(titles);
  });

  it.each(['asc', 'desc'] as const)('when something is absent and it goes %s › comes last', async (order) => {
    const companies = [3, null, 1, null, 2].map((revenue, index) => aReadCompany({ id: index + 1, revenue }));

    const sorted = await sort(companies, 'revenue', order);

    expect(sorted.map(({ revenue }) => revenue)).toEqual(
      order === 'asc' ? [1, 2, 3, null, null] : [3, 2, 1, null, null],
    );
  });

  it('when instants have other offsets › are in the order of time', async () => {
    const instants = ['2026-03-05T10:00:00+03:00', '2026-03-05T08:00:00Z', '2026-03-05T09:00:00+05:00', null];
    const companies = instants.map((created, index) => aReadCompany({ id: index + 1, created }));

    const sorted = await sort(companies, 'created', 'asc');

    expect(sorted.map(({ id }) => id)).toEqual([3, 1, 2, 4]);
  });

  it('when it goes by a word › goes by what the file shows', async () => {
    const types = [{ id: 'A', name: 'Zulu' }, { id: 'Z', name: 'Alpha' }, { id: 'M', name: null }, null];
    const companies = types.map((type, index) => aReadCompany({ id: index + 1, type }));

    const sorted = await sort(companies, 'type', 'asc');

    expect(sorted.map(({ id }) => id)).toEqual([2, 3, 1, 4]);
  });

  it('when people have no names › goes by what the file calls them', async () => {
    const people = [
      { id: 1, name: 'Zoe' },
      { id: 12, name: null },
      { id: 3, name: 'Ada' },
    ];
    const companies = people.map((responsible, index) => aReadCompany({ id: index + 1, responsible }));

    const sorted = await sort(companies, 'responsible', 'asc');

    // Ada, User 12, Zoe
    expect(sorted.map(({ id }) => id)).toEqual([3, 2, 1]);
  });
});

describe('runRowsFor', () => {
  it.each([
    [0, 2_000],
    [100_000, 2_000],
    [1_000_000, 3_907],
    [100_000_000, 20_000],
  ])('when there are %i rows › sorts %i at a time', (rows, expected) => {
    expect(runRowsFor(rows)).toBe(expected);
  });
});

describe('comparison', () => {
  it('when rows are equal › goes by their ids in the same direction', () => {
    const view = aRequest({}, { sort: 'title', order: 'desc' }).view;
    const keyOf = keyReader({ view, language: 'en' });
    const compare = comparison({ view, language: 'en' });
    const [one, two] = [1, 2].map((id) => ({ key: keyOf(aReadCompany({ id })), id }));

    expect(one && two && compare(one, two)).toBeGreaterThan(0);
  });
});

function shuffled(count: number): Company[] {
  let seed = 7;
  return Array.from({ length: count }, (_, index) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return aReadCompany({ id: index + 1, revenue: seed % 500 });
  });
}

async function sort(
  companies: Company[],
  by: Sort,
  order: 'asc' | 'desc',
  language: 'en' | 'ru' = 'en',
): Promise<Company[]> {
  const file = await open(join(newDataDir(), 'runs'), 'wx+');
  const { view } = aRequest({}, { sort: by, order });
  const lines = inBatches(companies.map((company) => JSON.stringify(company)));
  try {
    const sorted: Company[] = [];
    for await (const some of sortRows(lines, { view, language, rows: companies.length }, file))
      sorted.push(...some);
    return sorted;
  } finally {
    await file.close();
  }
}
