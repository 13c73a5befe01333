import type { CompanyRow, CrmValue, Multifield } from './row.ts';
import { MULTIFIELDS } from './row.ts';
import type { UserField } from './user-fields.ts';

/** A company field of `crm.item.*`: with another name, and a typed value (section 7.6). */
export interface ItemField {
  /** camelCase; for a user field the original name if the caller set `useOriginalUfNames`. */
  name: string;
  rowField: string;
  toValue(value: CrmValue | undefined): unknown;
}

const asIs = (value: CrmValue | undefined) => value ?? null;
const asNumber = (value: CrmValue | undefined) =>
  typeof value === 'string' && value !== '' ? Number(value) : null;
const asNumbers = (value: CrmValue | undefined) => (Array.isArray(value) ? value.map(Number) : []);
const asFlag = (value: CrmValue | undefined) => (value === '1' ? 'Y' : 'N');

const ORDINARY: readonly (readonly [name: string, rowField: string, toValue: ItemField['toValue']])[] = [
  ['id', 'ID', asNumber],
  ['title', 'TITLE', asIs],
  ['typeId', 'COMPANY_TYPE', asIs],
  ['industry', 'INDUSTRY', asIs],
  ['employees', 'EMPLOYEES', asIs],
  ['revenue', 'REVENUE', asNumber],
  ['currencyId', 'CURRENCY_ID', asIs],
  ['logo', 'LOGO', asIs],
  ['comments', 'COMMENTS', asIs],
  ['bankingDetails', 'BANKING_DETAILS', asIs],
  ['isMyCompany', 'IS_MY_COMPANY', asIs],
  ['hasPhone', 'HAS_PHONE', asIs],
  ['hasEmail', 'HAS_EMAIL', asIs],
  ['hasImol', 'HAS_IMOL', asIs],
  ['contactIds', 'CONTACT_ID', asNumbers],
  ['originatorId', 'ORIGINATOR_ID', asIs],
  ['originId', 'ORIGIN_ID', asIs],
  ['assignedById', 'ASSIGNED_BY_ID', asNumber],
  ['createdBy', 'CREATED_BY_ID', asNumber],
  ['createdTime', 'DATE_CREATE', asIs],
  ['updatedBy', 'MODIFY_BY_ID', asNumber],
  ['updatedTime', 'DATE_MODIFY', asIs],
  ['lastActivityBy', 'LAST_ACTIVITY_BY', asNumber],
  ['lastActivityTime', 'LAST_ACTIVITY_TIME', asIs],
  ['opened', 'OPENED', asIs],
  ['leadId', 'LEAD_ID', asNumber],
  ['utmSource', 'UTM_SOURCE', asIs],
  ['utmMedium', 'UTM_MEDIUM', asIs],
  ['utmCampaign', 'UTM_CAMPAIGN', asIs],
  ['utmContent', 'UTM_CONTENT', asIs],
  ['utmTerm', 'UTM_TERM', asIs],
];

export function itemFields(userFields: UserField[], useOriginalUfNames: boolean): ItemField[] {
  return [
    ...ORDINARY.map(([name, rowField, toValue]) => ({ name, rowField, toValue })),
    ...userFields.map((field) => ({
      name: useOriginalUfNames ? field.name : toCamelCase(field.name),
      rowField: field.name,
      toValue: userFieldValue(field),
    })),
  ];
}

function userFieldValue({ type, isMultiple }: UserField): ItemField['toValue'] {
  if (type === 'boolean') return asFlag;
  const isNumber = type === 'enumeration' || type === 'integer' || type === 'double';
  if (isMultiple) return isNumber ? asNumbers : (value) => value ?? [];
  return isNumber ? asNumber : asIs;
}

/**
 * `UF_CRM_LOYALTY` → `ufCrmLoyalty`, `UF_CRM_1700000001` → `ufCrm_1700000001`: an underscore before a digit stays.
 */
function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** All multifields of a company in one list, the format of `fm`. */
export function toFm(row: CompanyRow) {
  const items = MULTIFIELDS.flatMap((name): Multifield[] => row[name] ?? []);
  return items.map(({ ID, TYPE_ID, VALUE_TYPE, VALUE }) => ({
    id: Number(ID),
    typeId: TYPE_ID,
    valueType: VALUE_TYPE,
    value: VALUE,
  }));
}
