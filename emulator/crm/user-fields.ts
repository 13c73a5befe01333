import type { Language } from '../language.ts';

/** A field that the owner of the portal added (`UF_CRM_…`, company-data 5.1). */
export interface UserField {
  name: `UF_CRM_${string}`;
  type: UserFieldType;
  label: string;
  isMultiple?: boolean;
  /** Choices of an enumeration; company fields contain the ID. */
  items?: { ID: string; VALUE: string }[];
  /** The dictionary of a `crm_status`, an `ENTITY_ID` of `crm.status.list`. */
  statusType?: string;
  /** Default: the settings that the portal gives to a new field of this type. */
  settings?: Record<string, unknown>;
  /**
   * What a filter by the bare name does: `I` compares exactly, `E` finds a part, `S` and `N` take a pattern. Default
   * `E`.
   */
  showFilter?: 'N' | 'I' | 'E' | 'S';
  /** Only these portal users see the field; for others it does not exist. Default: all. */
  visibleTo?: readonly number[];
}

export type UserFieldType =
  | 'string'
  | 'integer'
  | 'double'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'enumeration'
  | 'url'
  | 'money'
  | 'address'
  | 'employee'
  | 'crm'
  | 'crm_status'
  | 'iblock_element'
  | 'iblock_section'
  | 'resourcebooking'
  | 'file'
  /** The type of an application. */
  | `rest_${string}`;

/** How the database holds the values of a user field; filters and orders depend on it (company-data 5.4). */
export type BaseType = 'int' | 'double' | 'text' | 'instant' | 'day';

const BASE_TYPES: Partial<Record<UserFieldType, BaseType>> = {
  integer: 'int',
  boolean: 'int',
  enumeration: 'int',
  employee: 'int',
  file: 'int',
  iblock_element: 'int',
  iblock_section: 'int',
  resourcebooking: 'int',
  double: 'double',
  datetime: 'instant',
  date: 'day',
};

/** Of all other types, money and addresses among them, the portal stores and compares a text. */
export function baseTypeOf({ type }: UserField): BaseType {
  return BASE_TYPES[type] ?? 'text';
}

/**
 * One field of each type that the application displays differently. Real names are numbers, so only the label has a
 * meaning.
 */
export function demoUserFields(language: Language): UserField[] {
  const inLanguage = (en: string, ru: string) => (language === 'ru' ? ru : en);
  return [
    {
      name: 'UF_CRM_1700000001',
      type: 'enumeration',
      label: inLanguage('Loyalty', 'Лояльность'),
      items: [
        { ID: '51', VALUE: inLanguage('Gold', 'Золото') },
        { ID: '52', VALUE: inLanguage('Silver', 'Серебро') },
        { ID: '53', VALUE: inLanguage('Bronze', 'Бронза') },
      ],
    },
    { name: 'UF_CRM_1700000002', type: 'boolean', label: inLanguage('Key account', 'Ключевой клиент') },
    { name: 'UF_CRM_1700000003', type: 'url', label: inLanguage('Catalogue', 'Каталог') },
    { name: 'UF_CRM_1700000004', type: 'date', label: inLanguage('Contract signed', 'Договор от') },
    {
      name: 'UF_CRM_1700000005',
      type: 'enumeration',
      label: inLanguage('Interests', 'Интересы'),
      isMultiple: true,
      items: [
        { ID: '61', VALUE: inLanguage('Equipment', 'Оборудование') },
        { ID: '62', VALUE: inLanguage('Spare parts', 'Запчасти') },
        { ID: '63', VALUE: inLanguage('Service', 'Сервис') },
        { ID: '64', VALUE: inLanguage('Training', 'Обучение') },
      ],
    },
  ];
}
