import { MULTIFIELDS } from './company-row.ts';
import type { UserField } from './user-fields.ts';

/** A field of the company, as `crm.company.fields` describes it (section 7.4). */
export interface CompanyField {
  name: string;
  type: string;
  isReadOnly: boolean;
  isMultiple: boolean;
  isDynamic: boolean;
  en: string;
  ru: string;
  userField?: UserField;
}

type Row = readonly [name: string, type: string, en?: string, ru?: string, marks?: string];

/** Marks: `r` read-only, `m` multiple. A field without titles is titled by its name. */
const ORDINARY: readonly Row[] = [
  ['ID', 'integer', 'ID', 'ID', 'r'],
  ['TITLE', 'string', 'Company Name', 'Название компании'],
  ['COMPANY_TYPE', 'crm_status', 'Company type', 'Тип компании'],
  ['LOGO', 'file', 'Logo', 'Логотип'],
  ['ADDRESS', 'string', 'Address', 'Адрес'],
  ['ADDRESS_2', 'string', 'Address (line 2)', 'Адрес (стр. 2)'],
  ['ADDRESS_CITY', 'string', 'City', 'Город'],
  ['ADDRESS_POSTAL_CODE', 'string', 'Zip', 'Почтовый индекс'],
  ['ADDRESS_REGION', 'string', 'Region', 'Район'],
  ['ADDRESS_PROVINCE', 'string', 'State / Province', 'Область'],
  ['ADDRESS_COUNTRY', 'string', 'Country', 'Страна'],
  ['ADDRESS_COUNTRY_CODE', 'string', 'Country code', 'Код страны'],
  ['ADDRESS_LOC_ADDR_ID', 'integer'],
  ['ADDRESS_LEGAL', 'string', 'Legal address', 'Юридический адрес'],
  ['REG_ADDRESS', 'string', 'Registered address', 'Юридический адрес'],
  ['REG_ADDRESS_2', 'string'],
  ['REG_ADDRESS_CITY', 'string'],
  ['REG_ADDRESS_POSTAL_CODE', 'string'],
  ['REG_ADDRESS_REGION', 'string'],
  ['REG_ADDRESS_PROVINCE', 'string'],
  ['REG_ADDRESS_COUNTRY', 'string'],
  ['REG_ADDRESS_COUNTRY_CODE', 'string'],
  ['REG_ADDRESS_LOC_ADDR_ID', 'integer'],
  ['BANKING_DETAILS', 'string', 'Bank details', 'Банковские реквизиты'],
  ['INDUSTRY', 'crm_status', 'Industry', 'Сфера деятельности'],
  ['EMPLOYEES', 'crm_status', 'Employees', 'Кол-во сотрудников'],
  ['CURRENCY_ID', 'crm_currency', 'Currency', 'Валюта'],
  ['REVENUE', 'double', 'Annual revenue', 'Годовой оборот'],
  ['OPENED', 'char', 'Available to everyone', 'Доступна для всех'],
  ['COMMENTS', 'string', 'Comment', 'Комментарий'],
  ['HAS_PHONE', 'char', 'Has phone', 'Задан телефон', 'r'],
  ['HAS_EMAIL', 'char', 'Has email', 'Задан e-mail', 'r'],
  ['HAS_IMOL', 'char', 'Has Open Channel', 'Задана открытая линия', 'r'],
  ['IS_MY_COMPANY', 'char', 'My Company', 'Моя компания'],
  ['ASSIGNED_BY_ID', 'user', 'Responsible person', 'Ответственный'],
  ['CREATED_BY_ID', 'user', 'Created by', 'Кем создана', 'r'],
  ['MODIFY_BY_ID', 'user', 'Modified by', 'Кем изменена', 'r'],
  ['DATE_CREATE', 'datetime', 'Created on', 'Дата создания', 'r'],
  ['DATE_MODIFY', 'datetime', 'Modified on', 'Дата изменения', 'r'],
  ['CONTACT_ID', 'crm_contact', 'Contact', 'Контакт', 'm'],
  ['LAST_ACTIVITY_TIME', 'datetime', 'Last updated on', 'Последняя активность', 'r'],
  ['LAST_ACTIVITY_BY', 'user', 'Last timeline activity by', 'Автор последней активности', 'r'],
  ['LAST_COMMUNICATION_TIME', 'string', 'Last contact', 'Последняя коммуникация', 'r'],
  ['LEAD_ID', 'crm_lead', 'Lead', 'Лид', 'r'],
  ['ORIGINATOR_ID', 'string', 'External source', 'Внешний источник'],
  ['ORIGIN_ID', 'string', 'Item ID in data source', 'Идентификатор элемента во внешнем источнике'],
  ['ORIGIN_VERSION', 'string', 'Original version', 'Версия оригинала'],
  ['UTM_SOURCE', 'string', 'UTM Source', 'Рекламная система'],
  ['UTM_MEDIUM', 'string', 'UTM Medium', 'Тип трафика'],
  ['UTM_CAMPAIGN', 'string', 'UTM Campaign', 'Обозначение рекламной кампании'],
  ['UTM_CONTENT', 'string', 'UTM Content', 'Содержание кампании'],
  ['UTM_TERM', 'string', 'UTM Term', 'Условие поиска кампании'],
];

const MULTIFIELD_TITLES: Record<(typeof MULTIFIELDS)[number], readonly [string, string]> = {
  PHONE: ['Phone', 'Телефон'],
  EMAIL: ['E-mail', 'E-mail'],
  WEB: ['Website', 'Сайт'],
  IM: ['Messenger', 'Мессенджер'],
  LINK: ['Link', 'Ссылка'],
};

/** All fields of a portal's companies, in the order in which answers show them. */
export function companyFields(userFields: UserField[]): CompanyField[] {
  return [
    ...ORDINARY.map(([name, type, en = name, ru = en, marks = '']) => ({
      name,
      type,
      isReadOnly: marks.includes('r'),
      isMultiple: marks.includes('m'),
      isDynamic: false,
      en,
      ru,
    })),
    ...MULTIFIELDS.map((name) => ({
      name,
      type: 'crm_multifield',
      isReadOnly: false,
      isMultiple: true,
      isDynamic: false,
      en: MULTIFIELD_TITLES[name][0],
      ru: MULTIFIELD_TITLES[name][1],
    })),
    ...userFields.map((userField) => ({
      name: userField.name,
      type: userField.type,
      isReadOnly: false,
      isMultiple: userField.isMultiple ?? false,
      isDynamic: true,
      en: userField.label,
      ru: userField.label,
      userField,
    })),
  ];
}
