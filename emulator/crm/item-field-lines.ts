/**
 * One field of `crm.item.*` in short form: its name, its type, and the column of the classic row that has its value.
 * Without a column the value is computed (`item-computed.ts`). In `type` the dictionary of a `crm_status` follows.
 *
 * Marks: `r` read-only, `i` immutable, `m` multiple, `d` deprecated, `h` in answers but not in `crm.item.fields`, `0`
 * zero instead of null.
 */
export type ItemFieldLine = readonly [name: string, type: string, column?: string, marks?: string];

/** In every item [RU:api-reference/crm/universal/object-fields.md; samples of crm-item-fields.md, crm-item-get.md]. */
const COMMON: readonly ItemFieldLine[] = [
  ['id', 'integer', 'ID', 'r'],
  ['createdTime', 'datetime', 'DATE_CREATE', 'r'],
  ['updatedTime', 'datetime', 'DATE_MODIFY', 'r'],
  ['createdBy', 'user', 'CREATED_BY_ID', 'r'],
  ['updatedBy', 'user', 'MODIFY_BY_ID', 'r'],
  ['assignedById', 'user', 'ASSIGNED_BY_ID'],
  ['opened', 'boolean', 'OPENED'],
  ['webformId', 'crm_webform', '', 'i0'],
  ['observers', 'user', '', 'm'],
  ['comments', 'text', 'COMMENTS'],
  ['leadId', 'crm_lead', 'LEAD_ID'],
  ['originatorId', 'string', 'ORIGINATOR_ID'],
  ['originId', 'string', 'ORIGIN_ID'],
  ['lastActivityBy', 'user', 'LAST_ACTIVITY_BY'],
  ['lastActivityTime', 'datetime', 'LAST_ACTIVITY_TIME'],
  ['lastCommunicationTime', 'string', 'LAST_COMMUNICATION_TIME', 'r'],
  ['lastCommunicationCallTime', 'datetime', '', 'r'],
  ['lastCommunicationEmailTime', 'datetime', '', 'r'],
  ['lastCommunicationImolTime', 'datetime', '', 'r'],
  ['lastCommunicationWebformTime', 'datetime', '', 'r'],
  ['utmSource', 'string', 'UTM_SOURCE'],
  ['utmMedium', 'string', 'UTM_MEDIUM'],
  ['utmCampaign', 'string', 'UTM_CAMPAIGN'],
  ['utmContent', 'string', 'UTM_CONTENT'],
  ['utmTerm', 'string', 'UTM_TERM'],
  ['searchContent', 'text', '', 'h'],
];

/** Companies and contacts have multifields; the others here are the first value of a kind. */
const WITH_MULTIFIELDS: readonly ItemFieldLine[] = [
  ['hasPhone', 'boolean', 'HAS_PHONE', 'r'],
  ['hasEmail', 'boolean', 'HAS_EMAIL', 'r'],
  ['hasImol', 'boolean', 'HAS_IMOL', 'r'],
  ['originVersion', 'string', 'ORIGIN_VERSION'],
  ['address', 'text', 'ADDRESS', 'h'],
  ['categoryId', 'crm_category', '', '0'],
  ['email', 'string', '', 'h'],
  ['emailHome', 'string', '', 'h'],
  ['emailWork', 'string', '', 'h'],
  ['emailMailing', 'string', '', 'h'],
  ['phone', 'string', '', 'h'],
  ['phoneMobile', 'string', '', 'h'],
  ['phoneWork', 'string', '', 'h'],
  ['phoneMailing', 'string', '', 'h'],
  ['imol', 'string', '', 'h'],
  ['fm', 'crm_multifield', '', 'm'],
];

const COMPANY: readonly ItemFieldLine[] = [
  ['title', 'string', 'TITLE'],
  ['typeId', 'crm_status COMPANY_TYPE', 'COMPANY_TYPE'],
  ['industry', 'crm_status INDUSTRY', 'INDUSTRY'],
  ['employees', 'crm_status EMPLOYEES', 'EMPLOYEES'],
  ['revenue', 'double', 'REVENUE'],
  ['currencyId', 'crm_currency', 'CURRENCY_ID'],
  ['logo', 'file', 'LOGO'],
  ['bankingDetails', 'text', 'BANKING_DETAILS', 'd'],
  ['isMyCompany', 'boolean', 'IS_MY_COMPANY', 'i'],
  ['contactIds', 'crm_contact', '', 'm'],
  ['addressLegal', 'text', 'ADDRESS_LEGAL', 'h'],
  ['ufAccountantSign', 'file', '', 'h'],
  ['ufDirectorSign', 'file', '', 'h'],
  ['ufLogo', 'file', '', 'h'],
  ['ufStamp', 'file', '', 'h'],
];

const CONTACT: readonly ItemFieldLine[] = [
  ['honorific', 'crm_status HONORIFIC', 'HONORIFIC'],
  ['name', 'string', 'NAME'],
  ['secondName', 'string', 'SECOND_NAME'],
  ['lastName', 'string', 'LAST_NAME'],
  ['shortName', 'string', '', 'h'],
  ['photo', 'file', 'PHOTO'],
  ['birthdate', 'date', 'BIRTHDATE'],
  ['typeId', 'crm_status CONTACT_TYPE', 'TYPE_ID'],
  ['sourceId', 'crm_status SOURCE', 'SOURCE_ID'],
  ['sourceDescription', 'text', 'SOURCE_DESCRIPTION'],
  ['companyId', 'crm_company', 'COMPANY_ID', 'd0'],
  ['companyIds', 'crm_company', '', 'm'],
  ['post', 'string', 'POST'],
  ['export', 'boolean', 'EXPORT'],
  ['login', 'string', '', 'h'],
];

const DEAL: readonly ItemFieldLine[] = [
  ['title', 'string', 'TITLE'],
  ['typeId', 'crm_status DEAL_TYPE', 'TYPE_ID'],
  ['categoryId', 'crm_category', 'CATEGORY_ID', '0'],
  ['stageId', 'crm_status DEAL_STAGE', 'STAGE_ID'],
  ['previousStageId', 'crm_status DEAL_STAGE', '', 'r'],
  ['stageSemanticId', 'string', 'STAGE_SEMANTIC_ID', 'r'],
  ['isNew', 'boolean', 'IS_NEW', 'r'],
  ['isRecurring', 'boolean', 'IS_RECURRING'],
  ['isReturnCustomer', 'boolean', 'IS_RETURN_CUSTOMER', 'r'],
  ['isRepeatedApproach', 'boolean', 'IS_REPEATED_APPROACH', 'r'],
  ['closed', 'boolean', 'CLOSED', 'r'],
  ['probability', 'integer', 'PROBABILITY'],
  ['currencyId', 'crm_currency', 'CURRENCY_ID'],
  ['opportunity', 'double', 'OPPORTUNITY', '0'],
  ['isManualOpportunity', 'boolean', 'IS_MANUAL_OPPORTUNITY'],
  ['taxValue', 'double', 'TAX_VALUE', '0'],
  ['companyId', 'crm_company', 'COMPANY_ID', '0'],
  ['contactId', 'crm_contact', 'CONTACT_ID', 'd0'],
  ['contactIds', 'crm_contact', '', 'm'],
  ['quoteId', 'crm_quote', 'QUOTE_ID'],
  ['mycompanyId', 'crm_company', '', '0'],
  ['begindate', 'date', 'BEGINDATE'],
  ['closedate', 'date', 'CLOSEDATE'],
  ['movedBy', 'user', 'MOVED_BY_ID', 'r'],
  ['movedTime', 'datetime', 'MOVED_TIME', 'r'],
  ['sourceId', 'crm_status SOURCE', 'SOURCE_ID'],
  ['sourceDescription', 'text', 'SOURCE_DESCRIPTION'],
  ['additionalInfo', 'string', 'ADDITIONAL_INFO'],
  ['locationId', 'location', 'LOCATION_ID'],
  ['begindateShort', 'datetime', 'BEGINDATE', 'h'],
  ['closedateShort', 'datetime', 'CLOSEDATE', 'h'],
  ['dateCreateShort', 'datetime', 'DATE_CREATE', 'h'],
  ['dateModifyShort', 'datetime', 'DATE_MODIFY', 'h'],
  ['eventDate', 'datetime', '', 'h'],
  ['eventDateShort', 'datetime', '', 'h'],
  ['eventDescription', 'text', '', 'h'],
  ['eventId', 'crm_status EVENT_TYPE', '', 'h'],
  ['productId', 'string', '', 'h'],
  ['hasProducts', 'boolean', '', 'h'],
  ['isWork', 'boolean', '', 'h'],
  ['isWon', 'boolean', '', 'h'],
  ['isLose', 'boolean', '', 'h'],
  ['receivedAmount', 'integer', '', 'h'],
  ['lostAmount', 'integer', '', 'h'],
  ['orderStage', 'string', '', 'h'],
];

/** Fields of an item, by `entityTypeId`. */
export const ITEM_FIELD_LINES: Readonly<Record<2 | 3 | 4, readonly ItemFieldLine[]>> = {
  2: [...COMMON, ...DEAL],
  3: [...COMMON, ...CONTACT, ...WITH_MULTIFIELDS],
  4: [...COMMON, ...COMPANY, ...WITH_MULTIFIELDS],
};
