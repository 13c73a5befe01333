import { describe, expect, it } from '@jest/globals';

import {
  aCompany,
  aMultifield,
  aPortal,
  callRest,
  idsOf,
  type JsonAnswer,
  rowsOf,
  start,
  threeUsers,
  tokensFor,
} from './support.ts';

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => aCompany({ ID: String(index + 1) }));

async function list(companies: ReturnType<typeof numbered>, params: object = {}): Promise<JsonAnswer> {
  const { portal } = await start({
    portals: [aPortal({ companies, utcOffset: '+03:00' })],
    now: () => Date.parse('2026-01-11T12:00:00+03:00'),
  });
  return callRest(tokensFor(portal), 'crm.company.list', params);
}

describe('pages of crm.company.list', () => {
  it('when there are 51 companies › the first page has 50, the next start and the total', async () => {
    const answer = await list(numbered(51));

    expect(rowsOf(answer)).toHaveLength(50);
    expect(answer.body).toMatchObject({ next: 50, total: 51 });
  });

  it('when it is the last page › there is no next', async () => {
    const answer = await list(numbered(51), { start: 50 });

    expect(idsOf(answer)).toEqual(['51']);
    expect(answer.body.total).toBe(51);
    expect(answer.body).not.toHaveProperty('next');
  });

  it('when there are exactly 50 › there is no next', async () => {
    const answer = await list(numbered(50));

    expect(rowsOf(answer)).toHaveLength(50);
    expect(answer.body).not.toHaveProperty('next');
  });

  it('when start is no multiple of 50 › it is rounded down', async () => {
    const answer = await list(numbered(120), { start: 99 });

    expect(idsOf(answer)[0]).toBe('51');
    expect(answer.body.next).toBe(100);
  });

  it('when start is past the end › gives the first page again, with its next', async () => {
    const answer = await list(numbered(60), { start: '500' });

    expect(idsOf(answer).slice(0, 2)).toEqual(['1', '2']);
    expect(rowsOf(answer)).toHaveLength(50);
    expect(answer.body).toMatchObject({ total: 60, next: 50 });
  });

  it('when start is past the end and nothing matches › the page is empty', async () => {
    const answer = await list(numbered(3), { start: 50, filter: { ID: 99 } });

    expect(rowsOf(answer)).toEqual([]);
    expect(answer.body.total).toBe(0);
    expect(answer.body).not.toHaveProperty('next');
  });

  it('when start is -1 › neither total nor next are counted', async () => {
    const answer = await list(numbered(120), { start: -1, order: { ID: 'ASC' }, filter: { '>ID': 60 } });

    expect(rowsOf(answer)).toHaveLength(50);
    expect(idsOf(answer)[0]).toBe('61');
    expect(answer.body).not.toHaveProperty('total');
    expect(answer.body).not.toHaveProperty('next');
  });
});

describe('order of crm.company.list', () => {
  const companies = [
    aCompany({ ID: '2', TITLE: 'beta', REVENUE: '10.00', UF_CRM_1700000001: '200' }),
    aCompany({ ID: '10', TITLE: 'Alpha', REVENUE: '9.00', UF_CRM_1700000001: '51' }),
    aCompany({ ID: '1', TITLE: 'gamma', REVENUE: null, UF_CRM_1700000001: '100' }),
    aCompany({ ID: '3', TITLE: 'alpha', REVENUE: '100.00', UF_CRM_1700000001: '52' }),
  ];

  it.each([
    ['nothing is said', {}, ['1', '2', '3', '10']],
    ['by ID descending', { ID: 'DESC' }, ['10', '3', '2', '1']],
    ['by a text, ignoring case, equal rows by ID', { TITLE: 'ASC' }, ['3', '10', '2', '1']],
    ['by a number, empty first', { REVENUE: 'asc' }, ['1', '10', '2', '3']],
    ['by two fields', { TITLE: 'ASC', ID: 'DESC' }, ['10', '3', '2', '1']],
    ['by an unknown field', { NONSENSE: 'DESC' }, ['1', '2', '3', '10']],
    ['in a direction that is no word of SQL, which means descending', { ID: 'UP' }, ['10', '3', '2', '1']],
    ['without a direction, which means descending', { ID: '' }, ['10', '3', '2', '1']],
    ['by a field in lower case', { id: 'desc' }, ['10', '3', '2', '1']],
    ['by a user field, where only DESC means descending', { UF_CRM_1700000001: 'UP' }, ['10', '3', '1', '2']],
    ['by a user field descending', { UF_CRM_1700000001: 'desc' }, ['2', '1', '3', '10']],
  ])('when %s › rows come in that order', async (_, order, expected) => {
    const answer = await list(companies, { order });

    expect(idsOf(answer)).toEqual(expected);
  });
});

describe('filter of crm.company.list', () => {
  const companies = [
    aCompany({
      ID: '1',
      TITLE: 'North Wind',
      REVENUE: '100.00',
      COMPANY_TYPE: 'CUSTOMER',
      DATE_CREATE: '2026-01-10T23:30:00+03:00',
      LEAD_ID: '5',
      ADDRESS_LOC_ADDR_ID: '1',
      PHONE: [aMultifield({ VALUE: '+1 212 555 0100' }), aMultifield({ VALUE: '+1 212 555 0101' })],
      WEB: [aMultifield({ VALUE: 'https://north.example', TYPE_ID: 'WEB' })],
      UF_CRM_1700000001: '51',
      UF_CRM_1700000005: ['61', '62'],
    }),
    aCompany({
      ID: '2',
      TITLE: 'South wind',
      REVENUE: '200.00',
      COMPANY_TYPE: 'SUPPLIER',
      DATE_CREATE: '2026-01-11T00:30:00+03:00',
      LEAD_ID: '0',
      ADDRESS_LOC_ADDR_ID: '2',
      ORIGIN_ID: '17-a',
      EMAIL: [aMultifield({ VALUE: 'Info@example.com', TYPE_ID: 'EMAIL' })],
      IM: [aMultifield({ VALUE: '@south', VALUE_TYPE: 'TELEGRAM', TYPE_ID: 'IM' })],
      UF_CRM_1700000001: '52',
      UF_CRM_1700000005: ['63'],
    }),
    aCompany({
      ID: '3',
      TITLE: 'Calm 100%',
      REVENUE: null,
      COMPANY_TYPE: null,
      DATE_CREATE: '2026-01-12T12:00:00+03:00',
      DATE_MODIFY: null,
      ORIGIN_ID: 'a-17',
    }),
  ];

  it.each([
    ['no operator', { TITLE: 'north wind' }, ['1']],
    ['no operator and an array', { ID: [1, '3'] }, ['1', '3']],
    ['=', { '=TITLE': 'South wind' }, ['2']],
    ['!', { '!COMPANY_TYPE': 'CUSTOMER' }, ['2', '3']],
    ['!=', { '!=ID': 2 }, ['1', '3']],
    ['>', { '>ID': 1 }, ['2', '3']],
    ['>=', { '>=REVENUE': '200' }, ['2']],
    ['<', { '<ID': '2' }, ['1']],
    ['<=', { '<=REVENUE': 100 }, ['1']],
    ['@', { '@ID': ['2', '3', '99'] }, ['2', '3']],
    ['!@, which excludes rows without a value', { '!@COMPANY_TYPE': ['CUSTOMER', 'OTHER'] }, ['2']],
    [
      '! and an array, which includes rows without a value',
      { '!COMPANY_TYPE': ['CUSTOMER', 'OTHER'] },
      ['2', '3'],
    ],
    ['= and an array', { '=COMPANY_TYPE': ['CUSTOMER', 'OTHER'] }, ['1']],
    ['%', { '%TITLE': 'WIND' }, ['1', '2']],
    ['=%', { '=%TITLE': 'north%' }, ['1']],
    ['%=', { '%=TITLE': '%wind' }, ['1', '2']],
    ['=% without a % in the value', { '=%TITLE': 'wind' }, []],
    ['several conditions', { '%TITLE': 'wind', '>REVENUE': 100 }, ['2']],
    ['an empty text', { COMPANY_TYPE: '' }, ['3']],
    ['! and an empty text', { '!COMPANY_TYPE': '' }, ['1', '2']],
    ['@ and an empty text, which is not “no value”', { '@COMPANY_TYPE': ['', 'SUPPLIER'] }, ['2']],
    ['an array with an empty text', { COMPANY_TYPE: ['', 'SUPPLIER'] }, ['2', '3']],
    ['an integer 0, which is also “no value”', { LEAD_ID: 0 }, ['2', '3']],
    ['>= and an integer 0', { '>=LEAD_ID': 0 }, ['1', '2', '3']],
    ['! and an integer 0', { '!LEAD_ID': 0 }, ['1']],
    ['@ and an integer 0, which is not “no value”', { '@LEAD_ID': [0] }, ['2']],
    ['an empty number with a point, which is 0', { REVENUE: '' }, []],
    ['! and an empty number with a point', { '!REVENUE': '' }, ['1', '2', '3']],
    ['! of a range, which includes rows without a value', { '!>REVENUE': 100 }, ['1', '3']],
    ['+, which adds rows without a value', { '+REVENUE': 200 }, ['2', '3']],
    ['numbers with a comma', { '>REVENUE': '199,5', '<REVENUE': '200,5' }, ['2']],
    ['a range with an array on another integer', { '>=ADDRESS_LOC_ADDR_ID': ['3'] }, ['1', '2']],
    ['an ID with text behind it', { ID: '2 or so' }, ['2']],
    ['an ID that is an array inside of an array', { ID: [['7', '8']] }, ['1']],
    ['@ and an array inside of the array', { '@ID': [['7', '8'], 3] }, ['1', '3']],
    ['a range with an array', { '>ID': ['7'] }, ['2', '3']],
    ['a range with an empty array', { '>ID': [] }, ['1', '2', '3']],
    ['an empty array, which is no condition', { ID: [] }, ['1', '2', '3']],
    ['@ and an empty array', { '@ID': [] }, ['1', '2', '3']],
    ['!@ and an empty array', { '!@ID': [] }, ['1', '2', '3']],
    ['_ in a pattern', { '=%TITLE': 'N_rth w%' }, ['1']],
    ['an escaped _ in a pattern', { '=%TITLE': 'N\\_rth w%' }, []],
    ['an escaped % in a pattern', { '%=TITLE': 'calm 100\\%' }, ['3']],
    ['% with a % in the value, which is an ordinary character', { '%TITLE': '0%' }, ['3']],
    ['% with a _ in the value', { '%TITLE': 'N_rth' }, []],
    ['% and nothing, which finds texts that begin with a number', { '%ORIGIN_ID': '' }, ['2']],
    ['^%^, which is any value', { COMPANY_TYPE: '^%^' }, ['1', '2']],
    ['^&^, which is no value', { COMPANY_TYPE: '^&^' }, ['3']],
    ['NOW', { '<DATE_CREATE': 'now' }, ['1', '2']],
    ['an empty instant', { DATE_MODIFY: '' }, ['3']],
    ['a range with an empty instant, which is “no value” too', { '>DATE_MODIFY': '' }, ['3']],
    ['% on a dictionary field, which becomes equals', { '%COMPANY_TYPE': 'SUPP' }, []],
    ['% on a dictionary field and the whole value', { '%COMPANY_TYPE': 'SUPPLIER' }, ['2']],
    ['a multifield', { PHONE: '+1 212 555 0101' }, ['1']],
    ['the beginning of a multifield', { PHONE: '+1 212 555' }, ['1']],
    ['the end of a multifield', { PHONE: '0101' }, []],
    ['another spelling of a phone', { PHONE: '+12125550101' }, []],
    ['blanks around a multifield', { PHONE: '  +1 212\t' }, ['1']],
    ['_ in a multifield', { PHONE: '+1_212_555' }, ['1']],
    ['% in a multifield, which is removed', { PHONE: '%+1 212%' }, ['1']],
    ['% before a part of a multifield, which is removed', { PHONE: '%212' }, []],
    ['only % in a multifield', { PHONE: '%' }, ['1']],
    ['several multifields, of which the first counts', { PHONE: ['+44', '+1 212 555 0101'] }, []],
    ['an array of multifields without element 0', { PHONE: { 1: '+44' } }, ['1', '2', '3']],
    ['an empty multifield', { PHONE: '' }, ['1', '2', '3']],
    ['an empty array of multifields', { PHONE: [] }, ['1', '2', '3']],
    ['a multifield with =, which is no condition', { '=PHONE': '+44' }, ['1', '2', '3']],
    ['a multifield with %, which is no condition', { '%PHONE': '+44' }, ['1', '2', '3']],
    ['a multifield with @, which is no condition', { '@PHONE': ['+44'] }, ['1', '2', '3']],
    ['a multifield with !, which is no condition', { '!PHONE': '+1' }, ['1', '2', '3']],
    ['LINK, which is no condition', { LINK: '389' }, ['1', '2', '3']],
    ['the beginning of an e-mail in another case', { EMAIL: 'INFO@' }, ['2']],
    ['the beginning of a website', { WEB: 'https://north' }, ['1']],
    ['the beginning of a messenger', { IM: '@sou' }, ['2']],
    ['a derived flag', { HAS_PHONE: 'Y' }, ['1']],
    ['a multiple user field', { UF_CRM_1700000005: '62' }, ['1']],
    ['an instant with an offset', { '>DATE_CREATE': '2026-01-10T21:00:00+00:00' }, ['2', '3']],
    ['a day of the portal', { '>=DATE_CREATE': '2026-01-11' }, ['2', '3']],
    ['a day written the Russian way', { '<DATE_CREATE': '11.01.2026' }, ['1']],
    ['an invalid instant', { '>DATE_CREATE': 'yesterday' }, []],
    ['an unknown field, which is dropped', { TITEL: 'north wind' }, ['1', '2', '3']],
    ['!%, whose negation gets lost', { '!%TITLE': 'wind' }, ['1', '2']],
    ['!% on a dictionary field, which finds a part', { '!%COMPANY_TYPE': 'custom' }, ['1']],
    ['LOGIC and a group, which are unknown', { LOGIC: 'OR', 0: { ID: 1 } }, ['1', '2', '3']],
    ['CONTACT_ID, which has no column', { CONTACT_ID: 7 }, ['1', '2', '3']],
    ['a user field', { '=UF_CRM_1700000001': '51' }, ['1']],
    ['!= of a user field, which excludes rows without a value', { '!=UF_CRM_1700000001': '51' }, ['2']],
  ])('when it uses %s › only those match', async (_, filter, expected) => {
    const answer = await list(companies, { filter, order: { ID: 'ASC' } });

    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it('when the parameter is written FILTER › it is the same', async () => {
    const answer = await list(companies, { FILTER: { ID: 3 } });

    expect(idsOf(answer)).toEqual(['3']);
  });

  it.each([
    [{ filter: 'ID=1' }, "Parameter 'filter' must be array."],
    [{ order: 'ID' }, "Parameter 'order' must be array."],
  ])('when it is %j › answers 400 with an empty code', async (params, error_description) => {
    const { status, body } = await list(companies, params);

    expect(status).toBe(400);
    expect(body).toEqual({ error: '', error_description });
  });
});

describe('select of crm.company.list', () => {
  const company = aCompany({ ID: '7', PHONE: [aMultifield({ ID: '903' })], UF_CRM_1700000002: '1' });

  it.each([
    ['absent', {}],
    ['empty', { select: [] }],
  ])('when it is %s › gives ordinary fields only', async (_, params) => {
    const [row] = rowsOf(await list([company], params));

    expect(row).toMatchObject({ ID: '7', HAS_PHONE: 'Y', COMMENTS: null });
    expect(row).not.toHaveProperty('PHONE');
    expect(row).not.toHaveProperty('UF_CRM_1700000002');
    expect(row).not.toHaveProperty('CONTACT_ID');
  });

  it('when it is absent on a portal that follows the documents › gives user fields too', async () => {
    const { emulator, portal } = await start({ portals: [aPortal({ companies: [company] })] });
    emulator.set({ emptySelect: 'documents' });

    const [row] = rowsOf(await callRest(tokensFor(portal), 'crm.company.list'));

    expect(row).toMatchObject({ HAS_PHONE: 'Y', UF_CRM_1700000002: '1', UF_CRM_1700000005: false });
    expect(row).not.toHaveProperty('PHONE');
  });

  it('when fields are named in lower case or unknown › gives those that exist', async () => {
    const [row] = rowsOf(await list([company], { select: ['title', 'NO_SUCH'] }));

    expect(row).toEqual({ ID: '7', TITLE: 'Company 7' });
  });

  it('when it is * › gives no user fields', async () => {
    const [row] = rowsOf(await list([company], { select: ['*'] }));

    expect(row).toHaveProperty('TITLE');
    expect(row).not.toHaveProperty('UF_CRM_1700000002');
  });

  it('when fields are named › gives these and the ID', async () => {
    const [row] = rowsOf(await list([company], { select: ['TITLE', 'PHONE', 'EMAIL'] }));

    expect(row).toEqual({
      ID: '7',
      TITLE: 'Company 7',
      PHONE: [{ ID: '903', VALUE_TYPE: 'WORK', VALUE: '+1 212 555 0100', TYPE_ID: 'PHONE' }],
    });
  });

  it('when it is UF_* › gives only user fields', async () => {
    const [row] = rowsOf(await list([company], { select: ['UF_*'] }));

    expect(Object.keys(row ?? {}).filter((name) => !name.startsWith('UF_'))).toEqual(['ID']);
    expect(row).toMatchObject({ UF_CRM_1700000002: '1' });
  });
});

describe('rights in crm.company.list', () => {
  const companies = [
    aCompany({ ID: '1', ASSIGNED_BY_ID: '1' }),
    aCompany({ ID: '2', ASSIGNED_BY_ID: '2' }),
    aCompany({ ID: '3', ASSIGNED_BY_ID: '2' }),
  ];
  const portals = () => [aPortal({ companies, users: threeUsers() })];

  it('when the user sees own companies › other companies are neither listed nor counted', async () => {
    const { portal } = await start({ portals: portals() });

    const answer = await callRest(tokensFor(portal, 2), 'crm.company.list');

    expect(idsOf(answer)).toEqual(['2', '3']);
    expect(answer.body.total).toBe(2);
  });

  it('when the user has no access › answers 400, an empty code and Access denied.', async () => {
    const { portal } = await start({ portals: portals() });

    const { status, body } = await callRest(tokensFor(portal, 3), 'crm.company.list');

    expect(status).toBe(400);
    expect(body).toEqual({ error: '', error_description: 'Access denied.' });
  });

  it('when the access right changes › the next call uses it', async () => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal, 2);
    await callRest(tokens, 'crm.company.list');
    portal.setUser(2, { crm: 'all' });

    const answer = await callRest(tokens, 'crm.company.list');

    expect(answer.body.total).toBe(3);
  });

  it('when companies are added, changed and removed › lists show the change', async () => {
    const { portal } = await start({ portals: portals() });
    const tokens = tokensFor(portal);
    await callRest(tokens, 'crm.company.list', { order: { TITLE: 'ASC' } });
    portal.putCompany(aCompany({ ID: '4', TITLE: 'A new one' }));
    portal.putCompany(aCompany({ ID: '2', TITLE: 'Another name' }));
    portal.removeCompany('3');

    const answer = await callRest(tokens, 'crm.company.list', { order: { TITLE: 'ASC' } });

    expect(rowsOf(answer).map(({ TITLE }) => TITLE)).toEqual(['A new one', 'Another name', 'Company 1']);
  });
});
