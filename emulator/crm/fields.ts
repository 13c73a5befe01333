import { MULTIFIELDS } from './row.ts';
import type { UserField } from './user-fields.ts';

/** A field, as `crm.company.fields`, `crm.contact.fields` and `crm.deal.fields` describe it (section 7.4). */
export interface CrmField {
  name: string;
  type: string;
  /** For type `crm_status`: its dictionary, an `ENTITY_ID` of `crm.status.list`. */
  statusType?: string;
  isRequired: boolean;
  isReadOnly: boolean;
  isImmutable: boolean;
  isMultiple: boolean;
  isDynamic: boolean;
  isDeprecated: boolean;
  /** The field is in the description only: list methods neither return it nor filter by it. */
  isUnlisted: boolean;
  en: string;
  ru: string;
  userField?: UserField;
  /** The column that rows are ordered by; default the field itself. */
  orderColumn?: string;
}

/**
 * One field in short form. In `type` the name of the dictionary follows `crm_status` if it differs from the field
 * name: `crm_status CONTACT_TYPE`.
 *
 * Marks: `q` required, `r` read-only, `i` immutable, `m` multiple, `d` deprecated, `u` unlisted. Without titles the
 * name is the title.
 */
export type FieldLine = readonly [name: string, type: string, en?: string, ru?: string, marks?: string];

export function readField([name, typeAndDictionary, en = name, ru = en, marks = '']: FieldLine): CrmField {
  const [type = '', dictionary = name] = typeAndDictionary.split(' ');
  return {
    name,
    type,
    ...(type === 'crm_status' && { statusType: dictionary }),
    isRequired: marks.includes('q'),
    isReadOnly: marks.includes('r'),
    isImmutable: marks.includes('i'),
    isMultiple: marks.includes('m'),
    isDynamic: false,
    isDeprecated: marks.includes('d'),
    isUnlisted: marks.includes('u'),
    en,
    ru,
  };
}

const MULTIFIELD_TITLES: Record<(typeof MULTIFIELDS)[number], readonly [string, string]> = {
  PHONE: ['Phone', 'Телефон'],
  EMAIL: ['E-mail', 'E-mail'],
  WEB: ['Website', 'Сайт'],
  IM: ['Messenger', 'Мессенджер'],
  LINK: ['Link', 'Ссылка'],
};

export function multifieldFields(): CrmField[] {
  return MULTIFIELDS.map((name) => readField([name, 'crm_multifield', ...MULTIFIELD_TITLES[name], 'm']));
}

export function fieldOfUserField(userField: UserField): CrmField {
  const { name, type, label, isMultiple, statusType } = userField;
  return {
    ...readField([name, type, label, label, isMultiple ? 'm' : '']),
    ...(statusType !== undefined && { statusType }),
    isDynamic: true,
    userField,
  };
}

/** The fields that exist for this portal user: some user fields are hidden from others (company-data 5.1). */
export function visibleFields(fields: readonly CrmField[], userId: number): CrmField[] {
  return fields.filter(({ userField }) => userField?.visibleTo?.includes(userId) ?? true);
}

/** `entityTypeId` of the entities that a field may refer to. */
const PARENT_TYPES: Readonly<Record<string, number>> = { crm_lead: 1, crm_company: 4, crm_quote: 7 };

/**
 * Settings of a field that refers to one other entity [samples of RU:api-reference/crm/deals/crm-deal-fields.md,
 * crm-contact-fields.md]; a deprecated reference has none.
 */
export function parentSettings({
  type,
  isMultiple,
  isDeprecated,
}: Pick<CrmField, 'type' | 'isMultiple' | 'isDeprecated'>): { settings?: { parentEntityTypeId: number } } {
  const parentEntityTypeId = isMultiple || isDeprecated ? undefined : PARENT_TYPES[type];
  return parentEntityTypeId === undefined ? {} : { settings: { parentEntityTypeId } };
}
