import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  type ContactRow,
  type DealRow,
  type EmulatedPortal,
  type Emulator,
  type IssuedTokenSet,
  startEmulator,
} from '../../emulator/index.ts';
import { aCompany, aPortal, callRest, idsOf, rowsOf, start, threeUsers, tokensFor } from './support.ts';

const METHODS = ['crm.contact.list', 'crm.deal.list'] as const;

const ofCompany = (tokens: IssuedTokenSet, method: string, companyId: number | string) =>
  callRest(tokens, method, {
    filter: { COMPANY_ID: companyId },
    select: ['*', 'PHONE', 'EMAIL'],
    order: { ID: 'ASC' },
  });

/** All pages, requested by `start`. */
async function listAll<Row>(tokens: IssuedTokenSet, method: string, params: object = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for (let start: unknown = 0; start !== undefined; ) {
    const answer = await callRest(tokens, method, { ...params, start });
    rows.push(...(answer.body.result as Row[]));
    start = answer.body.next;
  }
  return rows;
}

describe('generated contacts and deals of a small portal', () => {
  const portals = () => [
    aPortal({ companies: { count: 60, seed: 5 }, users: threeUsers(), language: 'ru', utcOffset: '+03:00' }),
  ];

  it.each(METHODS)('when all are listed by %s › they are ordered by company', async (method) => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    const byCompany: unknown[] = [];
    for (const { ID } of portal.companies) byCompany.push(...rowsOf(await ofCompany(tokens, method, ID)));

    const all = await listAll(tokens, method, { select: ['*', 'PHONE', 'EMAIL'], order: { ID: 'ASC' } });

    expect(all.length).toBeGreaterThan(100);
    expect(all).toEqual(byCompany);
  });

  it.each(METHODS)('when companies are removed and added › %s shows the change', async (method) => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    const before = await listAll<DealRow>(tokens, method);
    const [gone] = before as [DealRow];
    portal.removeCompany(String(gone.COMPANY_ID));
    portal.putCompany(aCompany({ ID: '1000', TITLE: 'New' }));

    const after = await listAll<DealRow>(tokens, method);

    expect(after.filter(({ COMPANY_ID }) => COMPANY_ID !== '1000')).toEqual(
      before.filter(({ COMPANY_ID }) => COMPANY_ID !== gone.COMPANY_ID),
    );
  });

  it.each(METHODS)(
    'when it filters by ID in every way › %s finds the same rows as a check of every row',
    async (method) => {
      const { portal } = await start({ portals: portals() });
      const tokens = tokensFor(portal);
      const ids = (await listAll<DealRow>(tokens, method)).map(({ ID }) => Number(ID));
      const [low = 0, high = 0] = [ids[20], ids[70]];
      const cases: [object, (id: number) => boolean][] = [
        [{ '>ID': low, '<=ID': high }, (id) => id > low && id <= high],
        [{ '>=ID': low + 1, '<ID': high }, (id) => id > low && id < high],
        [{ '@ID': [low, high, 1] }, (id) => id === low || id === high],
        [{ '!ID': low }, (id) => id !== low],
        [{ '>ID': 10 ** 9 }, () => false],
      ];

      for (const [filter, matches] of cases) {
        const found = await listAll<DealRow>(tokens, method, { filter, order: { ID: 'DESC' } });

        expect(found.map(({ ID }) => Number(ID))).toEqual(ids.filter(matches).toReversed());
      }
    },
  );

  it('when deals are filtered and ordered by their fields › they are the rows that a check of every row finds', async () => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    const deals = await listAll<DealRow>(tokens, 'crm.deal.list');

    const found = await listAll<DealRow>(tokens, 'crm.deal.list', {
      filter: { CLOSED: 'Y', '>=OPPORTUNITY': 10_000, '<CLOSEDATE': '2026-01-01' },
      order: { OPPORTUNITY: 'DESC' },
    });

    const expected = deals
      .filter(({ CLOSED, OPPORTUNITY, CLOSEDATE }) => {
        return CLOSED === 'Y' && Number(OPPORTUNITY) >= 10_000 && String(CLOSEDATE) < '2026-01-01';
      })
      .sort((a, b) => Number(b.OPPORTUNITY) - Number(a.OPPORTUNITY) || Number(a.ID) - Number(b.ID));
    expect(expected.length).toBeGreaterThan(10);
    expect(found).toEqual(expected);
  });

  it('when the user sees own rows › each list has exactly their rows', async () => {
    const { portal } = await start({ portals: portals() });

    for (const method of METHODS) {
      const all = await listAll<DealRow>(tokensFor(portal, 1), method);
      const own = await listAll<DealRow>(tokensFor(portal, 2), method);

      expect(own.length).toBeGreaterThan(10);
      expect(own).toEqual(all.filter(({ ASSIGNED_BY_ID }) => ASSIGNED_BY_ID === '2'));
    }
  });

  it('when contacts and deals are checked › they are consistent with each other, the company and the pipelines', async () => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    const contacts = await listAll<ContactRow>(tokens, 'crm.contact.list', {
      select: ['*', 'PHONE', 'EMAIL'],
    });
    const deals = await listAll<DealRow>(tokens, 'crm.deal.list');
    const { body } = await callRest(tokens, 'crm.status.list', {});
    const stages = (
      body.result as { STATUS_ID: string; SEMANTICS: string | null; ENTITY_ID: string }[]
    ).filter(({ ENTITY_ID }) => ENTITY_ID.startsWith('DEAL_STAGE'));

    const companyOf = new Map(contacts.map(({ ID, COMPANY_ID }) => [ID, COMPANY_ID]));
    for (const deal of deals) {
      const stage = stages.find(({ STATUS_ID }) => STATUS_ID === deal.STAGE_ID);
      expect(stage?.ENTITY_ID).toBe(
        deal.CATEGORY_ID === '0' ? 'DEAL_STAGE' : `DEAL_STAGE_${deal.CATEGORY_ID}`,
      );
      expect(deal.STAGE_SEMANTIC_ID).toBe(stage?.SEMANTICS ?? 'P');
      expect(deal.CLOSED).toBe(stage?.SEMANTICS ? 'Y' : 'N');
      expect(deal.CONTACT_ID === null || companyOf.get(String(deal.CONTACT_ID)) === deal.COMPANY_ID).toBe(
        true,
      );
      expect(deal.BEGINDATE).toMatch(/^\d{4}-\d\d-\d\dT03:00:00\+03:00$/);
      expect(Date.parse(String(deal.DATE_CREATE))).toBeLessThanOrEqual(Date.parse(String(deal.DATE_MODIFY)));
    }
    expect(new Set(deals.map(({ STAGE_SEMANTIC_ID }) => STAGE_SEMANTIC_ID))).toEqual(
      new Set(['P', 'S', 'F']),
    );
    expect(new Set(deals.map(({ CATEGORY_ID }) => CATEGORY_ID))).toEqual(new Set(['0', '3', '8']));
    const mail = contacts.flatMap(({ EMAIL = [] }) => EMAIL.map(({ VALUE }) => VALUE));
    expect(mail.filter((value) => !/^[a-z]+\.[a-z]+@[a-z0-9-]+\.example$/.test(value))).toEqual([]);
  });

  it('when companies are given and contacts are not › there are none', async () => {
    const { portal } = await start({ portals: [aPortal({ companies: [aCompany({ ID: '1' })] })] });

    for (const method of METHODS) {
      expect((await callRest(tokensFor(portal), method)).body.total).toBe(0);
    }
  });
});

describe('generated contacts and deals of a million companies', () => {
  const portals = (count = 1_000_000) => [aPortal({ companies: { count, seed: 3 } })];

  /** Those of a hundred companies near the end, of both kinds, and how often chance was asked to make them. */
  async function listOfHundred(count: number): Promise<{ lists: unknown[][]; work: number }> {
    const { portal } = await start({ portals: portals(count) });
    const filter = { '@COMPANY_ID': Array.from({ length: 100 }, (_, index) => count * 0.9 + index) };
    const made = jest.spyOn(Math, 'imul');
    const lists: unknown[][] = [];
    for (const method of METHODS) lists.push(await listAll(tokensFor(portal), method, { filter }));
    const work = made.mock.calls.length;
    made.mockRestore();
    return { lists, work };
  }

  it('when they are asked for by company › they cost no more than from a small book, and are the same after every start', async () => {
    const small = await listOfHundred(2_000);
    const [one, other] = [await listOfHundred(1_000_000), await listOfHundred(1_000_000)];

    for (const list of one.lists) expect(list.length).toBeGreaterThan(100);
    expect(other.lists).toEqual(one.lists);
    // A walk over a million would make hundreds of times as many.
    expect(small.work).toBeGreaterThan(0);
    expect(Math.max(one.work, other.work)).toBeLessThan(small.work * 3);
  });

  it('when one is requested by its ID › only its company is generated', async () => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    const found = await listAll<ContactRow>(tokens, 'crm.contact.list', {
      filter: { '@COMPANY_ID': [777_777, 777_778, 777_779] },
    });
    const [contact] = found.slice(-1) as [ContactRow];

    const [same] = await listAll<ContactRow>(tokens, 'crm.contact.list', { filter: { ID: contact.ID } });

    expect(same).toEqual(contact);
  });
});

describe('contacts and deals of the demo portals', () => {
  let emulator: Emulator;
  let tokens: IssuedTokenSet;
  let english: EmulatedPortal;

  // Tests only read, so the emulator starts once.
  beforeAll(async () => {
    emulator = await startEmulator();
    english = emulator.portals[1] as EmulatedPortal;
    tokens = tokensFor(english);
  });

  afterAll(() => emulator.stop());

  it('when a company is an edge case › its first contact and deal are too', async () => {
    const [contact] = rowsOf(await ofCompany(tokens, 'crm.contact.list', 1));
    const [deal] = rowsOf(await ofCompany(tokens, 'crm.deal.list', 1));

    expect(contact).toMatchObject({ LAST_NAME: '<script>alert("title")</script><b>Bold & Sons</b>' });
    expect(deal).toMatchObject({ TITLE: '<script>alert("title")</script><b>Bold & Sons</b>' });
  });

  it('when its title says easy to reach, or cannot be reached › it has more than a page, or none', async () => {
    const idOf = (title: string) => english.companies.find(({ TITLE }) => TITLE === title)?.ID ?? '';
    const easy = idOf('Company that is easy to reach');
    const hard = idOf('Company that cannot be reached');

    expect((await ofCompany(tokens, 'crm.contact.list', easy)).body).toMatchObject({ total: 55, next: 50 });
    expect((await ofCompany(tokens, 'crm.deal.list', easy)).body).toMatchObject({ total: 60, next: 50 });
    expect((await ofCompany(tokens, 'crm.contact.list', hard)).body.total).toBe(0);
    expect((await ofCompany(tokens, 'crm.deal.list', hard)).body.total).toBe(0);
  });

  it('when all are listed › all IDs and multifield IDs are different', async () => {
    const contacts = await listAll<ContactRow>(tokens, 'crm.contact.list', {
      select: ['ID', 'PHONE', 'EMAIL'],
    });

    const ids = contacts.map(({ ID }) => ID);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(500);
  });

  it('when a company is Russian › its contacts are Russian', async () => {
    const russian = tokensFor(emulator.portals[0] as EmulatedPortal);

    const answer = await callRest(russian, 'crm.contact.list', {
      filter: { '@COMPANY_ID': Array.from({ length: 40 }, (_, index) => index + 1) },
      start: -1,
    });

    expect(idsOf(answer)).toHaveLength(50);
    expect(rowsOf(answer).filter(({ NAME }) => !/^[А-Я][а-яё]+$/.test(String(NAME)))).toEqual([]);
  });
});
