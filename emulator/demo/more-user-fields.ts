import type { UserField } from '../crm/user-fields.ts';
import type { Language } from '../language.ts';

/**
 * User fields of the demo portals in addition to `demoUserFields`: types whose values on the wire have several parts,
 * or refer to something else.
 */
export function moreDemoUserFields(language: Language): UserField[] {
  return FIELDS.map(([name, type, en, ru, more]) => ({
    name,
    type,
    label: language === 'ru' ? ru : en,
    ...more,
  }));
}

type Line = readonly [
  name: UserField['name'],
  type: UserField['type'],
  en: string,
  ru: string,
  more?: Partial<UserField>,
];

const FIELDS: readonly Line[] = [
  ['UF_CRM_1700000006', 'money', 'Credit limit', 'Кредитный лимит'],
  ['UF_CRM_1700000007', 'address', 'Warehouse', 'Склад'],
  ['UF_CRM_1700000008', 'employee', 'Second manager', 'Второй менеджер'],
  [
    'UF_CRM_1700000009',
    'crm',
    'Related records',
    'Связанные записи',
    { isMultiple: true, settings: { LEAD: 'N', CONTACT: 'Y', COMPANY: 'Y', DEAL: 'Y' } },
  ],
  ['UF_CRM_1700000010', 'datetime', 'Next call', 'Следующий звонок'],
  ['UF_CRM_1700000011', 'file', 'Contract scan', 'Скан договора'],
];
