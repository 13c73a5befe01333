import { type CrmField, type FieldLine, readField } from './fields.ts';

/** In the order of the sample answer [RU:api-reference/crm/deals/crm-deal-get.md, crm-deal-fields.md]. */
const LINES: readonly FieldLine[] = [
  ['ID', 'integer', 'ID', 'ID', 'r'],
  ['TITLE', 'string', 'Name', 'Название'],
  ['TYPE_ID', 'crm_status DEAL_TYPE', 'Type', 'Тип'],
  ['STAGE_ID', 'crm_status DEAL_STAGE', 'Deal stage', 'Стадия сделки'],
  ['PROBABILITY', 'integer', 'Probability', 'Вероятность'],
  ['CURRENCY_ID', 'crm_currency', 'Currency', 'Валюта'],
  ['OPPORTUNITY', 'double', 'Amount', 'Сумма'],
  ['IS_MANUAL_OPPORTUNITY', 'char'],
  ['TAX_VALUE', 'double', 'Tax rate', 'Ставка налога'],
  ['LEAD_ID', 'crm_lead', 'Lead', 'Лид', 'r'],
  ['COMPANY_ID', 'crm_company', 'Company', 'Компания'],
  ['CONTACT_ID', 'crm_contact', 'Contact', 'Контакт', 'd'],
  ['CONTACT_IDS', 'crm_contact', 'Contacts', 'Контакты', 'mu'],
  ['QUOTE_ID', 'crm_quote', 'Estimate', 'Предложение', 'r'],
  ['BEGINDATE', 'date', 'Start date', 'Дата начала'],
  ['CLOSEDATE', 'date', 'End date', 'Дата завершения'],
  ['ASSIGNED_BY_ID', 'user', 'Responsible person', 'Ответственный'],
  ['CREATED_BY_ID', 'user', 'Created by', 'Кем создана', 'r'],
  ['MODIFY_BY_ID', 'user', 'Modified by', 'Кем изменена', 'r'],
  ['DATE_CREATE', 'datetime', 'Created on', 'Дата создания', 'r'],
  ['DATE_MODIFY', 'datetime', 'Modified on', 'Дата изменения', 'r'],
  ['OPENED', 'char', 'Available to everyone', 'Доступна для всех'],
  ['CLOSED', 'char', 'Closed', 'Закрыта'],
  ['COMMENTS', 'string', 'Comment', 'Комментарий'],
  ['ADDITIONAL_INFO', 'string', 'Additional information', 'Дополнительная информация'],
  ['LOCATION_ID', 'location', 'Location', 'Местоположение'],
  ['CATEGORY_ID', 'crm_category', 'Pipeline', 'Воронка', 'i'],
  ['STAGE_SEMANTIC_ID', 'string', 'Stage group', 'Группа стадии', 'r'],
  ['IS_NEW', 'char', 'New deal', 'Новая сделка', 'r'],
  ['IS_RECURRING', 'char', 'Recurring deal', 'Регулярная сделка'],
  ['IS_RETURN_CUSTOMER', 'char', 'Repeat deal', 'Повторная сделка'],
  ['IS_REPEATED_APPROACH', 'char', 'Repeat inquiry', 'Повторное обращение'],
  ['SOURCE_ID', 'crm_status SOURCE', 'Source', 'Источник'],
  ['SOURCE_DESCRIPTION', 'string', 'Source information', 'Дополнительно об источнике'],
  ['ORIGINATOR_ID', 'string', 'External source', 'Внешний источник'],
  ['ORIGIN_ID', 'string', 'Item ID in data source', 'Идентификатор элемента во внешнем источнике'],
  ['MOVED_BY_ID', 'user', 'MOVED_BY_ID', 'MOVED_BY_ID', 'r'],
  ['MOVED_TIME', 'datetime', 'MOVED_TIME', 'MOVED_TIME', 'r'],
  ['LAST_ACTIVITY_TIME', 'datetime', 'Last updated on', 'Последняя активность', 'r'],
  ['UTM_SOURCE', 'string', 'UTM Source', 'Рекламная система'],
  ['UTM_MEDIUM', 'string', 'UTM Medium', 'Тип трафика'],
  ['UTM_CAMPAIGN', 'string', 'UTM Campaign', 'Обозначение рекламной кампании'],
  ['UTM_CONTENT', 'string', 'UTM Content', 'Содержание кампании'],
  ['UTM_TERM', 'string', 'UTM Term', 'Условие поиска кампании'],
  ['LAST_ACTIVITY_BY', 'user', 'Last timeline activity by', 'Автор последней активности', 'r'],
];

/** Name of an internal column, see `dealColumns`. */
export const STAGE_SORT = 'STAGE_SORT';

/** An order by stage is that of the pipeline, not of the IDs [core:crm/classes/general/crm_deal.php]. */
export const DEAL_FIELDS: CrmField[] = LINES.map(readField).map((field) =>
  field.name === 'STAGE_ID' ? { ...field, orderColumn: STAGE_SORT } : field,
);
