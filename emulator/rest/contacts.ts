import { CONTACT_FIELDS } from '../crm/contact-fields.ts';
import { describeFields, listCrmRows } from './crm-list.ts';
import type { RestMethods } from './method.ts';

/** `crm.contact.*` [RU:api-reference/crm/contacts/crm-contact-list.md, crm-contact-fields.md]. */
export const CONTACT_METHODS: RestMethods = {
  'crm.contact.list': { scopes: ['crm'], run: (call) => listCrmRows(call, 'contact', call.portal.contacts) },
  'crm.contact.fields': { scopes: ['crm'], run: (call) => describeFields(CONTACT_FIELDS, call) },
};
