import { describe, expect, it, jest } from '@jest/globals';

import type { CompanyRow, EmulatedPortal, IssuedTokenSet } from '../../emulator/index.ts';
import { aCompany, aPortal, callRest, idsOf, type JsonAnswer, rowsOf, start, tokensFor } from './support.ts';

const portalOf = async (count: number) => {
  const { emulator, portal } = await start({ portals: [aPortal({ companies: { count, seed: 3 } })] });
  return { emulator, portal, tokens: tokensFor(portal) };
};

/** 300 companies with gaps, a changed one, one that was removed and added again, and some with far greater IDs. */
async function gappedBook(): Promise<{ portal: EmulatedPortal; tokens: IssuedTokenSet }> {
  const { portal, tokens } = await portalOf(300);
  for (const id of [1, 7, 8, 9, 150, 299, 300]) portal.removeCompany(String(id));
  for (const id of [8, 60, 301, 400, 1000]) {
    portal.putCompany(aCompany({ ID: String(id), TITLE: `Put ${id}` }));
  }
  return { portal, tokens };
}

describe('pages by ID', () => {
  type Matches = (id: number) => boolean;
  /** The second test is for `crm.company.list`, which casts IDs to integers and skips an empty array. */
  const filters: [filter: object, matches: Matches, matchesInList?: Matches][] = [
    [{}, () => true],
    [{ '>ID': 0 }, () => true],
    [{ '>ID': 60 }, (id) => id > 60],
    [{ '>ID': '60.5' }, (id) => id > 60.5, (id) => id > 60],
    [{ '>=ID': 60 }, (id) => id >= 60],
    [{ '>=ID': '60.5' }, (id) => id >= 60.5, (id) => id >= 60],
    [{ '<ID': 150 }, (id) => id < 150],
    [{ '<ID': '8.5' }, (id) => id < 8.5, (id) => id < 8],
    [{ '<=ID': 301 }, (id) => id <= 301],
    [{ '<=ID': '8.5' }, (id) => id <= 8.5],
    [{ '=ID': 400 }, (id) => id === 400],
    [{ ID: 150 }, () => false],
    [{ ID: '60.5' }, () => false, (id) => id === 60],
    [{ ID: ['8', 9, 400] }, (id) => [8, 400].includes(id)],
    [{ '!ID': 8 }, (id) => id !== 8],
    [{ '>ID': 8, '<=ID': 299 }, (id) => id > 8 && id <= 299],
    [{ '>ID': 299, '<ID': 10 }, () => false],
    [{ '>ID': '' }, () => false, () => true],
    [{ ID: [] }, () => false, () => true],
    [{ '>ID': 1000 }, () => false],
  ];
  const orders = [{}, { ID: 'ASC' }, { ID: 'DESC' }, { ID: 'DESC', TITLE: 'ASC' }];
  const starts = [-1, 0, 50, 130, 250, 5000];

  /** The expected page, found by iterating over all rows. */
  function expectedPage(
    rows: readonly CompanyRow[],
    matches: Matches,
    order: { ID?: string },
    start: number,
  ) {
    const ids = rows.map(({ ID }) => Number(ID)).filter(matches);
    const sorted = order.ID === 'DESC' ? ids.toReversed() : ids;
    if (start < 0) return { ids: sorted.slice(0, 50) };
    const from = Math.floor(start / 50) * 50;
    const next = from + 50 < sorted.length ? { next: from + 50 } : {};
    return { ids: sorted.slice(from, from + 50), total: sorted.length, ...next };
  }

  const countsOf = ({ body: { total, next } }: JsonAnswer) => ({
    ...(total !== undefined && { total }),
    ...(next !== undefined && { next }),
  });

  it('when rows were removed, changed and added › every page of both lists equals the page found by iterating over all rows, and past the end the list of companies begins again', async () => {
    const { portal, tokens } = await gappedBook();

    for (const [filter, matches, matchesInList = matches] of filters) {
      for (const order of orders) {
        for (const start of starts) {
          const page = expectedPage(portal.companies, matchesInList, order, start);
          const expected =
            page.ids.length > 0
              ? page
              : expectedPage(portal.companies, matchesInList, order, Math.min(start, 0));
          const expectedItems = expectedPage(portal.companies, matches, order, start);
          const ofItems = (named: object) =>
            Object.fromEntries(
              Object.entries(named).map(([name, value]) => [
                name.replace('ID', 'id').replace('TITLE', 'title'),
                value,
              ]),
            );

          const list = await callRest(tokens, 'crm.company.list', {
            filter,
            order,
            start,
            select: ['ID'],
          });
          const items = await callRest(tokens, 'crm.item.list', {
            entityTypeId: 4,
            filter: ofItems(filter),
            order: ofItems(order),
            start,
            select: ['id'],
          });

          expect({ ids: idsOf(list).map(Number), ...countsOf(list) }).toEqual(expected);
          const found = (items.body.result as { items: { id: number }[] }).items;
          expect({ ids: found.map(({ id }) => id), ...countsOf(items) }).toEqual(expectedItems);
        }
      }
    }
  });

  it('when a condition that is always true prevents the fast path › the rows are equal in every field', async () => {
    const { tokens } = await gappedBook();
    const ask = (filter: object, start: number) =>
      callRest(tokens, 'crm.company.list', {
        filter,
        start,
        order: { ID: 'DESC' },
        select: ['*', 'UF_*', 'PHONE', 'EMAIL', 'WEB'],
      });

    for (const start of [-1, 0, 200]) {
      const quick = await ask({ '>ID': 5, '<ID': 900 }, start);
      const slow = await ask({ '>ID': 5, '<ID': 900, '!TITLE': 'nobody is called so' }, start);

      expect(rowsOf(slow)).toEqual(rowsOf(quick));
      expect(countsOf(slow)).toEqual(countsOf(quick));
    }
  });

  it('when items are filtered by id inside groups › the groups are applied', async () => {
    const { tokens } = await gappedBook();

    const { body } = await callRest(tokens, 'crm.item.list', {
      entityTypeId: 4,
      filter: { '<id': 500, 0: { logic: 'OR', 0: { '>=id': 6, '<id': 11 }, 1: { '>id': 298 } } },
    });

    expect((body.result as { items: { id: number }[] }).items.map(({ id }) => id)).toEqual([
      6, 8, 10, 301, 400,
    ]);
  });

  it('when a company was changed, removed or added again › the current state is found', async () => {
    const { tokens } = await gappedBook();
    const get = async (id: number) => {
      const { body } = await callRest(tokens, 'crm.company.get', { id });
      return body.error_description ?? (body.result as CompanyRow).TITLE;
    };

    expect([await get(60), await get(8), await get(7), await get(1000)]).toEqual([
      'Put 60',
      'Put 8',
      'Not found',
      'Put 1000',
    ]);
  });

  it('when a portal could not have such an ID › refuses the company', async () => {
    const { portal } = await start();

    expect(() => portal.putCompany(aCompany({ ID: '007' }))).toThrow('007');
  });
});

describe('a portal of a million companies', () => {
  const count = 1_000_000;

  it('when its last pages are requested by start or by ID › answers them, and the total', async () => {
    const { tokens } = await portalOf(count);

    const byStart = await callRest(tokens, 'crm.company.list', { order: { ID: 'ASC' }, start: count - 50 });
    const byId = await callRest(tokens, 'crm.company.list', {
      order: { ID: 'ASC' },
      filter: { '>ID': count - 50 },
      start: -1,
    });

    expect(byStart.body.total).toBe(count);
    expect(byStart.body).not.toHaveProperty('next');
    expect(idsOf(byStart).at(-1)).toBe(String(count));
    expect(rowsOf(byId)).toEqual(rowsOf(byStart));
  });

  it('when it is started again › a row is the same, in any order of calls', async () => {
    const [one, other] = [await portalOf(count), await portalOf(count)];
    await callRest(one.tokens, 'crm.company.list');
    const get = (tokens: IssuedTokenSet) => callRest(tokens, 'crm.company.get', { id: 654_321 });

    expect((await get(one.tokens)).body.result).toEqual((await get(other.tokens)).body.result);
  });

  it('when dates are compared › later companies have larger IDs', async () => {
    const { tokens } = await portalOf(count);
    const page = await callRest(tokens, 'crm.company.list', { filter: { '>ID': 500_000 }, start: -1 });

    const dates = rowsOf(page).map(({ DATE_CREATE }) => String(DATE_CREATE));

    expect(dates).toEqual(dates.toSorted());
    expect(new Set(dates).size).toBe(50);
  });

  it('when companies are added and removed › pages show the change', async () => {
    const { portal, tokens } = await portalOf(count);
    portal.removeCompany('999999');
    portal.putCompany(aCompany({ ID: '1000000', TITLE: 'Changed' }));
    portal.putCompany(aCompany({ ID: '1000001', TITLE: 'New' }));

    const { body } = await callRest(tokens, 'crm.company.list', {
      order: { ID: 'DESC' },
      select: ['TITLE'],
      filter: { '>ID': 999_998 },
    });

    expect(body).toMatchObject({
      result: [
        { ID: '1000001', TITLE: 'New' },
        { ID: '1000000', TITLE: 'Changed' },
      ],
      total: 2,
    });
  });

  it('when 2,000 pages are read in batches › none of their rows is kept, and the pages are counted', async () => {
    const { emulator, tokens } = await portalOf(count);
    const read = async (batches: number) => {
      let last = 0;
      for (let batch = 0; batch < batches; batch += 1) {
        const commands = Array.from({ length: 50 }, (_, page) => {
          const after = page === 0 ? String(last) : `$result[page${page - 1}][49][ID]`;
          return [
            `page${page}`,
            `crm.company.list?select[]=TITLE&order[ID]=ASC&start=-1&filter[>ID]=${encodeURIComponent(after)}`,
          ];
        });
        const { body } = await callRest(tokens, 'batch', { cmd: Object.fromEntries(commands) });
        const { result } = body.result as { result: Record<string, CompanyRow[]> };
        last = Number(result.page49?.at(-1)?.ID);
      }
      return last;
    };
    await read(2);
    emulator.resetCost();
    const kept = jest.spyOn(Map.prototype, 'set');

    const last = await read(40);
    const keptRows = kept.mock.calls.filter(([, value]) => Object.hasOwn(Object(value), 'TITLE'));
    jest.restoreAllMocks();

    expect(last).toBe(100_000);
    expect(keptRows).toEqual([]);
    expect(emulator.cost().pages).toBe(2000);
  });
});
