import { asText } from '../wire/php-params.ts';
import { describeFields, listCrmRows, pick, readableBy } from './crm-list.ts';
import type { Outcome, RestCall, RestMethods } from './method.ts';
import { crmRefusal, RestRefusal } from './refusal.ts';

/** `crm.company.*` (sections 7.2 to 7.4). */
export const COMPANY_METHODS: RestMethods = {
  'crm.company.list': { scopes: ['crm'], run: (call) => listCrmRows(call, call.portal.companies) },
  'crm.company.get': { scopes: ['crm'], run: getCompany },
  'crm.company.fields': {
    scopes: ['crm'],
    run: ({ portal }) => describeFields(portal.companies.fields, portal),
  },
  'crm.company.contact.items.get': { scopes: ['crm'], run: listContactBindings },
};

/** Access is checked first, so that "Access denied." does not reveal whether the company exists (7.3). */
function getCompany(call: RestCall): Outcome {
  const { portal, user } = call;
  const id = readId(call);
  if (id === undefined) throw crmRefusal('ID is not defined or invalid.');
  const row = portal.companies.find(id);
  const mayRead = user.crm === 'all' || (row !== undefined && readableBy(user).test(row));
  if (!mayRead) throw crmRefusal('Access denied.');
  if (row === undefined) throw crmRefusal('Not found');
  return {
    result: pick(
      row,
      portal.companies.fields.filter(({ isUnlisted }) => !isUnlisted),
    ),
  };
}

const FIRST_SORT = 100;
const SORT_STEP = 10;

/**
 * Contacts of a company, main contact first. The list includes contacts that the user may not read, because only
 * access to the company is checked [RU:api-reference/crm/companies/contacts/crm-company-contact-items-get.md]. A
 * company that does not exist gives an empty list
 * [EN:api-reference/crm/leads/contacts/crm-lead-contact-items-get.md].
 */
function listContactBindings(call: RestCall): Outcome {
  const { portal, user } = call;
  if (user.crm === 'none') throw crmRefusal('Access denied.');
  const id = readId(call);
  if (id === undefined) throw crmRefusal('The parameter ownerEntityID is invalid or not defined.');
  const company = portal.companies.find(id);
  const mayRead = user.crm === 'all' || (company !== undefined && readableBy(user).test(company));
  if (!mayRead) throw new RestRefusal('ACCESS_DENIED', 'Access denied!', 403);
  const bindings = portal.contacts.ofCompany(id).map((contact, index) => ({
    CONTACT_ID: Number(contact.ID),
    SORT: FIRST_SORT + index * SORT_STEP,
    ROLE_ID: 0,
    IS_PRIMARY: index === 0 ? 'Y' : 'N',
  }));
  return { result: bindings };
}

function readId(call: RestCall): string | undefined {
  const id = asText(call.param('id')) ?? '';
  return /^[1-9]\d*$/.test(id) ? id : undefined;
}
