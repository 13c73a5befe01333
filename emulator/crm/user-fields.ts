import type { Language } from '../language.ts';

/** A field that the owner of the portal added (`UF_CRM_…`, section 7.4). */
export interface UserField {
  name: `UF_CRM_${string}`;
  type: UserFieldType;
  label: string;
  isMultiple?: boolean;
  /** Choices of an enumeration; company fields contain the ID. */
  items?: { ID: string; VALUE: string }[];
}

export type UserFieldType =
  | 'string'
  | 'integer'
  | 'double'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'enumeration'
  | 'url';

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
