import { describe, expect, it } from '@jest/globals';

import {
  aCompany,
  aContact,
  aDeal,
  aMultifield,
  aPortal,
  callRest,
  type JsonRow,
  start,
  threeUsers,
  tokensFor,
} from './support.ts';

const [DEAL, CONTACT, COMPANY] = [2, 3, 4];

const companies = () => [
  aCompany({
    ID: '1',
    ASSIGNED_BY_ID: '1',
    PHONE: [
      aMultifield({ ID: '901', VALUE: '+1 212 555 0100' }),
      aMultifield({ ID: '902', VALUE: '+1 212 555 0101', VALUE_TYPE: 'MOBILE' }),
    ],
    UF_CRM_1700000005: ['61', '63'],
  }),
  aCompany({
    ID: '2',
    ASSIGNED_BY_ID: '2',
    COMPANY_TYPE: 'PARTNER',
    UF_CRM_1700000002: '1',
    REVENUE: '1000.50',
  }),
];

/** A portal with two companies, two contacts and two deals; `call` gives status and body of a call. */
async function startWithItems() {
  const stage = await start({
    portals: [
      aPortal({
        users: threeUsers(),
        companies: companies(),
        contacts: [
          aContact({
            ID: '11',
            COMPANY_ID: '1',
            NAME: 'Ann',
            LAST_NAME: 'Lee',
            EMAIL: [aMultifield({ TYPE_ID: 'EMAIL', VALUE: 'ann@example.com' })],
          }),
          aContact({ ID: '12', COMPANY_ID: '2', COMPANY_IDS: ['1'], BIRTHDATE: '1990-02-03T00:00:00+00:00' }),
        ],
        deals: [
          aDeal({ ID: '21', COMPANY_ID: '1', CONTACT_ID: '11', OPPORTUNITY: '250.75' }),
          aDeal({ ID: '22', COMPANY_ID: '2', STAGE_ID: 'WON', STAGE_SEMANTIC_ID: 'S', CLOSED: 'Y' }),
        ],
      }),
    ],
  });
  const call = (method: string, params: object, userId = 1) =>
    callRest(tokensFor(stage.portal, userId), method, params);
  const list = async (params: object, userId = 1) => {
    const { body } = await call('crm.item.list', params, userId);
    return (body.result as { items: JsonRow[] }).items;
  };
  const idsOf = async (params: object, userId = 1) =>
    (await list({ select: ['id'], ...params }, userId)).map(({ id }) => id);
  const get = async (entityTypeId: number, id: number, params: object = {}) => {
    const { body } = await call('crm.item.get', { entityTypeId, id, ...params });
    return (body.result as { item: JsonRow }).item;
  };
  return { ...stage, call, list, idsOf, get };
}

describe('values of crm.item.*', () => {
  it('when a company is read › numbers are typed, flags are Y or N, multifields are in fm', async () => {
    const { get } = await startWithItems();

    expect(await get(COMPANY, 2)).toMatchObject({
      id: 2,
      title: 'Company 2',
      typeId: 'PARTNER',
      revenue: 1000.5,
      assignedById: 2,
      createdTime: '2026-01-15T10:00:00+00:00',
      opened: 'Y',
      isMyCompany: 'N',
      hasPhone: 'N',
      leadId: null,
      logo: null,
      webformId: 0,
      categoryId: 0,
      observers: [],
      contactIds: [12],
      phone: '',
      fm: [],
      ufCrm_1700000002: 'Y',
      ufCrm_1700000005: [],
      entityTypeId: COMPANY,
    });
    expect(await get(COMPANY, 1)).toMatchObject({
      contactIds: [11, 12],
      phone: '+1 212 555 0100',
      phoneWork: '+1 212 555 0100',
      phoneMobile: '+1 212 555 0101',
      emailWork: '',
      fm: [
        { id: 901, typeId: 'PHONE', valueType: 'WORK', value: '+1 212 555 0100' },
        { id: 902, typeId: 'PHONE', valueType: 'MOBILE', value: '+1 212 555 0101' },
      ],
      ufCrm_1700000001: null,
      ufCrm_1700000002: 'N',
      ufCrm_1700000005: [61, 63],
    });
  });

  it('when a contact is read › has all its companies, and dates as instants', async () => {
    const { get } = await startWithItems();

    expect(await get(CONTACT, 12)).toMatchObject({
      id: 12,
      name: 'Some',
      companyId: 2,
      companyIds: [2, 1],
      birthdate: '1990-02-03T00:00:00+00:00',
      export: 'Y',
      entityTypeId: CONTACT,
    });
    expect(await get(CONTACT, 11)).toMatchObject({
      shortName: 'Lee A.',
      email: 'ann@example.com',
      birthdate: null,
    });
  });

  it('when a deal is read › has amounts as numbers and flags of its stage; it has no multifields', async () => {
    const { get } = await startWithItems();

    const open = await get(DEAL, 21);

    expect(open).toMatchObject({
      opportunity: 250.75,
      categoryId: 0,
      companyId: 1,
      contactId: 11,
      contactIds: [11],
      begindate: '2026-01-17T00:00:00+00:00',
      isWork: 'Y',
      isWon: 'N',
      entityTypeId: DEAL,
    });
    expect(open).not.toHaveProperty('contacts');
    expect(open).not.toHaveProperty('fm');
    expect(open).not.toHaveProperty('phone');
    expect(await get(DEAL, 22)).toMatchObject({
      contactId: 0,
      contactIds: [],
      closed: 'Y',
      isWork: 'N',
      isWon: 'Y',
      receivedAmount: 1000,
      lostAmount: 0,
    });
  });
});

describe('selections of crm.item.list', () => {
  it.each([
    ['names in camelCase', ['id', 'typeId', 'createdTime'], ['createdTime', 'id', 'typeId']],
    ['names in capitals', ['ID', 'TYPE_ID', 'CREATED_TIME'], ['createdTime', 'id', 'typeId']],
    ['a name that is not selected', ['title'], ['title']],
    ['fm, which cannot be selected by name', ['title', 'fm'], ['title']],
    ['a column of the classic methods', ['title', 'DATE_CREATE'], ['title']],
    ['an unknown name', ['title', 'nonsense'], ['title']],
    ['a field that is described only', ['title', 'contacts'], ['title']],
    ['user fields', ['UF_*'], [1, 2, 3, 4, 5].map((number) => `ufCrm_170000000${number}`)],
    ['one user field', ['ufCrm_1700000002'], ['ufCrm_1700000002']],
    ['one user field in capitals', ['UF_CRM_1700000002'], ['ufCrm_1700000002']],
    ['a first value of a multifield', ['phoneWork'], ['phoneWork']],
  ])('when a selection has %s › gives these keys', async (_, select, expected) => {
    const { list } = await startWithItems();

    const [item] = await list({ entityTypeId: COMPANY, select });

    expect(Object.keys(item ?? {}).sort()).toEqual(expected);
  });

  it('when original names of user fields are wanted › they have them, in filters too', async () => {
    const { list, get } = await startWithItems();

    const items = await list({
      entityTypeId: COMPANY,
      useOriginalUfNames: 'Y',
      filter: { UF_CRM_1700000002: 1 },
    });

    expect(items).toEqual([expect.objectContaining({ id: 2, UF_CRM_1700000002: 'Y' })]);
    expect(await get(COMPANY, 1, { useOriginalUfNames: 'Y' })).not.toHaveProperty('ufCrm_1700000002');
  });

  it('when fields are named and original names are wanted › only user fields come', async () => {
    const { list } = await startWithItems();

    const items = await list({
      entityTypeId: COMPANY,
      useOriginalUfNames: 'Y',
      select: ['id', 'title', 'UF_CRM_1700000002'],
    });

    expect(items).toEqual([{ UF_CRM_1700000002: 'N' }, { UF_CRM_1700000002: 'Y' }]);
  });
});

describe('filters and orders of crm.item.list', () => {
  it.each([
    ['camelCase', COMPANY, { filter: { typeId: 'PARTNER' } }, [2]],
    ['capitals', COMPANY, { filter: { '=TYPE_ID': 'PARTNER' } }, [2]],
    ['the column of the classic methods', COMPANY, { filter: { COMPANY_TYPE: 'PARTNER' } }, [2]],
    ['a user field', COMPANY, { filter: { '=ufCrm_1700000002': 1 } }, [2]],
    ['a list', COMPANY, { filter: { '@id': [1, 2, 99] } }, [1, 2]],
    ['a list without a prefix', COMPANY, { filter: { id: [2, 99] } }, [2]],
    ['a negated list', COMPANY, { filter: { '!@id': [2] } }, [1]],
    ['a substring', COMPANY, { filter: { '%title': 'any 2' } }, [2]],
    ['a negated pattern', COMPANY, { filter: { '!%title': 'any 2' } }, [1]],
    ['a range', COMPANY, { filter: { '>revenue': 1000, '<=REVENUE': 1000.5 } }, [2]],
    [
      'groups joined by OR',
      COMPANY,
      { filter: { logic: 'OR', 0: { typeId: 'PARTNER' }, 1: { id: 1 } } },
      [1, 2],
    ],
    [
      'a group inside of AND',
      COMPANY,
      { filter: { '>id': 0, 0: { LOGIC: 'OR', 0: { id: 1 }, 1: { id: 99 } } } },
      [1],
    ],
    ['an order in capitals', COMPANY, { order: { ID: 'DESC' } }, [2, 1]],
    ['an order in small letters', COMPANY, { order: { createdTime: 'asc', id: 'desc' } }, [2, 1]],
    ['contacts of a company', CONTACT, { filter: { companyId: 2 } }, [12]],
    ['deals of a contact', DEAL, { filter: { CONTACT_ID: 11 } }, [21]],
    ['an order of deals', DEAL, { order: { opportunity: 'DESC' } }, [22, 21]],
  ])('when it is given %s › follows it', async (_, entityTypeId, params, expected) => {
    const { idsOf } = await startWithItems();

    expect(await idsOf({ entityTypeId, ...params })).toEqual(expected);
  });

  it('when generated contacts are filtered by OR › rows of other companies are found too', async () => {
    const made = await start({ portals: [aPortal({ companies: { count: 20, seed: 1 } })] });
    const total = async (filter: object) =>
      (await callRest(tokensFor(made.portal), 'crm.item.list', { entityTypeId: CONTACT, filter })).body.total;

    const [all, ofOne, any] = [
      await total({}),
      await total({ companyId: 1 }),
      await total({ logic: 'OR', companyId: 1, '>id': 0 }),
    ];

    expect(ofOne).toBeLessThan(Number(all));
    expect(any).toBe(all);
  });

  const notAllowed = (field: string, where = 'filter') =>
    `Invalid ${where}: field '${field}' is not allowed in ${where}`;
  const badValue = (field: string) => `Invalid filter: field '${field}' has invalid value`;

  it.each([
    ['an unknown filter field', { filter: { nonsense: 'x' } }, notAllowed('NONSENSE')],
    ['an unknown field with a prefix', { filter: { '>=nonSense': 'x' } }, notAllowed('>=NON_SENSE')],
    [
      'an unknown field in a group',
      { filter: { 0: { logic: 'OR', 0: { nonsense: 1 } } } },
      notAllowed('NONSENSE'),
    ],
    ['a prefix that does not exist', { filter: { '<>id': 1 } }, notAllowed('<>ID')],
    ['fm', { filter: { fm: 1 } }, notAllowed('FM')],
    ['entityTypeId', { filter: { entityTypeId: 4 } }, notAllowed('ENTITY_TYPE_ID')],
    ['a list with a prefix that takes one value', { filter: { '>id': [1] } }, badValue('>ID')],
    ['a list of substrings', { filter: { '%title': ['a'] } }, badValue('%TITLE')],
    ['a range as a list', { filter: { '><id': [1, 2] } }, badValue('><ID')],
    ['an unknown order field', { order: { nonsense: 'ASC' } }, notAllowed('NONSENSE', 'order')],
    [
      'an unknown direction',
      { order: { id: 'up' } },
      "Invalid order: allowed sort directions are ASC, DESC. But got 'UP' for field 'ID'",
    ],
  ])('when there is %s › answers 400 INVALID_ARG_VALUE', async (_, params, error_description) => {
    const { call } = await startWithItems();

    const { status, body } = await call('crm.item.list', { entityTypeId: COMPANY, ...params });

    expect(status).toBe(400);
    expect(body).toEqual({ error: 'INVALID_ARG_VALUE', error_description });
  });
});

describe('pages and rights of crm.item.list', () => {
  const many = () => Array.from({ length: 120 }, (_, index) => aCompany({ ID: String(index + 1) }));

  it('when start is inside a page › it is rounded down; past the end the list is empty and counted', async () => {
    const { portal } = await start({ portals: [aPortal({ companies: many() })] });
    const page = async (start: number) =>
      (await callRest(tokensFor(portal), 'crm.item.list', { entityTypeId: COMPANY, select: ['id'], start }))
        .body;

    const [second, past, uncounted] = [await page(99), await page(150), await page(-1)];

    expect(second).toMatchObject({ total: 120, next: 100 });
    expect(second.result).toHaveProperty('items.0.id', 51);
    expect(past).toMatchObject({ total: 120, result: { items: [] } });
    expect(past).not.toHaveProperty('next');
    expect(uncounted).not.toHaveProperty('total');
    expect(uncounted).not.toHaveProperty('next');
  });

  it('when the portal counts slowly › a counted list takes that long, an uncounted one does not', async () => {
    const { portal } = await start({ portals: [aPortal({ companies: many() })], countingMs: 80 });
    const duration = async (start: number) => {
      const { body } = await callRest(tokensFor(portal), 'crm.item.list', { entityTypeId: COMPANY, start });
      return (body.time as { duration: number }).duration;
    };

    expect(await duration(0)).toBeGreaterThanOrEqual(0.08);
    expect(await duration(-1)).toBeLessThan(0.08);
  });

  it('when the user may read own items only › others are neither listed nor counted', async () => {
    const { call } = await startWithItems();

    const { body } = await call('crm.item.list', { entityTypeId: COMPANY, select: ['id'] }, 2);

    expect(body).toMatchObject({ result: { items: [{ id: 2 }] }, total: 1 });
  });

  // core:crm/lib/Service/UserPermissions, applyAvailableItemsFilter: without any access the filter becomes ID = 0.
  it('when the user has no right at all › the list is empty, it is not refused', async () => {
    const { call } = await startWithItems();

    const { status, body } = await call('crm.item.list', { entityTypeId: COMPANY }, 3);

    expect(status).toBe(200);
    expect(body).toMatchObject({ result: { items: [] }, total: 0 });
  });
});

describe('refusals of crm.item.*', () => {
  it.each([
    ['there is no such item', 'crm.item.get', { entityTypeId: COMPANY, id: 99 }, 1, 'NOT_FOUND'],
    ['it is another user’s', 'crm.item.get', { entityTypeId: COMPANY, id: 1 }, 2, 'ACCESS_DENIED'],
    [
      'the user has no right to describe it',
      'crm.item.fields',
      { entityTypeId: COMPANY },
      3,
      'ACCESS_DENIED',
    ],
    ['the type is old invoices', 'crm.item.list', { entityTypeId: 5 }, 1, 'ENTITY_TYPE_NOT_SUPPORTED'],
    ['the type does not exist', 'crm.item.list', { entityTypeId: 999 }, 1, 'NOT_FOUND'],
    [
      'the type of a single item does not exist',
      'crm.item.get',
      { entityTypeId: 128, id: 1 },
      1,
      'NOT_FOUND',
    ],
    ['the type is missing', 'crm.item.list', {}, 1, '100'],
    ['the type is no number', 'crm.item.fields', { entityTypeId: 'company' }, 1, '100'],
    ['the id is missing', 'crm.item.get', { entityTypeId: COMPANY }, 1, '100'],
    ['the filter is a text', 'crm.item.list', { entityTypeId: COMPANY, filter: 'id' }, 1, '100'],
    ['the order is a text', 'crm.item.list', { entityTypeId: COMPANY, order: 'id' }, 1, '100'],
    ['the selection is a text', 'crm.item.list', { entityTypeId: COMPANY, select: 'id' }, 1, '100'],
  ])('when %s › answers 400 with its code', async (_, method, params, userId, error) => {
    const { call } = await startWithItems();

    const { status, body } = await call(method, params, userId);

    expect(status).toBe(400);
    expect(body.error).toBe(error);
  });
});

describe('crm.item.fields', () => {
  it('when it is called › describes the fields of the type, without those that only answers have', async () => {
    const { call } = await startWithItems();

    const { body } = await call('crm.item.fields', { entityTypeId: DEAL });

    const { fields } = body.result as { fields: JsonRow };
    expect(fields).toMatchObject({
      id: { type: 'integer', isReadOnly: true, upperName: 'ID', title: 'ID' },
      stageId: { type: 'crm_status', statusType: 'DEAL_STAGE', upperName: 'STAGE_ID', title: 'Deal stage' },
      contactId: { type: 'crm_contact', isDeprecated: true },
      contactIds: { type: 'crm_contact', isMultiple: true, upperName: 'CONTACT_IDS' },
      companyId: { settings: { parentEntityTypeId: 4 } },
    });
    expect(fields).toHaveProperty('contacts');
    expect(fields).not.toHaveProperty('isWon');
    expect(fields).not.toHaveProperty('fm');
  });

  it('when companies have user fields › describes them by either name', async () => {
    const { call } = await startWithItems();
    const fieldsOf = async (useOriginalUfNames: string) =>
      (
        (await call('crm.item.fields', { entityTypeId: COMPANY, useOriginalUfNames })).body.result as {
          fields: JsonRow;
        }
      ).fields;

    expect(await fieldsOf('N')).toHaveProperty('ufCrm_1700000001', {
      type: 'enumeration',
      isRequired: false,
      isReadOnly: false,
      isImmutable: false,
      isMultiple: false,
      isDynamic: true,
      title: 'Loyalty',
      items: [{ ID: '51', VALUE: 'Gold' }, expect.anything(), expect.anything()],
      listLabel: 'Loyalty',
      formLabel: 'Loyalty',
      filterLabel: 'Loyalty',
      upperName: 'UF_CRM_1700000001',
    });
    expect(await fieldsOf('Y')).toHaveProperty('UF_CRM_1700000001');
  });
});
