import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  type CompanyRow,
  type Emulator,
  type IssuedTokenSet,
  type Multifield,
  startEmulator,
} from '../../emulator/index.ts';
import { aCompany, aPortal, aPortalUser, callRest, type JsonAnswer, tokensFor } from './support.ts';

/** A second implementation of a condition, for one row; the test applies it to every row. */
type Naive = (row: CompanyRow) => boolean;

const at = (row: CompanyRow, field: string) => Date.parse(String(row[field]));
const instant = (text: string) => Date.parse(text);
const values = (list: Multifield[] | undefined) => (list ?? []).map(({ VALUE }) => VALUE.toLowerCase());

// The portal is three hours ahead of UTC; each of its users has yet another time zone.
const dateFilters = (field: string): [string, object, Naive][] => [
  [
    'a later instant with an offset',
    { [`>=${field}`]: '2023-05-01T12:30:00+05:30' },
    (row) => at(row, field) >= instant('2023-05-01T07:00:00Z'),
  ],
  [
    'an earlier instant with an offset',
    { [`<${field}`]: '2023-05-01T00:00:00-08:00' },
    (row) => at(row, field) < instant('2023-05-01T08:00:00Z'),
  ],
  [
    'a later instant with Z',
    { [`>=${field}`]: '2024-02-29T21:00:00Z' },
    (row) => at(row, field) >= instant('2024-02-29T21:00:00Z'),
  ],
  [
    'an earlier instant with Z and milliseconds',
    { [`<${field}`]: '2024-02-29T21:00:00.000Z' },
    (row) => at(row, field) < instant('2024-02-29T21:00:00Z'),
  ],
  [
    'an instant without an offset, which is the portal’s time',
    { [`>=${field}`]: '2025-07-01T00:30:00' },
    (row) => at(row, field) >= instant('2025-06-30T21:30:00Z'),
  ],
  [
    'an instant without an offset but with milliseconds',
    { [`<${field}`]: '2025-07-01T00:30:00.500' },
    (row) => at(row, field) < instant('2025-06-30T21:30:00Z'),
  ],
  [
    'an instant with a space',
    { [`<${field}`]: '2025-07-01 00:30:00' },
    (row) => at(row, field) < instant('2025-06-30T21:30:00Z'),
  ],
  [
    'a day from its beginning, which is the portal’s midnight',
    { [`>=${field}`]: '2025-01-01' },
    (row) => at(row, field) >= instant('2024-12-31T21:00:00Z'),
  ],
  [
    'everything before a day',
    { [`<${field}`]: '2025-01-01' },
    (row) => at(row, field) < instant('2024-12-31T21:00:00Z'),
  ],
  [
    'a month between two days',
    { [`>=${field}`]: '2024-03-01', [`<${field}`]: '2024-04-01' },
    (row) =>
      at(row, field) >= instant('2024-02-29T21:00:00Z') && at(row, field) < instant('2024-03-31T21:00:00Z'),
  ],
];

/** Limits of the filters above. Companies get dates at each limit, a second before and after, and an offset away. */
const TURNS = [
  '2023-05-01T07:00:00Z',
  '2023-05-01T08:00:00Z',
  '2024-02-29T21:00:00Z',
  '2024-03-31T21:00:00Z',
  '2024-12-31T21:00:00Z',
  '2025-06-30T21:30:00Z',
];
const STEPS_IN_SECONDS = [-7 * 3600, -3 * 3600, -1, 0, 1, 3 * 3600, 7 * 3600];

function companiesAtTurns(firstId: number): CompanyRow[] {
  return TURNS.flatMap((turn) =>
    STEPS_IN_SECONDS.map((seconds) => new Date(instant(turn) + seconds * 1000).toISOString()),
  ).map((date, index) =>
    aCompany({
      ID: String(firstId + index),
      TITLE: `Сервис ${index}`,
      DATE_CREATE: date.replace('.000Z', '+00:00'),
      DATE_MODIFY: date.replace('.000Z', '+00:00'),
    }),
  );
}

const isOf = (field: string, wanted: (string | null)[]): Naive => {
  return (row) => wanted.includes((row[field] as string | null | undefined) ?? null);
};

const otherFilters: [string, object, Naive][] = [
  ['one type', { COMPANY_TYPE: 'PARTNER' }, isOf('COMPANY_TYPE', ['PARTNER'])],
  ['types by @', { '@COMPANY_TYPE': ['PARTNER', 'OTHER'] }, isOf('COMPANY_TYPE', ['PARTNER', 'OTHER'])],
  [
    'types by a plain list',
    { COMPANY_TYPE: ['PARTNER', 'SUPPLIER'] },
    isOf('COMPANY_TYPE', ['PARTNER', 'SUPPLIER']),
  ],
  ['no type', { COMPANY_TYPE: '' }, isOf('COMPANY_TYPE', [null, ''])],
  ['no type or one', { COMPANY_TYPE: ['', 'OTHER'] }, isOf('COMPANY_TYPE', [null, '', 'OTHER'])],
  ['an empty type or one by @', { '@COMPANY_TYPE': ['', 'OTHER'] }, isOf('COMPANY_TYPE', ['', 'OTHER'])],
  ['any type', { '!COMPANY_TYPE': '' }, (row) => Boolean(row.COMPANY_TYPE)],
  ['one industry', { INDUSTRY: 'IT' }, isOf('INDUSTRY', ['IT'])],
  ['an industry called by a number', { INDUSTRY: '1' }, isOf('INDUSTRY', ['1'])],
  ['industries', { '@INDUSTRY': ['IT', '2'] }, isOf('INDUSTRY', ['IT', '2'])],
  ['no industry', { INDUSTRY: '' }, isOf('INDUSTRY', [null])],
  ['a size', { EMPLOYEES: 'EMPLOYEES_4' }, isOf('EMPLOYEES', ['EMPLOYEES_4'])],
  ['sizes', { EMPLOYEES: ['EMPLOYEES_3', 'EMPLOYEES_4'] }, isOf('EMPLOYEES', ['EMPLOYEES_3', 'EMPLOYEES_4'])],
  ['somebody', { ASSIGNED_BY_ID: 2 }, isOf('ASSIGNED_BY_ID', ['2'])],
  ['several people', { '@ASSIGNED_BY_ID': [1, '3'] }, isOf('ASSIGNED_BY_ID', ['1', '3'])],
  ['people by a plain list', { ASSIGNED_BY_ID: ['2', '3'] }, isOf('ASSIGNED_BY_ID', ['2', '3'])],
  ['a phone', { HAS_PHONE: 'Y' }, (row) => row.PHONE !== undefined],
  ['no phone', { HAS_PHONE: 'N' }, (row) => row.PHONE === undefined],
  ['a mailbox', { HAS_EMAIL: 'Y' }, (row) => row.EMAIL !== undefined],
  ['no mailbox', { HAS_EMAIL: 'N' }, (row) => row.EMAIL === undefined],
  ['a revenue of at least', { '>=REVENUE': 1_000_000 }, (row) => Number(row.REVENUE ?? Number.NaN) >= 1e6],
  [
    'a revenue of at most',
    { '<=REVENUE': '250000.00' },
    (row) => Number(row.REVENUE ?? Number.NaN) <= 250_000,
  ],
  [
    'a revenue between',
    { '>=REVENUE': '250000', '<=REVENUE': '1000000' },
    (row) => Number(row.REVENUE ?? Number.NaN) >= 250_000 && Number(row.REVENUE) <= 1_000_000,
  ],
  ['a part of the title', { '%TITLE': 'ГРУПП' }, (row) => /групп/i.test(row.TITLE)],
];

const title: [object, Naive] = [{ '%TITLE': 'СЕР' }, (row) => row.TITLE.toLowerCase().includes('сер')];

describe('filters of crm.company.list over some 800 companies', () => {
  let emulator: Emulator;
  let rows: readonly CompanyRow[];
  let tokens: IssuedTokenSet;

  // Tests only read, so the emulator starts once.
  beforeAll(async () => {
    const users = [1, 2, 3].map((id) => aPortalUser({ id, timeZone: 'America/Los_Angeles' }));
    const portals = [
      aPortal({
        language: 'ru',
        utcOffset: '+03:00',
        timeZone: 'Europe/Moscow',
        users,
        companies: { count: 800, seed: 11 },
      }),
    ];
    emulator = await startEmulator({ portals });
    const [portal] = emulator.portals as [Emulator['portals'][number]];
    // Every ninth company has no type, in both forms of an empty field.
    for (const row of portal.companies.filter((_, index) => index % 9 === 0)) {
      portal.putCompany({ ...row, COMPANY_TYPE: Number(row.ID) % 2 ? null : '' });
    }
    for (const row of companiesAtTurns(2000)) portal.putCompany(row);
    rows = portal.companies;
    tokens = tokensFor(portal);
  });

  afterAll(() => emulator.stop());

  /** The IDs on all pages, requested by `start`. */
  async function listAll(filter: object): Promise<{ ids: number[]; total: unknown }> {
    const ids: number[] = [];
    for (let start: unknown = 0, total: unknown; ; ) {
      const answer: JsonAnswer = await callRest(tokens, 'crm.company.list', {
        filter,
        start,
        order: { ID: 'ASC' },
        select: ['ID'],
      });
      total = answer.body.total;
      ids.push(...(answer.body.result as CompanyRow[]).map(({ ID }) => Number(ID)));
      start = answer.body.next;
      if (start === undefined) return { ids, total };
    }
  }

  async function expectSame(filter: object, naive: Naive) {
    const expected = rows.filter(naive).map(({ ID }) => Number(ID));

    const { ids, total } = await listAll(filter);

    expect(ids).toEqual(expected);
    expect(total).toBe(expected.length);
    return expected.length;
  }

  it.each([
    ...dateFilters('DATE_CREATE').map(([name, ...rest]) => [`DATE_CREATE: ${name}`, ...rest] as const),
    ...dateFilters('DATE_MODIFY').map(([name, ...rest]) => [`DATE_MODIFY: ${name}`, ...rest] as const),
    ...otherFilters,
  ])(
    'when it asks for %s › alone and with a part of the title, finds the rows that the second implementation finds',
    async (_, filter, naive) => {
      const [titleFilter, titleNaive] = title;

      const alone = await expectSame(filter, naive);
      await expectSame(
        { ...titleFilter, ...filter },
        (row) => naive(row) && titleOrOwn(filter, titleNaive, row),
      );

      expect(alone).toBeGreaterThan(0);
      expect(alone).toBeLessThan(rows.length);
    },
  );

  it('when it has a phone number or e-mail › finds the companies that have one with this beginning', async () => {
    const [phone] = values(rows.find((row) => row.PHONE)?.PHONE);
    const [email] = values(rows.find((row) => row.EMAIL)?.EMAIL);
    const beginning = phone?.slice(0, 6) ?? '';
    const hasPhone =
      (wanted = ''): Naive =>
      (row) =>
        values(row.PHONE).some((value) => value.startsWith(wanted));
    const hasEmail: Naive = (row) => values(row.EMAIL).includes(email ?? '');

    expect(await expectSame({ PHONE: phone }, hasPhone(phone))).toBe(1);
    expect(await expectSame({ EMAIL: email?.toUpperCase() }, hasEmail)).toBe(1);
    expect(await expectSame({ PHONE: beginning }, hasPhone(beginning))).toBeGreaterThan(1);
    expect(await expectSame({ PHONE: phone?.slice(1) }, () => false)).toBe(0);
  });

  it('when all conditions are combined › all of them hold', async () => {
    const filter = {
      '%TITLE': 'о',
      COMPANY_TYPE: ['CUSTOMER', ''],
      '@ASSIGNED_BY_ID': [1, 2],
      HAS_PHONE: 'Y',
      '>=REVENUE': 50_000,
      '>=DATE_CREATE': '2022-01-01',
      '<DATE_MODIFY': '2026-01-01T00:00:00Z',
    };

    const found = await expectSame(
      filter,
      (row) =>
        row.TITLE.toLowerCase().includes('о') &&
        isOf('COMPANY_TYPE', ['CUSTOMER', null, ''])(row) &&
        isOf('ASSIGNED_BY_ID', ['1', '2'])(row) &&
        row.PHONE !== undefined &&
        Number(row.REVENUE ?? Number.NaN) >= 50_000 &&
        at(row, 'DATE_CREATE') >= instant('2021-12-31T21:00:00Z') &&
        at(row, 'DATE_MODIFY') < instant('2026-01-01T00:00:00Z'),
    );

    expect(found).toBeGreaterThan(10);
  });

  it('when users have other time zones › every instant of an answer still has the offset of the portal', async () => {
    const { body } = await callRest(tokens, 'crm.company.list', {
      filter: { '<ID': 2000 },
      select: ['DATE_CREATE', 'DATE_MODIFY'],
    });

    const dates = (body.result as CompanyRow[]).flatMap((row) => [row.DATE_CREATE, row.DATE_MODIFY]);
    expect(dates.filter((date) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+03:00$/.test(String(date)))).toEqual([]);
  });
});

/** A filter with its own title condition overrides the common one. */
function titleOrOwn(filter: object, naive: Naive, row: CompanyRow): boolean {
  return '%TITLE' in filter || naive(row);
}
