import { describe, expect, it } from '@jest/globals';

import type { PortalOptions } from '../../emulator/index.ts';
import {
  aCompany,
  aContact,
  aDeal,
  aMultifield,
  aPortal,
  callRest,
  idsOf,
  rowsOf,
  start,
  threeUsers,
  tokensFor,
} from './support.ts';

/** A portal with three users and two companies, three hours ahead of UTC; user 2 is responsible for company 2. */
async function startWith(options: Partial<PortalOptions>, userId = 1) {
  const companies = [aCompany({ ID: '1' }), aCompany({ ID: '2', ASSIGNED_BY_ID: '2' })];
  const { emulator, portal } = await start({
    portals: [aPortal({ companies, users: threeUsers(), utcOffset: '+03:00', ...options })],
  });
  return { emulator, portal, tokens: tokensFor(portal, userId) };
}

describe('crm.contact.list', () => {
  const contacts = [
    aContact({
      ID: '7',
      NAME: 'Ann',
      LAST_NAME: 'Lee',
      COMPANY_ID: '1',
      PHONE: [aMultifield({ ID: '70', VALUE: '+1 212 555 0107' })],
    }),
    aContact({ ID: '8', NAME: 'Bob', LAST_NAME: 'Abbott', COMPANY_ID: '2', ASSIGNED_BY_ID: '2' }),
    aContact({ ID: '9', NAME: 'Cyd', LAST_NAME: 'Moor', COMPANY_ID: '1', COMPANY_IDS: ['1', '2'] }),
    aContact({ ID: '10', NAME: 'Dee', LAST_NAME: null, COMPANY_ID: null }),
  ];

  it('when the contact of a company is listed › gives all ordinary fields as strings, and no multifields', async () => {
    const { tokens } = await startWith({ contacts });

    const [row] = rowsOf(await callRest(tokens, 'crm.contact.list', { filter: { ID: 7 } }));

    expect(row).toMatchObject({
      ID: '7',
      NAME: 'Ann',
      SECOND_NAME: null,
      LAST_NAME: 'Lee',
      POST: 'Director',
      COMPANY_ID: '1',
      ASSIGNED_BY_ID: '1',
      HAS_PHONE: 'Y',
      HAS_EMAIL: 'N',
    });
    expect(row).not.toHaveProperty('PHONE');
    expect(row).not.toHaveProperty('COMPANY_IDS');
  });

  it('when multifields are named › gives those that have values', async () => {
    const { tokens } = await startWith({ contacts });

    const answer = await callRest(tokens, 'crm.contact.list', {
      filter: { COMPANY_ID: 1 },
      select: ['NAME', 'PHONE', 'EMAIL'],
    });

    expect(answer.body.result).toEqual([
      {
        ID: '7',
        NAME: 'Ann',
        PHONE: [{ ID: '70', VALUE_TYPE: 'WORK', VALUE: '+1 212 555 0107', TYPE_ID: 'PHONE' }],
      },
      { ID: '9', NAME: 'Cyd' },
    ]);
    expect(answer.body.total).toBe(2);
  });

  it.each([
    ['a company, which is the main one only', { COMPANY_ID: '2' }, {}, ['8']],
    ['companies', { '@COMPANY_ID': [1, 2] }, { ID: 'DESC' }, ['9', '8', '7']],
    ['no company', { COMPANY_ID: '' }, {}, ['10']],
    ['IDs', { '@ID': ['7', 10, 99] }, {}, ['7', '10']],
    ['later IDs', { '>ID': 8 }, {}, ['9', '10']],
    ['whose they are', { ASSIGNED_BY_ID: 2 }, {}, ['8']],
    ['a part of the last name', { '%LAST_NAME': 'oo' }, {}, ['9']],
    ['a phone', { PHONE: '+1 212 555 0107' }, {}, ['7']],
    ['COMPANY_IDS, which it drops', { COMPANY_IDS: ['2'] }, {}, ['7', '8', '9', '10']],
    ['everybody by last name, empty first', {}, { LAST_NAME: 'ASC' }, ['10', '8', '7', '9']],
  ])('when it is asked for %s › gives these', async (_, filter, order, expected) => {
    const { tokens } = await startWith({ contacts });

    const answer = await callRest(tokens, 'crm.contact.list', { filter, order });

    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it('when there are more than a page › pages work as for companies', async () => {
    const many = Array.from({ length: 55 }, (_, index) => aContact({ ID: String(index + 1) }));
    const { tokens } = await startWith({ contacts: many });
    const list = (start: number) =>
      callRest(tokens, 'crm.contact.list', { filter: { COMPANY_ID: 1 }, order: { ID: 'ASC' }, start });

    const [first, second, uncounted] = [await list(0), await list(50), await list(-1)];

    expect(first.body).toMatchObject({ total: 55, next: 50 });
    expect(idsOf(second)).toEqual(['51', '52', '53', '54', '55']);
    expect(second.body).not.toHaveProperty('next');
    expect(rowsOf(uncounted)).toHaveLength(50);
    expect(uncounted.body).not.toHaveProperty('total');
  });

  it('when the user sees own rows › other rows are neither listed nor counted', async () => {
    const { tokens } = await startWith({ contacts }, 2);

    const answer = await callRest(tokens, 'crm.contact.list');

    expect(idsOf(answer)).toEqual(['8']);
    expect(answer.body.total).toBe(1);
  });

  it.each(['crm.contact.list', 'crm.deal.list'])(
    'when the user has no access › %s answers 400 and Access denied.',
    async (method) => {
      const { tokens } = await startWith({}, 3);

      const { status, body } = await callRest(tokens, method);

      expect(status).toBe(400);
      expect(body).toEqual({ error: '', error_description: 'Access denied.' });
    },
  );
});

describe('crm.company.contact.items.get', () => {
  const contacts = [
    aContact({ ID: '7', COMPANY_ID: '1' }),
    aContact({ ID: '9', COMPANY_ID: '2', ASSIGNED_BY_ID: '1' }),
    aContact({ ID: '12', COMPANY_ID: '1', COMPANY_IDS: ['1', '2'] }),
  ];

  it('when a company has contacts › gives numbers, the first as the main one, and no total', async () => {
    const { tokens } = await startWith({ contacts });

    const { body } = await callRest(tokens, 'crm.company.contact.items.get', { id: 1 });

    expect(body.result).toEqual([
      { CONTACT_ID: 7, SORT: 100, ROLE_ID: 0, IS_PRIMARY: 'Y' },
      { CONTACT_ID: 12, SORT: 110, ROLE_ID: 0, IS_PRIMARY: 'N' },
    ]);
    expect(body).not.toHaveProperty('total');
  });

  it('when the user is responsible for the company › gives also contacts that the user may not list', async () => {
    const { tokens } = await startWith({ contacts }, 2);

    const bindings = await callRest(tokens, 'crm.company.contact.items.get', { id: 2 });
    const list = await callRest(tokens, 'crm.contact.list', { filter: { '@ID': [9, 12] } });

    expect(rowsOf(bindings).map(({ CONTACT_ID }) => CONTACT_ID)).toEqual([9, 12]);
    expect(list.body.total).toBe(0);
  });

  it('when there is no such company › gives an empty list', async () => {
    const { tokens } = await startWith({ contacts });

    const { body } = await callRest(tokens, 'crm.company.contact.items.get', { id: 99 });

    expect(body.result).toEqual([]);
  });

  it.each([
    ['the company is somebody else’s', 2, { id: 1 }, 403, 'ACCESS_DENIED', 'Access denied!'],
    ['the user has no right at all', 3, { id: 1 }, 400, '', 'Access denied.'],
    ['the id is missing', 1, {}, 400, '', 'The parameter ownerEntityID is invalid or not defined.'],
    ['the id is zero', 1, { id: 0 }, 400, '', 'The parameter ownerEntityID is invalid or not defined.'],
  ])('when %s › refuses', async (_, userId, params, expectedStatus, error, error_description) => {
    const { tokens } = await startWith({ contacts }, userId);

    const { status, body } = await callRest(tokens, 'crm.company.contact.items.get', params);

    expect(status).toBe(expectedStatus);
    expect(body).toEqual({ error, error_description });
  });
});

describe('crm.deal.list', () => {
  const deals = [
    aDeal({ ID: '21', TITLE: 'Alpha', OPPORTUNITY: '900.00' }),
    aDeal({
      ID: '22',
      CATEGORY_ID: '3',
      STAGE_ID: 'C3:WON',
      STAGE_SEMANTIC_ID: 'S',
      CLOSED: 'Y',
      OPPORTUNITY: '10000.50',
      BEGINDATE: '2026-02-01T03:00:00+03:00',
    }),
    aDeal({
      ID: '23',
      STAGE_ID: 'LOSE',
      STAGE_SEMANTIC_ID: 'F',
      CLOSED: 'Y',
      OPPORTUNITY: null,
      ASSIGNED_BY_ID: '2',
    }),
    aDeal({ ID: '24', COMPANY_ID: '2', CONTACT_ID: '7', CURRENCY_ID: 'EUR', ASSIGNED_BY_ID: '2' }),
  ];

  it('when a deal is listed › gives all its fields, those without a value as null', async () => {
    const { tokens } = await startWith({ deals });

    const [row] = rowsOf(await callRest(tokens, 'crm.deal.list', { filter: { ID: 22 } }));

    expect(row).toMatchObject({
      ID: '22',
      TITLE: 'Deal 22',
      CATEGORY_ID: '3',
      STAGE_ID: 'C3:WON',
      STAGE_SEMANTIC_ID: 'S',
      CLOSED: 'Y',
      OPPORTUNITY: '10000.50',
      CURRENCY_ID: 'USD',
      COMPANY_ID: '1',
      CONTACT_ID: null,
      LEAD_ID: null,
    });
    expect(row).not.toHaveProperty('CONTACT_IDS');
  });

  it.each([
    ['a company', { COMPANY_ID: 1 }, ['21', '22', '23']],
    ['the default pipeline', { CATEGORY_ID: 0 }, ['21', '23', '24']],
    ['another pipeline', { CATEGORY_ID: '3' }, ['22']],
    ['a stage', { STAGE_ID: 'C3:WON' }, ['22']],
    ['stages', { '@STAGE_ID': ['NEW', 'LOSE'] }, ['21', '23', '24']],
    ['closed ones', { CLOSED: 'Y' }, ['22', '23']],
    ['open ones of a company', { CLOSED: 'N', COMPANY_ID: 1 }, ['21']],
    ['what is neither won nor lost', { STAGE_SEMANTIC_ID: 'P' }, ['21', '24']],
    ['what is won or lost', { '@STAGE_SEMANTIC_ID': ['S', 'F'] }, ['22', '23']],
    ['whose they are', { ASSIGNED_BY_ID: 2 }, ['23', '24']],
    ['a contact', { CONTACT_ID: 7 }, ['24']],
    ['a currency', { CURRENCY_ID: 'EUR' }, ['24']],
    ['amounts', { '>OPPORTUNITY': 900, '<=OPPORTUNITY': '20000' }, ['22', '24']],
    ['CONTACT_IDS, which it does not support and drops', { CONTACT_IDS: [7] }, ['21', '22', '23', '24']],
    ['an instant, of which a date takes the portal’s day', { BEGINDATE: '2026-01-31T22:00:00Z' }, ['22']],
    ['days up to one', { '<BEGINDATE': '2026-02-01' }, ['21', '23', '24']],
  ])('when it is asked for %s › gives these', async (_, filter, expected) => {
    const { tokens } = await startWith({ deals });

    const answer = await callRest(tokens, 'crm.deal.list', { filter });

    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it('when the portal is west of Greenwich › a date is written as the evening before, and is found by its day', async () => {
    const west = [
      aDeal({ ID: '31', BEGINDATE: '2026-01-31T19:00:00-05:00' }),
      aDeal({ ID: '32', BEGINDATE: '2026-02-01T19:00:00-05:00' }),
    ];
    const { tokens } = await startWith({ deals: west, utcOffset: '-05:00' });
    const find = async (filter: object) => idsOf(await callRest(tokens, 'crm.deal.list', { filter }));

    expect(await find({ BEGINDATE: '2026-02-01' })).toEqual(['31']);
    expect(await find({ '>BEGINDATE': '2026-02-01' })).toEqual(['32']);
    // A date from an answer, sent back unchanged, means the day before.
    expect(await find({ BEGINDATE: '2026-02-01T19:00:00-05:00' })).toEqual(['31']);
  });

  it('when they are ordered by amount › empty ones come first', async () => {
    const { tokens } = await startWith({ deals });

    const answer = await callRest(tokens, 'crm.deal.list', { order: { OPPORTUNITY: 'ASC' } });

    expect(idsOf(answer)).toEqual(['23', '21', '24', '22']);
  });

  it('when they are ordered by stage › the order is that of the pipeline, unknown stages first', async () => {
    const staged = ['WON', 'APOLOGY', 'NEW', 'GONE', 'EXECUTING'].map((STAGE_ID, index) =>
      aDeal({ ID: String(index + 1), STAGE_ID }),
    );
    const { tokens } = await startWith({ deals: staged });
    const stages = async (STAGE_ID: string) => {
      const answer = await callRest(tokens, 'crm.deal.list', { order: { STAGE_ID } });
      return rowsOf(answer).map((row) => row.STAGE_ID);
    };

    const ascending = await stages('ASC');

    expect(ascending).toEqual(['GONE', 'NEW', 'EXECUTING', 'WON', 'APOLOGY']);
    expect(await stages('DESC')).toEqual(ascending.reverse());
  });

  it('when the user sees own rows › other rows are neither listed nor counted', async () => {
    const { tokens } = await startWith({ deals }, 2);

    const answer = await callRest(tokens, 'crm.deal.list', { filter: { COMPANY_ID: 1 } });

    expect(idsOf(answer)).toEqual(['23']);
    expect(answer.body.total).toBe(1);
  });
});

describe('fields', () => {
  it('when crm.deal.fields is called › gives dictionaries and deprecated fields', async () => {
    const { tokens } = await startWith({}, 3);

    const { body } = await callRest(tokens, 'crm.deal.fields');

    expect(body.result).toMatchObject({
      STAGE_ID: { type: 'crm_status', statusType: 'DEAL_STAGE', title: 'Deal stage' },
      CATEGORY_ID: { type: 'crm_category', isImmutable: true },
      CONTACT_ID: { isDeprecated: true },
      CONTACT_IDS: { type: 'crm_contact', isMultiple: true },
    });
  });

  it('when crm.contact.fields is called › does too', async () => {
    const { tokens } = await startWith({}, 3);

    const { body } = await callRest(tokens, 'crm.contact.fields');

    expect(body.result).toMatchObject({
      TYPE_ID: { type: 'crm_status', statusType: 'CONTACT_TYPE' },
      LAST_NAME: { isRequired: true },
      PHONE: { type: 'crm_multifield', isMultiple: true },
    });
  });
});

describe('pipelines, stages and currencies', () => {
  const dealCategories: PortalOptions['dealCategories'] = [
    { id: 0, name: 'Main', sort: 300, stages: [] },
    {
      id: 5,
      name: 'Second',
      sort: 200,
      stages: [
        { STATUS_ID: 'C5:NEW', NAME: 'Begun', SEMANTICS: null, COLOR: '#39A8EF', SYSTEM: 'Y' },
        { STATUS_ID: 'C5:WON', NAME: 'Done', SEMANTICS: 'S', COLOR: '#7BD500', SYSTEM: 'Y' },
      ],
    },
  ];

  it('when crm.category.list is called for deals › gives the pipelines by sort, the default one without an origin', async () => {
    const { tokens } = await startWith({ dealCategories }, 2);

    const { body } = await callRest(tokens, 'crm.category.list', { entityTypeId: 2 });

    expect(body.result).toEqual({
      categories: [
        { id: 5, name: 'Second', sort: 200, entityTypeId: 2, isDefault: 'N', originId: '', originatorId: '' },
        { id: 0, name: 'Main', sort: 300, entityTypeId: 2, isDefault: 'Y' },
      ],
    });
    expect(body.total).toBe(2);
  });

  it('when the user may read no pipeline › gives an empty list', async () => {
    const { tokens } = await startWith({}, 3);

    const { body } = await callRest(tokens, 'crm.category.list', { entityTypeId: 2 });

    expect(body).toMatchObject({ result: { categories: [] }, total: 0 });
  });

  it.each([
    [1, 'ENTITY_TYPE_NOT_SUPPORTED'],
    [9999, 'NOT_FOUND'],
    [undefined, 'NOT_FOUND'],
  ])('when the entityTypeId is %s › answers 400 %s', async (entityTypeId, error) => {
    const { tokens } = await startWith({});

    const { status, body } = await callRest(tokens, 'crm.category.list', { entityTypeId });

    expect(status).toBe(400);
    expect(body.error).toBe(error);
  });

  it('when crm.status.list is called for the default pipeline › gives the factory’s stages in order', async () => {
    const { tokens } = await startWith({});

    const answer = await callRest(tokens, 'crm.status.list', { filter: { ENTITY_ID: 'DEAL_STAGE' } });

    expect(
      rowsOf(answer).map(({ STATUS_ID, SEMANTICS, CATEGORY_ID }) => [STATUS_ID, SEMANTICS, CATEGORY_ID]),
    ).toEqual([
      ['NEW', null, null],
      ['PREPARATION', null, null],
      ['PREPAYMENT_INVOICE', null, null],
      ['EXECUTING', null, null],
      ['FINAL_INVOICE', null, null],
      ['WON', 'S', null],
      ['LOSE', 'F', null],
      ['APOLOGY', 'F', null],
    ]);
    expect(rowsOf(answer).map(({ EXTRA }) => (EXTRA as { SEMANTICS: string }).SEMANTICS)).toEqual([
      ...Array(5).fill('process'),
      'success',
      'failure',
      'apology',
    ]);
  });

  it('when it is called for another pipeline › stage ids contain its number', async () => {
    const { tokens } = await startWith({ dealCategories });

    const answer = await callRest(tokens, 'crm.status.list', { filter: { ENTITY_ID: 'DEAL_STAGE_5' } });

    expect(answer.body.total).toBe(2);
    expect(rowsOf(answer)[1]).toEqual({
      ID: expect.any(String),
      ENTITY_ID: 'DEAL_STAGE_5',
      STATUS_ID: 'C5:WON',
      NAME: 'Done',
      NAME_INIT: 'Done',
      SORT: '20',
      SYSTEM: 'Y',
      CATEGORY_ID: '5',
      COLOR: '#7BD500',
      SEMANTICS: 'S',
      EXTRA: { SEMANTICS: 'success', COLOR: '#7BD500' },
    });
  });

  it('when it is called for one stage › gives only that stage', async () => {
    const { tokens } = await startWith({});

    const answer = await callRest(tokens, 'crm.status.list', {
      filter: { ENTITY_ID: 'DEAL_STAGE_3', STATUS_ID: 'C3:WON' },
    });

    expect(rowsOf(answer).map(({ STATUS_ID }) => STATUS_ID)).toEqual(['C3:WON']);
  });

  it('when an administrator calls crm.currency.list › gives currencies, and a total of 0', async () => {
    const { tokens } = await startWith({});

    const answer = await callRest(tokens, 'crm.currency.list');

    expect(answer.body.total).toBe(0);
    expect(rowsOf(answer).map(({ CURRENCY, BASE }) => [CURRENCY, BASE])).toEqual([
      ['RUB', 'N'],
      ['USD', 'Y'],
      ['EUR', 'N'],
      ['GBP', 'N'],
    ]);
  });

  it('when another user calls it › refuses', async () => {
    const { tokens } = await startWith({}, 2);

    const { status, body } = await callRest(tokens, 'crm.currency.list');

    expect(status).toBe(400);
    expect(body.error_description).toBe('Access denied.');
  });
});

describe('cost of lists of contacts and deals', () => {
  it('when they are served, in a batch too › pages and operating time are counted', async () => {
    const { emulator, tokens } = await startWith({});
    emulator.set({ operatingLimit: { thresholdSeconds: 10, secondsPerCall: 6 } });
    emulator.resetCost();

    const cmd = { people: 'crm.contact.list', deals: 'crm.deal.list', again: 'crm.deal.list' };
    await callRest(tokens, 'batch', { cmd });
    const { status, body } = await callRest(tokens, 'crm.deal.list');

    expect(emulator.cost().pages).toBe(3);
    expect([status, body.error]).toEqual([429, 'OPERATION_TIME_LIMIT']);
  });
});
