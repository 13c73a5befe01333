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
  const { portal } = await start({ portals: [aPortal({ companies, utcOffset: '+03:00' })] });
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

  it('when start is past the end › the page is empty and the total stays', async () => {
    const answer = await list(numbered(3), { start: '500' });

    expect(rowsOf(answer)).toEqual([]);
    expect(answer.body.total).toBe(3);
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
    aCompany({ ID: '2', TITLE: 'beta', REVENUE: '10.00' }),
    aCompany({ ID: '10', TITLE: 'Alpha', REVENUE: '9.00' }),
    aCompany({ ID: '1', TITLE: 'gamma', REVENUE: null }),
    aCompany({ ID: '3', TITLE: 'alpha', REVENUE: '100.00' }),
  ];

  it.each([
    ['nothing is said', {}, ['1', '2', '3', '10']],
    ['by ID descending', { ID: 'DESC' }, ['10', '3', '2', '1']],
    ['by a text, ignoring case, equal rows by ID', { TITLE: 'ASC' }, ['3', '10', '2', '1']],
    ['by a number, empty first', { REVENUE: 'asc' }, ['1', '10', '2', '3']],
    ['by two fields', { TITLE: 'ASC', ID: 'DESC' }, ['10', '3', '2', '1']],
    ['by an unknown field', { NONSENSE: 'DESC' }, ['1', '2', '3', '10']],
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
      PHONE: [aMultifield({ VALUE: '+1 212 555 0100' }), aMultifield({ VALUE: '+1 212 555 0101' })],
      UF_CRM_1700000005: ['61', '62'],
    }),
    aCompany({
      ID: '2',
      TITLE: 'South wind',
      REVENUE: '200.00',
      COMPANY_TYPE: 'SUPPLIER',
      DATE_CREATE: '2026-01-11T00:30:00+03:00',
      EMAIL: [aMultifield({ VALUE: 'Info@example.com', TYPE_ID: 'EMAIL' })],
      UF_CRM_1700000005: ['63'],
    }),
    aCompany({
      ID: '3',
      TITLE: 'Calm 100%',
      REVENUE: null,
      COMPANY_TYPE: null,
      DATE_CREATE: '2026-01-12T12:00:00+03:00',
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
    ['!@', { '!@COMPANY_TYPE': ['CUSTOMER', 'SUPPLIER'] }, ['3']],
    ['%', { '%TITLE': 'WIND' }, ['1', '2']],
    ['=%', { '=%TITLE': 'north%' }, ['1']],
    ['%=', { '%=TITLE': '%wind' }, ['1', '2']],
    ['=% without a % in the value', { '=%TITLE': 'wind' }, []],
    ['several conditions', { '%TITLE': 'wind', '>REVENUE': 100 }, ['2']],
    ['an empty value', { REVENUE: '' }, ['3']],
    ['! and an empty value', { '!REVENUE': '' }, ['1', '2']],
    ['% on a dictionary field, which becomes equals', { '%COMPANY_TYPE': 'SUPP' }, []],
    ['% on a dictionary field and the whole value', { '%COMPANY_TYPE': 'SUPPLIER' }, ['2']],
    ['a multifield', { PHONE: '+1 212 555 0101' }, ['1']],
    ['a part of a multifield, which matches only exactly', { '%PHONE': '0101' }, []],
    ['% and the whole of a multifield, which becomes equals', { '%PHONE': '+1 212 555 0101' }, ['1']],
    ['an e-mail in another case', { EMAIL: 'info@EXAMPLE.com' }, ['2']],
    ['a derived flag', { HAS_PHONE: 'Y' }, ['1']],
    ['a multiple user field', { UF_CRM_1700000005: '62' }, ['1']],
    ['an instant with an offset', { '>DATE_CREATE': '2026-01-10T21:00:00+00:00' }, ['2', '3']],
    ['a day of the portal', { '>=DATE_CREATE': '2026-01-11' }, ['2', '3']],
    ['a day written the Russian way', { '<DATE_CREATE': '11.01.2026' }, ['1']],
    ['an invalid instant', { '>DATE_CREATE': 'yesterday' }, []],
    ['an unknown field, which is dropped', { TITEL: 'north wind' }, ['1', '2', '3']],
    [
      'an operator that this method does not have, so the field is unknown',
      { '!%TITLE': 'wind' },
      ['1', '2', '3'],
    ],
    ['an empty array', { ID: [] }, []],
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

  it('when it is absent › gives ordinary and user fields, but no multifields', async () => {
    const [row] = rowsOf(await list([company]));

    expect(row).toMatchObject({ ID: '7', HAS_PHONE: 'Y', COMMENTS: null, UF_CRM_1700000002: '1' });
    expect(row).not.toHaveProperty('PHONE');
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
