import type { CrmField } from './fields.ts';
import { COMPUTED, type ItemContext } from './item-computed.ts';
import { ITEM_FIELD_LINES, type ItemFieldLine } from './item-field-lines.ts';
import type { CrmRow, CrmValue } from './row.ts';

/** `entityTypeId` of deals, contacts and companies. */
export type ItemTypeId = keyof typeof ITEM_FIELD_LINES;

/** A field of `crm.item.*`: another name than in the classic methods, and a typed value (section 7.6). */
export interface ItemField {
  /** camelCase; for a user field the original name if the caller set `useOriginalUfNames`. */
  name: string;
  /** The same name in capitals, which filters, orders and selections may use too. */
  upperName: string;
  type: string;
  statusType?: string;
  /** Column of the classic row; a field without one cannot be filtered or sorted by here. */
  column?: string;
  isReadOnly: boolean;
  isImmutable: boolean;
  isMultiple: boolean;
  isDeprecated: boolean;
  /** In answers, but not in `crm.item.fields`. */
  isHidden: boolean;
  /** In `crm.item.fields`, but never in answers. */
  isDescribedOnly: boolean;
  /** The same field in the classic description, if there is one. */
  classic: CrmField | undefined;
  toValue(row: CrmRow, context: ItemContext): unknown;
}

/** @param classic  the fields of the classic methods; their user fields become fields of the item */
export function itemFields(
  entityTypeId: ItemTypeId,
  classic: readonly CrmField[],
  useOriginalUfNames: boolean,
): ItemField[] {
  const byName = new Map(classic.map((field) => [field.name, field]));
  return [
    ...ITEM_FIELD_LINES[entityTypeId].map((line) => readLine(line, byName)),
    ...classic.filter(({ isDynamic }) => isDynamic).map((field) => fieldOfUser(field, useOriginalUfNames)),
  ];
}

function readLine(
  [name, typeAndDictionary, column = '', marks = '']: ItemFieldLine,
  classic: ReadonlyMap<string, CrmField>,
): ItemField {
  const [type = '', statusType] = typeAndDictionary.split(' ');
  const empty = marks.includes('0') ? 0 : null;
  const computed = COMPUTED[name] ?? (() => empty);
  return {
    name,
    upperName: toUpperCase(name),
    type,
    ...(statusType !== undefined && { statusType }),
    ...(column !== '' && { column }),
    isReadOnly: marks.includes('r'),
    isImmutable: marks.includes('i'),
    isMultiple: marks.includes('m'),
    isDeprecated: marks.includes('d'),
    isHidden: marks.includes('h'),
    isDescribedOnly: marks.includes('f'),
    classic: classic.get(column),
    toValue:
      column === ''
        ? computed
        : (row, context) => context.write(typedValue(row[column], type), type) ?? empty,
  };
}

const NUMBER_TYPES = new Set([
  'integer',
  'double',
  'user',
  'file',
  'crm_lead',
  'crm_company',
  'crm_contact',
  'crm_quote',
  'crm_category',
  'location',
]);

/** A text of the classic row with its type: numbers become numbers, flags `Y` or `N`, dates stay texts. */
function typedValue(value: CrmValue | undefined, type: string): unknown {
  if (type === 'boolean') return value === 'Y' || value === '1' ? 'Y' : 'N';
  if (typeof value !== 'string') return value ?? null;
  if (!NUMBER_TYPES.has(type)) return value;
  return value === '' ? null : Number(value);
}

function fieldOfUser(classic: CrmField, useOriginalUfNames: boolean): ItemField {
  const { name, type, isReadOnly, isImmutable, isMultiple, isDeprecated } = classic;
  return {
    name: useOriginalUfNames ? name : toCamelCase(name),
    upperName: name,
    type,
    column: name,
    isReadOnly,
    isImmutable,
    isMultiple,
    isDeprecated,
    isHidden: false,
    isDescribedOnly: false,
    classic,
    toValue: (row, context) =>
      userFieldValue(row[name], type, isMultiple, (item) => context.write(item, type)),
  };
}

const USER_NUMBER_TYPES = new Set(['enumeration', 'integer', 'double', 'employee']);

function userFieldValue(
  value: CrmValue | undefined,
  type: string,
  isMultiple: boolean,
  write: (item: unknown) => unknown,
): unknown {
  const toTyped = USER_NUMBER_TYPES.has(type)
    ? (item: unknown) => Number(item)
    : type === 'boolean'
      ? (item: unknown) => (item === '1' ? 'Y' : 'N')
      : write;
  if (isMultiple) return Array.isArray(value) ? value.map(toTyped) : [];
  const isEmpty = value === undefined || value === null || value === '';
  return isEmpty && type !== 'boolean' ? null : toTyped(value);
}

/**
 * `UF_CRM_LOYALTY` → `ufCrmLoyalty`, `UF_CRM_1700000001` → `ufCrm_1700000001`: an underscore before a digit stays.
 */
function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `createdTime` → `CREATED_TIME`; a name in capitals stays. */
export function toUpperCase(name: string): string {
  if (!/[a-z]/.test(name)) return name;
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
