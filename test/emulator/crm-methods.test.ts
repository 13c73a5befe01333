import { describe, expect, it } from '@jest/globals';

import { aCompany, aMultifield, aPortal, callRest, rowsOf, start, threeUsers, tokensFor } from './support.ts';

const someCompanies = () => [
  aCompany({ ID: '1', ASSIGNED_BY_ID: '1', PHONE: [aMultifield({ VALUE: '+1 212 555 0100' })] }),
  aCompany({ ID: '2', ASSIGNED_BY_ID: '2', COMPANY_TYPE: 'PARTNER', UF_CRM_1700000002: '1' }),
];

async function startWithCompanies() {
  return start({ portals: [aPortal({ companies: someCompanies(), users: threeUsers() })] });
}

describe('crm.company.get', () => {
  it('when the company may be read › gives all fields, and multifields that have values', async () => {
    const { portal } = await startWithCompanies();

    const { body } = await callRest(tokensFor(portal), 'crm.company.get', { id: 1 });

    expect(body.result).toMatchObject({
      ID: '1',
      TITLE: 'Company 1',
      COMMENTS: null,
      UF_CRM_1700000002: '',
      UF_CRM_1700000005: false,
    });
    expect(body.result).toHaveProperty('PHONE', [expect.objectContaining({ VALUE: '+1 212 555 0100' })]);
    expect(body.result).not.toHaveProperty('EMAIL');
    expect(body.result).not.toHaveProperty('CONTACT_ID');
  });

  it.each([
    ['the company does not exist', 1, { id: 99 }, 'Not found'],
    ['it is somebody else’s', 2, { id: 1 }, 'Access denied.'],
    ['it does not exist and the user sees only own ones', 2, { id: 99 }, 'Access denied.'],
    ['the user has no right at all', 3, { id: 1 }, 'Access denied.'],
    ['the id is missing', 1, {}, 'ID is not defined or invalid.'],
    ['the id is no number', 1, { id: 'first' }, 'ID is not defined or invalid.'],
    ['the id is zero', 1, { id: 0 }, 'ID is not defined or invalid.'],
  ])('when %s › answers 400 with an empty code', async (_, userId, params, error_description) => {
    const { portal } = await startWithCompanies();

    const { status, body } = await callRest(tokensFor(portal, userId), 'crm.company.get', params);

    expect(status).toBe(400);
    expect(body).toEqual({ error: '', error_description });
  });
});

describe('crm.company.fields', () => {
  it('when it is called › describes each field', async () => {
    const { portal } = await startWithCompanies();

    const { body } = await callRest(tokensFor(portal, 3), 'crm.company.fields');

    expect(body.result).toMatchObject({
      ID: { type: 'integer', isReadOnly: true },
      TITLE: { type: 'string', isRequired: true, title: 'Company Name' },
      INDUSTRY: { type: 'crm_status', statusType: 'INDUSTRY' },
      PHONE: { type: 'crm_multifield', isMultiple: true },
      UF_CRM_1700000001: {
        type: 'enumeration',
        isDynamic: true,
        listLabel: 'Loyalty',
        items: [{ ID: '51', VALUE: 'Gold' }, expect.anything(), expect.anything()],
      },
    });
  });

  it('when the portal is Russian › titles are Russian', async () => {
    const { portal } = await start({ portals: [aPortal({ language: 'ru' })] });

    const { body } = await callRest(tokensFor(portal), 'crm.company.fields');

    expect(body.result).toHaveProperty('TITLE.title', 'Название компании');
  });
});

describe('dictionaries', () => {
  it('when crm.status.list is filtered by one dictionary › gives all of it, in order', async () => {
    const { portal } = await start();

    const answer = await callRest(tokensFor(portal), 'crm.status.list', {
      filter: { ENTITY_ID: 'COMPANY_TYPE' },
    });

    expect(rowsOf(answer).map(({ STATUS_ID }) => STATUS_ID)).toEqual([
      'CUSTOMER',
      'SUPPLIER',
      'COMPETITOR',
      'PARTNER',
      'OTHER',
    ]);
    expect(rowsOf(answer)[0]).toEqual({
      ID: '1',
      ENTITY_ID: 'COMPANY_TYPE',
      STATUS_ID: 'CUSTOMER',
      NAME: 'Client',
      NAME_INIT: '',
      SORT: '10',
      SYSTEM: 'N',
      CATEGORY_ID: null,
      COLOR: null,
      SEMANTICS: null,
    });
  });

  it('when it is filtered by an array of dictionaries › refuses', async () => {
    const { portal } = await start();

    const { status, body } = await callRest(tokensFor(portal), 'crm.status.list', {
      filter: { ENTITY_ID: ['INDUSTRY', 'EMPLOYEES'] },
    });

    expect(status).toBe(400);
    expect(body).toEqual({ error: '', error_description: 'Filter by ENTITY_ID must be a string' });
  });

  it('when a portal has its own dictionary › gives its items', async () => {
    const dictionaries = { COMPANY_TYPE: [{ STATUS_ID: 'UC_1', NAME: 'Friend', SORT: '5' }] };
    const { portal } = await start({ portals: [aPortal({ dictionaries })] });

    const { body } = await callRest(tokensFor(portal), 'crm.status.entity.items', {
      entityId: 'COMPANY_TYPE',
    });

    expect(body.result).toEqual([{ NAME: 'Friend', SORT: 5, STATUS_ID: 'UC_1' }]);
  });

  it('when crm.status.entity.items is called for an unknown dictionary › refuses', async () => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'crm.status.entity.items', { entityId: 'NOPE' });

    expect(body).toEqual({ error: '', error_description: 'Invalid parameters.' });
  });
});
