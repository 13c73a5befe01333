import { describe, expect, it } from '@jest/globals';

import type { UserField } from '../../emulator/crm/user-fields.ts';
import type { CompanyRow } from '../../emulator/index.ts';
import { aCompany, aPortal, callRest, idsOf, rowsOf, start, threeUsers, tokensFor } from './support.ts';

/** One field of each type, named after it; each of them also as a multiple field. */
const SINGLE: UserField[] = [
  { name: 'UF_CRM_STRING', type: 'string', label: 'Text' },
  { name: 'UF_CRM_URL', type: 'url', label: 'Link' },
  { name: 'UF_CRM_INTEGER', type: 'integer', label: 'Number' },
  { name: 'UF_CRM_DOUBLE', type: 'double', label: 'Number with a point' },
  { name: 'UF_CRM_BOOLEAN', type: 'boolean', label: 'Yes or no' },
  {
    name: 'UF_CRM_ENUMERATION',
    type: 'enumeration',
    label: 'Choice',
    items: [
      { ID: '51', VALUE: 'Gold' },
      { ID: '52', VALUE: 'Silver' },
    ],
  },
  { name: 'UF_CRM_DATE', type: 'date', label: 'Day' },
  { name: 'UF_CRM_DATETIME', type: 'datetime', label: 'Instant' },
  { name: 'UF_CRM_MONEY', type: 'money', label: 'Money' },
  { name: 'UF_CRM_ADDRESS', type: 'address', label: 'Address' },
  { name: 'UF_CRM_EMPLOYEE', type: 'employee', label: 'Employee' },
  { name: 'UF_CRM_CRM', type: 'crm', label: 'CRM' },
  { name: 'UF_CRM_STATUS', type: 'crm_status', label: 'Status', statusType: 'INDUSTRY' },
  { name: 'UF_CRM_ELEMENT', type: 'iblock_element', label: 'Element' },
  { name: 'UF_CRM_SECTION', type: 'iblock_section', label: 'Section' },
  { name: 'UF_CRM_BOOKING', type: 'resourcebooking', label: 'Booking' },
  { name: 'UF_CRM_FILE', type: 'file', label: 'File' },
  { name: 'UF_CRM_REST', type: 'rest_local_1_rating', label: 'Rating' },
];
const MULTIPLE: UserField[] = SINGLE.map((field) => ({
  ...field,
  name: `${field.name}_M`,
  isMultiple: true,
}));

/** What rows have, and what answers write for it. */
const VALUES: Record<string, { first: string; second: string; written?: unknown }> = {
  UF_CRM_STRING: { first: 'Alpha 100%', second: 'beta' },
  UF_CRM_URL: { first: 'https://a.example', second: 'https://b.example' },
  UF_CRM_INTEGER: { first: '12', second: '7' },
  UF_CRM_DOUBLE: { first: '12.5', second: '7.25' },
  UF_CRM_BOOLEAN: { first: '1', second: '0' },
  UF_CRM_ENUMERATION: { first: '51', second: '52' },
  UF_CRM_DATE: { first: '2026-02-01', second: '2026-02-02', written: '2026-02-01T03:00:00+03:00' },
  UF_CRM_DATETIME: {
    first: '2026-02-01T10:00:00+00:00',
    second: '2026-02-02T13:00:00+03:00',
    written: '2026-02-01T13:00:00+03:00',
  },
  UF_CRM_MONEY: { first: '100|RUB', second: '20|RUB' },
  UF_CRM_ADDRESS: { first: '1 Mill Lane, Hull|53.7;-0.3|17', second: '2 Mill Lane' },
  UF_CRM_EMPLOYEE: { first: '7', second: '8' },
  UF_CRM_CRM: { first: 'CO_12', second: 'C_3' },
  UF_CRM_STATUS: { first: 'IT', second: 'BANKING' },
  UF_CRM_ELEMENT: { first: '3', second: '4' },
  UF_CRM_SECTION: { first: '5', second: '6' },
  UF_CRM_BOOKING: { first: '30', second: '31' },
  UF_CRM_FILE: { first: '9', second: '10' },
  UF_CRM_REST: { first: '{"stars":5}', second: '{"stars":1}' },
};

function rowWith(ID: string, which: 'first' | 'second'): CompanyRow {
  const single = Object.entries(VALUES).map(([name, values]) => [name, values[which]]);
  const multiple = single.map(([name, value]) => [`${name}_M`, [value]]);
  return aCompany({ ID, ...Object.fromEntries([...single, ...multiple]) });
}

async function startWith(companies: CompanyRow[], userFields = [...SINGLE, ...MULTIPLE]) {
  const { emulator, portal } = await start({
    portals: [aPortal({ companies, users: threeUsers(), userFields, utcOffset: '+03:00' })],
  });
  return { emulator, portal, tokens: tokensFor(portal) };
}

describe('description of user fields', () => {
  it.each([...SINGLE, ...MULTIPLE].map((field) => [field.name, field] as const))(
    'when %s is described › gives its type, labels and settings',
    async (name, { type, label, isMultiple = false, items, statusType }) => {
      const { tokens } = await startWith([]);

      const { body } = await callRest(tokens, 'crm.company.fields');

      const described = (body.result as Record<string, Record<string, unknown>>)[name];
      expect(described).toMatchObject({ type, isMultiple, isDynamic: true, title: name, listLabel: label });
      expect(described?.items).toEqual(items);
      expect(described?.statusType).toBe(statusType);
    },
  );

  it('when a field has settings › they are an object whose values may be null', async () => {
    const { tokens } = await startWith(
      [],
      [
        { name: 'UF_CRM_A', type: 'enumeration', label: 'A', items: [] },
        { name: 'UF_CRM_B', type: 'crm', label: 'B', settings: { COMPANY: 'Y', DEAL: 'Y' } },
        { name: 'UF_CRM_C', type: 'crm_status', label: 'C', statusType: 'INDUSTRY' },
        { name: 'UF_CRM_D', type: 'string', label: 'D' },
      ],
    );

    const { body } = await callRest(tokens, 'crm.company.fields');

    expect(body.result).toMatchObject({
      UF_CRM_A: { settings: { DISPLAY: 'LIST', LIST_HEIGHT: 1 } },
      UF_CRM_B: { settings: { COMPANY: 'Y', DEAL: 'Y' } },
      UF_CRM_C: { settings: { ENTITY_TYPE: 'INDUSTRY' } },
      UF_CRM_D: { settings: { ROWS: 1, DEFAULT_VALUE: null } },
    });
  });
});

describe('values of user fields', () => {
  const written = Object.entries(VALUES)
    .filter(([name]) => name !== 'UF_CRM_FILE')
    .map(([name, { first, written = first }]) => [name, written] as const);

  it.each(written)(
    'when %s has a value › list and get write it, and a multiple field as an array',
    async (name, value) => {
      const { tokens } = await startWith([rowWith('1', 'first')]);

      const [listed] = rowsOf(await callRest(tokens, 'crm.company.list', { select: ['UF_*'] }));
      const got = (await callRest(tokens, 'crm.company.get', { id: 1 })).body.result as Record<
        string,
        unknown
      >;

      expect([listed?.[name], got[name]]).toEqual([value, value]);
      expect([listed?.[`${name}_M`], got[`${name}_M`]]).toEqual([[value], [value]]);
    },
  );

  it('when a field has no value › a list writes null, get an empty text, and both write false if it is multiple', async () => {
    const { tokens } = await startWith([aCompany({ ID: '1', UF_CRM_URL: '', UF_CRM_URL_M: [] })]);

    const [listed] = rowsOf(await callRest(tokens, 'crm.company.list', { select: ['UF_*'] }));
    const got = (await callRest(tokens, 'crm.company.get', { id: 1 })).body.result as Record<string, unknown>;

    for (const { name } of SINGLE) expect([name, listed?.[name], got[name]]).toEqual([name, null, '']);
    for (const { name } of MULTIPLE) expect([name, listed?.[name], got[name]]).toEqual([name, false, false]);
  });

  it('when a field is a file › gives its id and relative addresses, one with the caller’s token', async () => {
    const { tokens } = await startWith([rowWith('5', 'first')]);
    const page = '/bitrix/components/bitrix/crm.company.show/show_file.php';
    const query = 'ownerId=5&fieldName=UF_CRM_FILE&dynamic=Y&fileId=9';

    const { body } = await callRest(tokens, 'crm.company.get', { id: 5 });

    expect(body.result).toHaveProperty('UF_CRM_FILE', {
      id: 9,
      showUrl: `${page}?${query}`,
      downloadUrl: `${page}?auth=${tokens.accessToken}&${query}`,
    });
    expect(body.result).toHaveProperty('UF_CRM_FILE_M', [expect.objectContaining({ id: 9 })]);
  });
});

describe('fields that are hidden from a portal user', () => {
  const hidden: UserField = { name: 'UF_CRM_SECRET', type: 'string', label: 'Secret', visibleTo: [1] };
  const companies = [
    aCompany({ ID: '1', ASSIGNED_BY_ID: '2', UF_CRM_SECRET: 'a' }),
    aCompany({ ID: '2', ASSIGNED_BY_ID: '2', UF_CRM_SECRET: 'b' }),
  ];

  it('when another user asks › the field is neither described nor in rows, and conditions and orders are dropped', async () => {
    const { portal } = await startWith(companies, [hidden]);
    const tokens = tokensFor(portal, 2);

    const described = await callRest(tokens, 'crm.company.fields');
    const list = await callRest(tokens, 'crm.company.list', {
      filter: { '=UF_CRM_SECRET': 'b' },
      order: { UF_CRM_SECRET: 'DESC' },
      select: ['ID', 'UF_*', 'UF_CRM_SECRET'],
    });
    const got = await callRest(tokens, 'crm.company.get', { id: 1 });

    expect(described.body.result).not.toHaveProperty('UF_CRM_SECRET');
    expect(list.body.result).toEqual([{ ID: '1' }, { ID: '2' }]);
    expect(got.body.result).not.toHaveProperty('UF_CRM_SECRET');
  });

  it('when a user who may see it asks › it is a field like others', async () => {
    const { tokens } = await startWith(companies, [hidden]);

    const list = await callRest(tokens, 'crm.company.list', { filter: { '=UF_CRM_SECRET': 'b' } });

    expect((await callRest(tokens, 'crm.company.fields')).body.result).toHaveProperty('UF_CRM_SECRET');
    expect(idsOf(list)).toEqual(['2']);
  });
});

describe('filters by user fields', () => {
  /** Company 1 has the first values, 2 the second ones, 3 none; 4 has both in multiple fields. */
  const companies = () => [
    rowWith('1', 'first'),
    rowWith('2', 'second'),
    aCompany({ ID: '3' }),
    aCompany({ ID: '4', UF_CRM_ENUMERATION_M: ['51', '52'], UF_CRM_STRING_M: ['Alpha', 'beta'] }),
  ];

  it.each([
    ['a text', { '=UF_CRM_STRING': 'BETA' }, ['2']],
    ['a part of a text', { '%UF_CRM_STRING': '100%' }, ['1']],
    ['a pattern', { '=%UF_CRM_STRING': 'b_t%' }, ['2']],
    ['texts', { '=UF_CRM_STRING': ['beta', 'gamma'] }, ['2']],
    ['texts by @', { '@UF_CRM_STRING': ['beta', 'gamma'] }, ['2']],
    ['an empty text', { '=UF_CRM_STRING': '' }, ['3', '4']],
    ['no empty text', { '!=UF_CRM_STRING': '' }, ['1', '2']],
    ['another text, which includes rows without one', { '!=UF_CRM_STRING': 'beta' }, ['1', '3', '4']],
    ['another part, which excludes rows without a value', { '!%UF_CRM_STRING': 'bet' }, ['1']],
    ['another pattern', { '!UF_CRM_STRING': 'bet%' }, ['1']],
    ['a range of texts', { '>UF_CRM_STRING': 'b' }, ['2']],
    ['an integer', { '=UF_CRM_INTEGER': '7' }, ['2']],
    ['an integer by %, which means equal', { '%UF_CRM_INTEGER': '1' }, []],
    ['an integer with text behind it', { '=UF_CRM_INTEGER': '7 of 8' }, ['2']],
    ['another integer, which excludes rows without a value', { '!=UF_CRM_INTEGER': 7 }, ['1']],
    ['other integers', { '!=UF_CRM_INTEGER': [7, 8] }, ['1']],
    ['0, which includes rows without a value', { '=UF_CRM_INTEGER': 0 }, ['3', '4']],
    ['anything but 0', { '!=UF_CRM_INTEGER': 0 }, ['1', '2']],
    ['a range of integers', { '>=UF_CRM_INTEGER': 8 }, ['1']],
    ['integers by @', { '@UF_CRM_INTEGER': [7, 12] }, ['1', '2']],
    ['@ and an empty array, which is no condition', { '@UF_CRM_INTEGER': [] }, ['1', '2', '3', '4']],
    ['a negated range, which is no condition', { '!>UF_CRM_INTEGER': 8 }, ['1', '2', '3', '4']],
    ['a choice', { '=UF_CRM_ENUMERATION': '51' }, ['1']],
    ['choices', { '=UF_CRM_ENUMERATION': ['51', '52'] }, ['1', '2']],
    ['yes', { '=UF_CRM_BOOLEAN': 1 }, ['1']],
    ['no, which includes “never set”', { '=UF_CRM_BOOLEAN': '0' }, ['2', '3', '4']],
    ['Y, which becomes 0', { '=UF_CRM_BOOLEAN': 'Y' }, ['2', '3', '4']],
    ['a number with a point', { '=UF_CRM_DOUBLE': '12.50' }, ['1']],
    ['numbers with a point', { '=UF_CRM_DOUBLE': [12.5, 7.25] }, ['1', '2']],
    ['a range of numbers with a point', { '<UF_CRM_DOUBLE': 8 }, ['2']],
    ['a day', { '=UF_CRM_DATE': '2026-02-02' }, ['2']],
    ['an instant, of which a day takes the server’s day', { '=UF_CRM_DATE': '2026-02-01T22:00:00Z' }, ['2']],
    ['no day', { '=UF_CRM_DATE': '' }, ['3', '4']],
    ['any day', { '!=UF_CRM_DATE': '' }, ['1', '2']],
    ['another day', { '!=UF_CRM_DATE': '2026-02-02' }, ['1']],
    ['days', { '=UF_CRM_DATE': ['2026-02-02', '2026-02-03'] }, ['2']],
    ['a range of days', { '>UF_CRM_DATE': '2026-02-01' }, ['2']],
    ['!@ and days, which is no condition', { '!@UF_CRM_DATE': ['2026-02-02'] }, ['1', '2', '3', '4']],
    ['instants up to one', { '<=UF_CRM_DATETIME': '2026-02-01T10:00:00Z' }, ['1']],
    ['money, which is compared as text', { '>UF_CRM_MONEY': '100|RUB' }, ['2']],
    ['an address by a part', { '%UF_CRM_ADDRESS': 'hull' }, ['1']],
    ['an employee', { '=UF_CRM_EMPLOYEE': 7 }, ['1']],
    ['a reference by the bare name, which means equal', { UF_CRM_CRM: 'CO_1' }, []],
    ['a whole reference', { UF_CRM_CRM: 'CO_12' }, ['1']],
    ['a status by the bare name', { UF_CRM_STATUS: 'BANKING' }, ['2']],
    ['a file', { '=UF_CRM_FILE': 9 }, ['1']],
    ['a file by the bare name, which is no condition', { UF_CRM_FILE: 9 }, ['1', '2', '3', '4']],
    ['a text by the bare name, which means a part', { UF_CRM_STRING: 'et' }, ['2']],
    ['an empty text by the bare name, which is no condition', { UF_CRM_STRING: '' }, ['1', '2', '3', '4']],
    ['an integer by the bare name', { UF_CRM_INTEGER: 12 }, ['1']],
    ['one of several choices', { '=UF_CRM_ENUMERATION_M': 52 }, ['2', '4']],
    ['one of several texts by a part', { '%UF_CRM_STRING_M': 'alph' }, ['1', '4']],
    ['another than one of several choices', { '!=UF_CRM_ENUMERATION_M': 51 }, ['2', '4']],
    ['no choice of several', { '=UF_CRM_ENUMERATION_M': 0 }, ['3']],
    ['one of several days', { '=UF_CRM_DATE_M': '2026-02-01' }, ['1']],
    [
      'an operator that does not exist, whose field is unknown',
      { '==UF_CRM_STRING': 'x' },
      ['1', '2', '3', '4'],
    ],
  ])('when it is asked for %s › gives these', async (_, filter, expected) => {
    const { tokens } = await startWith(companies());

    const answer = await callRest(tokens, 'crm.company.list', { filter });

    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it.each([
    ['I', 'beta', ['2']],
    ['I', 'bet%', []],
    ['E', 'et', ['2']],
    ['E', 'b%', []],
    ['S', 'b%', ['2']],
    ['S', 'et', []],
    ['N', 'bet_', ['2']],
  ] as const)(
    'when SHOW_FILTER is %s and the bare name is filtered by %j › gives %j',
    async (showFilter, value, expected) => {
      const field: UserField = { name: 'UF_CRM_STRING', type: 'string', label: 'Text', showFilter };
      const { tokens } = await startWith(companies(), [field]);

      const answer = await callRest(tokens, 'crm.company.list', { filter: { UF_CRM_STRING: value } });

      expect(idsOf(answer)).toEqual(expected);
    },
  );

  it.each(['UF_CRM_DOUBLE', 'UF_CRM_DATE', 'UF_CRM_DATETIME'])(
    'when @ is used on %s › the call fails with 500, or finds any of them if the switch says so',
    async (name) => {
      const { emulator, tokens } = await startWith(companies());
      const filter = { [`@${name}`]: [VALUES[name]?.first] };

      const failed = await callRest(tokens, 'crm.company.list', { filter });
      emulator.set({ userFieldInFails: false });
      const answer = await callRest(tokens, 'crm.company.list', { filter });

      expect([failed.status, failed.body.error]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
      expect(idsOf(answer)).toEqual(['1']);
    },
  );

  it.each([
    ['money, as text', { UF_CRM_MONEY: 'DESC' }, ['2', '1', '3', '4']],
    ['choices, by ID', { UF_CRM_ENUMERATION: 'DESC' }, ['2', '1', '3', '4']],
    ['days', { UF_CRM_DATE: 'ASC' }, ['3', '4', '1', '2']],
  ])('when rows are ordered by %s › they come in that order', async (_, order, expected) => {
    const { tokens } = await startWith(companies());

    expect(idsOf(await callRest(tokens, 'crm.company.list', { order }))).toEqual(expected);
  });
});
