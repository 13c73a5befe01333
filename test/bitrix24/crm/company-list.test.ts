import { describe, expect, it } from '@jest/globals';
import type { Company } from '../../../src/bitrix24/crm/company.ts';
import { loadCompany } from '../../../src/bitrix24/crm/company-card.ts';
import { ALL_COMPANIES } from '../../../src/bitrix24/crm/company-filter.ts';
import { listCompanies } from '../../../src/bitrix24/crm/company-list.ts';
import type { FieldValue } from '../../../src/bitrix24/crm/field-value.ts';
import { ReferenceData } from '../../../src/bitrix24/crm/reference-data.ts';
import { type RestError, readRestError } from '../../../src/bitrix24/rest/rest-error.ts';
import type { CommandAnswer, RestClient } from '../../../src/bitrix24/rest/rest-types.ts';

const QUERY = { filter: ALL_COMPANIES, page: 1, sort: 'id', order: 'desc' } as const;

/** What the portal answers, by the name of the command; dictionaries are empty and people unknown unless said. */
interface Answers {
  rows?: unknown;
  total?: number;
  next?: number;
  /** Rows of the first page, asked for beside every other one. */
  firstPage?: unknown;
  row?: unknown;
  fields?: unknown;
  types?: unknown;
  industries?: unknown;
  employees?: unknown;
  users?: unknown;
}

function aPortalAnswering(answers: Answers): RestClient {
  const byName: Record<string, CommandAnswer> = {
    list: { result: answers.rows, total: answers.total, next: answers.next },
    first: { result: answers.firstPage ?? [] },
    company: { result: answers.row },
    fields: asAnswer(answers.fields ?? {}),
    types: asAnswer(answers.types ?? []),
    industries: asAnswer(answers.industries ?? []),
    employees: asAnswer(answers.employees ?? []),
    people: asAnswer(answers.users ?? []),
  };
  return {
    call: async () => ({ result: answers.users ?? [] }),
    batch: async (commands) =>
      Object.fromEntries(
        Object.keys(commands).map((name) => [name, byName[name] ?? { result: [] }]),
      ) as never,
    async *pages() {},
    batchUpTo: async () => [],
  };
}

const asAnswer = (answer: unknown): CommandAnswer =>
  answer instanceof Error ? { error: answer as RestError } : { result: answer };

async function readOne(row: Record<string, unknown>, answers: Answers = {}): Promise<Company> {
  const page = await listCompanies(aPortalAnswering({ rows: [{ ID: '1', ...row }], ...answers }), QUERY);
  return page.companies[0] as Company;
}

/** The values of one field on the card, as described; `undefined` when the card does not show it. */
async function readField(
  name: string,
  value: unknown,
  description: Record<string, unknown> | undefined,
  answers: Answers = {},
): Promise<FieldValue[] | undefined> {
  const fields = description === undefined ? {} : { [name]: description };
  const client = aPortalAnswering({ row: { ID: '1', [name]: value }, fields, ...answers });
  const card = await loadCompany(client, 1);
  return card.fields.find((field) => field.name === name)?.values;
}

describe('listCompanies()', () => {
  it('when a row holds nothing but its id › all the rest is absent', async () => {
    expect(await readOne({})).toEqual({
      id: 1,
      title: '',
      type: null,
      industry: null,
      employees: null,
      phones: [],
      emails: [],
      revenue: null,
      currency: null,
      responsible: null,
      created: null,
      modified: null,
    });
  });

  it.each<[string, unknown, Partial<Company>]>([
    ['ID', 41, { id: 41 }],
    ['TITLE', null, { title: '' }],
    ['TITLE', ['x'], { title: '' }],
    ['TITLE', 42, { title: '42' }],
    ['TITLE', true, { title: '' }],
    ['TITLE', '<b>"Ромашка" & 公司</b>', { title: '<b>"Ромашка" & 公司</b>' }],
    ['COMPANY_TYPE', '', { type: null }],
    ['COMPANY_TYPE', ['CUSTOMER'], { type: null }],
    ['COMPANY_TYPE', 'NEW_ONE', { type: { id: 'NEW_ONE', name: null } }],
    ['COMPANY_TYPE', 'constructor', { type: { id: 'constructor', name: null } }],
    ['REVENUE', '', { revenue: null }],
    ['REVENUE', '   ', { revenue: null }],
    ['REVENUE', '0', { revenue: 0 }],
    ['REVENUE', '0.00', { revenue: 0 }],
    ['REVENUE', '1234.5600', { revenue: 1234.56 }],
    ['REVENUE', 99, { revenue: 99 }],
    ['REVENUE', '-5', { revenue: -5 }],
    ['REVENUE', '1e999', { revenue: null }],
    ['REVENUE', 'a lot', { revenue: null }],
    ['REVENUE', [], { revenue: null }],
    ['REVENUE', true, { revenue: null }],
    ['CURRENCY_ID', '', { currency: null }],
    ['CURRENCY_ID', 7, { currency: '7' }],
    ['REVENUE', '1234567890123456.78', { revenue: 1234567890123456.8, exactRevenue: '1234567890123456.78' }],
    ['REVENUE', '1.0E+25', { revenue: 1e25, exactRevenue: '1.0E+25' }],
    ['REVENUE', 1.2345, { revenue: 1.2345, exactRevenue: '1.2345' }],
    ['COMPANY_TYPE', 5, { type: { id: '5', name: null } }],
    ['ASSIGNED_BY_ID', 7, { responsible: { id: 7, name: null } }],
    ['ASSIGNED_BY_ID', 0, { responsible: null }],
    ['PHONE', { 5: { VALUE: '+7 495' }, 9: { VALUE: 112 } }, { phones: ['+7 495', '112'] }],
    ['ASSIGNED_BY_ID', '7', { responsible: { id: 7, name: null } }],
    ['ASSIGNED_BY_ID', '0', { responsible: null }],
    ['ASSIGNED_BY_ID', '', { responsible: null }],
    ['ASSIGNED_BY_ID', 'seven', { responsible: null }],
    ['ASSIGNED_BY_ID', '-7', { responsible: null }],
    ['ASSIGNED_BY_ID', true, { responsible: null }],
    ['DATE_CREATE', '2026-03-05T10:20:30+03:00', { created: '2026-03-05T10:20:30+03:00' }],
    ['DATE_CREATE', '', { created: null }],
    ['DATE_CREATE', 'yesterday', { created: null }],
    ['DATE_CREATE', 'shortly after 3', { created: null }],
    ['DATE_CREATE', '05.03.2026 10:20:30', { created: null }],
    ['DATE_CREATE', '2026-13-45T10:20:30+03:00', { created: null }],
    ['DATE_MODIFY', 1790000000, { modified: null }],
    ['PHONE', null, { phones: [] }],
    ['PHONE', '', { phones: [] }],
    ['PHONE', {}, { phones: [] }],
    ['PHONE', '+7 495', { phones: [] }],
    ['PHONE', [{ VALUE: '+7 495', VALUE_TYPE: 'WORK' }], { phones: ['+7 495'] }],
    ['PHONE', [{ VALUE: '+7 495' }], { phones: ['+7 495'] }],
    ['PHONE', [{ VALUE: '+7 495' }, { VALUE: null }, 'odd'], { phones: ['+7 495'] }],
    ['PHONE', [{ VALUE: '' }], { phones: [] }],
    [
      'EMAIL',
      [{ VALUE: 'a@b.example' }, { VALUE: 'c@d.example' }],
      { emails: ['a@b.example', 'c@d.example'] },
    ],
  ])('when %s is %j › reads %j', async (name, value, read) => {
    expect(await readOne({ [name]: value })).toMatchObject(read);
  });

  it.each<[string, unknown]>([
    ['a row is null', [{ ID: '1' }, null]],
    ['a row is a text', [{ ID: '1' }, 'odd']],
    ['a row has no id', [{ ID: '1' }, { TITLE: 'no id' }]],
    ['a row has an odd id', [{ ID: '1' }, { ID: 'abc' }]],
  ])('when %s › the others are shown all the same', async (_, rows) => {
    const page = await listCompanies(aPortalAnswering({ rows, total: 2 }), QUERY);

    expect(page.companies.map(({ id }) => id)).toEqual([1]);
  });

  it.each<[unknown]>([[null], ['text'], [{ items: [] }], [42]])(
    'when the list is %j › is no list of companies',
    async (rows) => {
      await expect(listCompanies(aPortalAnswering({ rows }), QUERY)).rejects.toThrow('no list of companies');
    },
  );

  describe('when the page is past the end', () => {
    it('and the portal answers its first page again › is empty', async () => {
      const client = aPortalAnswering({ rows: [{ ID: '1' }], total: 1, firstPage: [{ ID: '1' }] });

      expect(await listCompanies(client, { ...QUERY, page: 2 })).toMatchObject({ companies: [], total: 1 });
    });

    it('and the portal answers nothing › is empty', async () => {
      const client = aPortalAnswering({ rows: [], total: 1, firstPage: [{ ID: '1' }] });

      expect(await listCompanies(client, { ...QUERY, page: 2 })).toMatchObject({ companies: [], total: 1 });
    });
  });

  describe('when `total` does not fit the rows', () => {
    const many = (count: number, from = 1) =>
      Array.from({ length: count }, (_, index) => ({ ID: String(from + index) }));

    it.each<[string, Answers, { total: number | null; hasMore: boolean }]>([
      ['it is missing, the page not full', { rows: many(7) }, { total: 7, hasMore: false }],
      ['it is missing, the page full', { rows: many(50) }, { total: null, hasMore: true }],
      ['it is missing, but not `next`', { rows: many(50), next: 50 }, { total: null, hasMore: true }],
      [
        'it stops at the page, but there is a next one',
        { rows: many(50), total: 50, next: 50 },
        { total: null, hasMore: true },
      ],
      ['it is lower than the rows', { rows: many(50), total: 45 }, { total: null, hasMore: false }],
      ['it is 50 and so are the rows', { rows: many(50), total: 50 }, { total: 50, hasMore: false }],
      ['it is as it should be', { rows: many(50), total: 51, next: 50 }, { total: 51, hasMore: true }],
    ])('%s › is not believed alone', async (_, answers, expected) => {
      expect(await listCompanies(aPortalAnswering(answers), QUERY)).toMatchObject(expected);
    });

    it('and lags behind on the second page › its rows are shown', async () => {
      const rows = many(10, 51);
      const client = aPortalAnswering({ rows, total: 50, firstPage: many(50) });

      const page = await listCompanies(client, { ...QUERY, page: 2 });

      expect(page.companies.map(({ id }) => id)).toEqual(rows.map(({ ID }) => Number(ID)));
      expect(page).toMatchObject({ total: null, hasMore: false });
    });
  });

  it('when PHP writes the list as an object › reads its rows', async () => {
    const client = aPortalAnswering({ rows: { 1: { ID: '5' }, 3: { ID: '9' } }, total: 2 });

    expect((await listCompanies(client, QUERY)).companies.map(({ id }) => id)).toEqual([5, 9]);
  });

  it('when there is nothing at all › is empty', async () => {
    expect(await listCompanies(aPortalAnswering({ rows: [], total: 0 }), QUERY)).toMatchObject({
      companies: [],
      total: 0,
    });
  });

  it('when the dictionaries know the names › shows them, the odd entries aside', async () => {
    const types = [null, 'odd', { STATUS_ID: 'CUSTOMER' }, { STATUS_ID: 'CUSTOMER', NAME: 'Клиент' }];

    const company = await readOne({ COMPANY_TYPE: 'CUSTOMER' }, { types });

    expect(company.type).toEqual({ id: 'CUSTOMER', name: 'Клиент' });
  });

  it('when a dictionary is refused › ids stand in for names', async () => {
    const types = readRestError('crm.status.list', { error: 'insufficient_scope' });

    const company = await readOne({ COMPANY_TYPE: 'CUSTOMER' }, { types });

    expect(company.type).toEqual({ id: 'CUSTOMER', name: null });
  });

  it.each<[string, unknown, string | null]>([
    ['has both names', { ID: '7', NAME: 'Max', LAST_NAME: 'Manager' }, 'Max Manager'],
    ['has one name', { ID: 7, NAME: '', LAST_NAME: 'Manager' }, 'Manager'],
    ['has blanks for names', { ID: '7', NAME: ' ', LAST_NAME: null }, null],
    ['is not there', { ID: '8', NAME: 'Other' }, null],
    ['is odd', 'Max', null],
  ])('when the responsible person %s › is called %j', async (_, user, name) => {
    const company = await readOne({ ASSIGNED_BY_ID: '7' }, { users: [user] });

    expect(company.responsible).toEqual({ id: 7, name });
  });
});

describe('loadCompany()', () => {
  it.each<[string, unknown, Record<string, unknown> | undefined, FieldValue[] | undefined]>([
    ['a text', 'hello', { type: 'string' }, [{ kind: 'text', text: 'hello' }]],
    ['a text of an unknown field', 'hello', undefined, [{ kind: 'text', text: 'hello' }]],
    ['a text of an unknown type', 'hello', { type: 'hologram' }, [{ kind: 'text', text: 'hello' }]],
    ['a zero', 0, { type: 'integer' }, [{ kind: 'text', text: '0' }]],
    ['an empty text', '', { type: 'string' }, undefined],
    ['null', null, { type: 'string' }, undefined],
    ['false, PHP’s word for nothing', false, { type: 'string' }, undefined],
    ['an empty list', [], { type: 'string', isMultiple: true }, undefined],
    [
      'several',
      ['a', '', null, 'b'],
      { type: 'string' },
      [
        { kind: 'text', text: 'a' },
        { kind: 'text', text: 'b' },
      ],
    ],
    ['an object', { a: 1 }, { type: 'string' }, undefined],
    ['a yes', 'Y', { type: 'char' }, [{ kind: 'flag', isOn: true }]],
    ['a no', 'N', { type: 'char' }, [{ kind: 'flag', isOn: false }]],
    ['a one for yes', '1', { type: 'boolean' }, [{ kind: 'flag', isOn: true }]],
    ['a zero for no', '0', { type: 'boolean' }, [{ kind: 'flag', isOn: false }]],
    ['a fraction', '1.50', { type: 'double' }, [{ kind: 'number', number: 1.5 }]],
    ['a fraction that is none', 'half', { type: 'double' }, [{ kind: 'text', text: 'half' }]],
    ['money', '100.50|RUB', { type: 'money' }, [{ kind: 'money', amount: 100.5, currency: 'RUB' }]],
    [
      'money without a currency',
      '100.50',
      { type: 'money' },
      [{ kind: 'money', amount: 100.5, currency: null }],
    ],
    ['money without an amount', '|RUB', { type: 'money' }, undefined],
    [
      'a site',
      'https://a.example',
      { type: 'url' },
      [{ kind: 'web', value: 'https://a.example', valueType: '' }],
    ],
    [
      'an instant',
      '2026-03-05T10:20:30+03:00',
      { type: 'datetime' },
      [{ kind: 'instant', iso: '2026-03-05T10:20:30+03:00' }],
    ],
    ['a day', '2026-03-05', { type: 'date' }, [{ kind: 'date', iso: '2026-03-05' }]],
    [
      'a day of its own clock',
      '2026-03-05T00:00:00+03:00',
      { type: 'date' },
      [{ kind: 'date', iso: '2026-03-05' }],
    ],
    [
      'a day of the east',
      '2026-03-05T03:00:00+03:00',
      { type: 'date' },
      [{ kind: 'date', iso: '2026-03-05' }],
    ],
    [
      'a day of the west',
      '2026-03-04T19:00:00-05:00',
      { type: 'date' },
      [{ kind: 'date', iso: '2026-03-05' }],
    ],
    ['a day in the way of the site', '05.03.2026', { type: 'date' }, [{ kind: 'text', text: '05.03.2026' }]],
    ['a day that is none', 'some day', { type: 'date' }, [{ kind: 'text', text: 'some day' }]],
    ['a person', '7', { type: 'employee' }, [{ kind: 'person', person: { id: 7, name: null } }]],
    ['a person that is none', 'boss', { type: 'user' }, [{ kind: 'text', text: 'boss' }]],
    ['a file', { id: 5, showUrl: '/x' }, { type: 'file' }, [{ kind: 'file' }]],
    ['a reference to nothing', '0', { type: 'crm_lead' }, undefined],
    [
      'a choice',
      '45',
      { type: 'enumeration', items: [{ ID: '45', VALUE: 'Blue' }] },
      [{ kind: 'text', text: 'Blue' }],
    ],
    [
      'a choice with a number for its id',
      '45',
      { type: 'enumeration', items: [{ ID: 45, VALUE: 'Blue' }] },
      [{ kind: 'text', text: 'Blue' }],
    ],
    [
      'a choice that is gone',
      '46',
      { type: 'enumeration', items: [{ ID: '45', VALUE: 'Blue' }] },
      [{ kind: 'text', text: '46' }],
    ],
    ['a choice of odd ones', '45', { type: 'enumeration', items: 'odd' }, [{ kind: 'text', text: '45' }]],
  ])('when a field holds %s › shows what a reader can make use of', async (_, value, description, values) => {
    expect(await readField('UF_CRM_1', value, description)).toEqual(values);
  });

  it('when a field is described oddly › its value is shown under its own name', async () => {
    const client = aPortalAnswering({ row: { ID: '1', UF_CRM_1: 'x' }, fields: { UF_CRM_1: 'odd' } });

    const card = await loadCompany(client, 1);

    expect(card.fields).toContainEqual({
      name: 'UF_CRM_1',
      label: 'UF_CRM_1',
      values: [{ kind: 'text', text: 'x' }],
    });
  });

  it.each<[string, unknown]>([
    ['an empty list, as PHP writes an empty map', []],
    ['null', null],
    ['a text', 'odd'],
    ['a refusal', readRestError('crm.company.fields', { error: 'insufficient_scope' })],
  ])('when the descriptions are %s › the values are shown all the same', async (_, fields) => {
    const card = await loadCompany(aPortalAnswering({ row: { ID: '1', TITLE: 'Acme' }, fields }), 1);

    expect(card.fields.map(({ name }) => name)).toEqual(['ID', 'TITLE']);
  });

  it('when the stages of a further pipeline are refused › shows their ids, and asks again for the next card', async () => {
    const referenceData = new ReferenceData();
    const portal = aPortalAnswering({ row: { ID: '1' } });
    let isRefused = true;
    const client: RestClient = {
      ...portal,
      batch: async (commands) => {
        const answers = (await portal.batch(commands)) as Record<string, CommandAnswer>;
        if ('deals' in commands) answers.deals = { result: [{ ID: '1', STAGE_ID: 'C12:NEW' }], total: 1 };
        else if (isRefused) throw readRestError('batch', { error: 'query_limit_exceeded' });
        else answers.DEAL_STAGE_12 = { result: [{ STATUS_ID: 'C12:NEW', NAME: 'Begun' }] };
        return answers as never;
      },
    };

    const first = await loadCompany(client, 1, referenceData);
    isRefused = false;
    const second = await loadCompany(client, 1, referenceData);

    expect([first, second].map(({ deals }) => deals?.items[0]?.stage?.name)).toEqual(['C12:NEW', 'Begun']);
  });

  it('when a link names a user whom no other field names › asks for their name', async () => {
    const row = { ID: '1', ASSIGNED_BY_ID: '7', LINK: [{ VALUE: '389', VALUE_TYPE: 'USER' }] };
    const fields = { LINK: { type: 'crm_multifield', isMultiple: true } };
    const portal = aPortalAnswering({ row, fields, users: [{ ID: '7', NAME: 'Ada' }] });
    const asked: unknown[] = [];
    const client: RestClient = {
      ...portal,
      call: async (_, params) => {
        asked.push(params);
        return { result: { 1: { ID: 389, NAME: 'Grace', LAST_NAME: null } } };
      },
    };

    const card = await loadCompany(client, 1);

    expect(asked).toEqual([expect.objectContaining({ FILTER: { ID: [389] } })]);
    expect(card.fields.find(({ name }) => name === 'LINK')?.values).toEqual([
      { kind: 'person', person: { id: 389, name: 'Grace' } },
    ]);
  });

  it('when PHP sends deals and contacts as objects, with numbers › reads them as lists', async () => {
    const portal = aPortalAnswering({ row: { ID: '1' } });
    const client: RestClient = {
      ...portal,
      batch: async (commands) => {
        const answers = (await portal.batch(commands)) as Record<string, CommandAnswer>;
        const deal = { ID: 3, TITLE: 42, OPPORTUNITY: '1234567890123456.78', CLOSED: true };
        answers.deals = { result: { 2: deal }, total: 1 };
        answers.contacts = { result: { 5: { ID: 9, NAME: 10, PHONE: { 3: { VALUE: 112 } } } }, total: 1 };
        answers.bindings = { result: { 4: { CONTACT_ID: 9 } } };
        return answers as never;
      },
    };

    const { deals, contacts } = await loadCompany(client, 1);

    expect(deals?.items).toMatchObject([
      { id: 3, title: '42', exactAmount: '1234567890123456.78', isClosed: true },
    ]);
    expect(contacts?.items).toMatchObject([{ id: 9, name: '10', phones: ['112'] }]);
  });

  it('when names of dictionaries are numbers, and the list is an object › are read all the same', async () => {
    const types = { 3: { STATUS_ID: 5, NAME: 2026 } };

    expect((await readOne({ COMPANY_TYPE: 5 }, { types })).type).toEqual({ id: '5', name: '2026' });
  });

  it('when names of the form, the list and the field differ › the form’s is taken', async () => {
    const fields = { UF_CRM_1: { type: 'string', title: 'UF_CRM_1', listLabel: 'List', formLabel: 'Form' } };

    const card = await loadCompany(aPortalAnswering({ row: { ID: '1', UF_CRM_1: 'x' }, fields }), 1);

    expect(card.fields.find(({ name }) => name === 'UF_CRM_1')?.label).toBe('Form');
  });

  it.each([
    ['PHONE', 'phone'],
    ['EMAIL', 'email'],
    ['WEB', 'web'],
    ['IM', 'messenger'],
    ['LINK', 'web'],
  ])('when it is %s › reads each of its values as %s', async (name, kind) => {
    const value = [{ ID: '9', VALUE: 'v', VALUE_TYPE: 'WORK', TYPE_ID: name }, { VALUE: '' }, null, 7];

    expect(await readField(name, value, { type: 'crm_multifield' })).toEqual([
      { kind, value: 'v', valueType: 'WORK' },
    ]);
  });

  describe.each(['constructor', 'hasOwnProperty'])('when a portal names a field %s', (name) => {
    it('shows a text of it as text', async () => {
      expect(await readField(name, 'x', { type: 'string' })).toEqual([{ kind: 'text', text: 'x' }]);
    });

    it('shows a status of it as its id', async () => {
      expect(await readField(name, 'x', { type: 'crm_status' })).toEqual([{ kind: 'text', text: 'x' }]);
    });

    it('shows a multifield of it as a link', async () => {
      expect(await readField(name, [{ VALUE: 'x' }], { type: 'crm_multifield' })).toEqual([
        { kind: 'web', value: 'x', valueType: '' },
      ]);
    });
  });

  it.each(['NO_SUCH', 'constructor', '__proto__'])(
    'when a status is of the dictionary %s, which we do not have › shows its id',
    async (statusType) => {
      expect(await readField('UF_CRM_1', 'x', { type: 'crm_status', statusType })).toEqual([
        { kind: 'text', text: 'x' },
      ]);
    },
  );

  it.each<[unknown]>([[null], ['text'], [[]], [{}], [{ ID: 'abc' }], [{ ID: '0' }]])(
    'when the company is %j › is none',
    async (row) => {
      await expect(loadCompany(aPortalAnswering({ row }), 1)).rejects.toThrow('no company');
    },
  );
});
