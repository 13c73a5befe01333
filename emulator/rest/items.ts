import { type CrmField, parentSettings, visibleFields } from '../crm/fields.ts';
import type { ItemContext } from '../crm/item-computed.ts';
import { type ItemField, type ItemTypeId, itemFields, toUpperCase } from '../crm/item-fields.ts';
import type { WantedValues } from '../crm/list-conditions.ts';
import type { CrmRow } from '../crm/row.ts';
import { PAGE_SIZE, type Table, type Visibility } from '../crm/table.ts';
import type { Portal } from '../portal/portal.ts';
import { asList, asText, findParam, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { readableBy } from './crm-list.ts';
import { writeMoment } from './crm-values.ts';
import { compileGroup, fieldFinder, readItemFilter, readItemOrder, wantedValues } from './item-filter.ts';
import { withListTotals } from './list-totals.ts';
import { type Outcome, type RestCall, type RestMethods, readStart } from './method.ts';
import { RestRefusal } from './refusal.ts';

/**
 * `crm.item.*` for deals, contacts and companies: typed and strict, unlike the classic methods (section 7.6; section 13,
 * row 14) [core:crm/lib/controller/item.php].
 */
export const ITEM_METHODS: RestMethods = {
  'crm.item.list': { scopes: ['crm'], run: listItems },
  'crm.item.get': { scopes: ['crm'], run: getItem },
  'crm.item.fields': { scopes: ['crm'], run: describeFields },
};

/** The items of one type. */
interface ItemBook {
  entityTypeId: ItemTypeId;
  fields: readonly CrmField[];
  tableFor(wanted: readonly WantedValues[]): Table<CrmRow>;
}

/** Rows that the user may not read are left out; without any right the list is empty, it is not refused. */
function listItems(call: RestCall): Outcome {
  const book = requireBook(call);
  const fields = readFields(call, book);
  const find = fieldFinder(fields);
  const select = readSelect(call, fields);
  const filter = readItemFilter(arrayParam(call, 'filter'), find);
  const order = readItemOrder(arrayParam(call, 'order'), find);

  const table = book.tableFor(wantedValues(filter));
  const rowFilter = compileGroup(filter, table, call.portal.serverZone);
  const start = readStart(call);
  const { rows, ...counts } = table.page(readableBy(call.user), order, rowFilter, start);
  call.context.cost.countPage();
  const busyMs = (counts.total ?? 0) > PAGE_SIZE ? call.context.switches.countingMs : 0;
  const items = rows.map((row) => toItem(row, select, book, call));
  const told = withListTotals(call, `item ${book.entityTypeId}`, start, counts);
  return { result: { items }, ...told, ...(busyMs && { busyMs }) };
}

function getItem(call: RestCall): Outcome {
  const id = integerParam(call, 'id');
  const book = requireBook(call);
  const row = findRow(book, id);
  if (row === undefined) throw new RestRefusal('NOT_FOUND', 'Element not found', 400);
  if (!readableBy(call.user).test(row)) throw accessDenied();
  const fields = readFields(call, book).filter(({ isDescribedOnly }) => !isDescribedOnly);
  const select: Selection = { fields, isWhole: true };
  return { result: { item: toItem(row, select, book, call) } };
}

function findRow(book: ItemBook, id: number): CrmRow | undefined {
  const table = book.tableFor([{ field: 'ID', values: [String(id)] }]);
  return table.page(EVERYTHING, [], { ids: { from: id, below: id + 1 }, tests: [] }, -1).rows[0];
}

const EVERYTHING: Visibility<CrmRow> = { key: 'all', includesAll: true, test: () => true };

function describeFields(call: RestCall): Outcome {
  const book = requireBook(call);
  if (call.user.crm === 'none') throw accessDenied();
  const described = readFields(call, book).filter(({ isHidden }) => !isHidden);
  return {
    result: {
      fields: Object.fromEntries(described.map((field) => [field.name, describe(field, call.portal)])),
    },
  };
}

function describe(field: ItemField, { language }: Portal) {
  const { type, isReadOnly, isImmutable, isMultiple, isDeprecated, statusType, classic, upperName } = field;
  const userField = classic?.userField;
  const title = classic?.[language] ?? upperName;
  return {
    type,
    isRequired: false,
    isReadOnly,
    isImmutable,
    isMultiple,
    isDynamic: userField !== undefined,
    ...(isDeprecated && { isDeprecated }),
    ...(statusType && { statusType }),
    title,
    ...(userField?.items && { items: userField.items }),
    ...(userField && { listLabel: title, formLabel: title, filterLabel: title }),
    ...settingsOf(field),
    upperName,
  };
}

/** The company of the portal's owner has settings of its own [RU:…/universal/crm-item-fields.md, sample]. */
function settingsOf(field: ItemField) {
  if (field.name !== 'mycompanyId') return parentSettings(field);
  return { settings: { isMyCompany: true, parentEntityTypeId: 4, isEmbeddedEditorEnabled: true } };
}

/** Only old invoices are "not supported"; a type that the portal does not have is "not found". */
function requireBook(call: RestCall): ItemBook {
  const { companies, contacts, deals } = call.portal;
  const entityTypeId = integerParam(call, 'entityTypeId');
  switch (entityTypeId) {
    case 2:
      return { entityTypeId, fields: deals.fields, tableFor: (wanted) => deals.tableFor(wanted) };
    case 3:
      return {
        entityTypeId,
        fields: contacts.fields,
        tableFor: (wanted) => contacts.tableFor(wanted),
      };
    case 4:
      return { entityTypeId, fields: companies.fields, tableFor: () => companies.table };
    case 5:
      throw new RestRefusal('ENTITY_TYPE_NOT_SUPPORTED', 'Entity type `Invoice` is not supported', 400);
    default:
      throw new RestRefusal('NOT_FOUND', 'Smart process not found', 400);
  }
}

function readFields(call: RestCall, { entityTypeId, fields }: ItemBook): ItemField[] {
  return itemFields(entityTypeId, visibleFields(fields, call.user.id), usesOriginalNames(call));
}

function usesOriginalNames(call: RestCall): boolean {
  return asText(call.param('useOriginalUfNames')) === 'Y';
}

interface Selection {
  fields: ItemField[];
  /** Whether everything was selected: only then items have `fm` and `entityTypeId`. */
  isWhole: boolean;
}

/**
 * Unknown names are dropped, and `id` is returned only if it is named. With original names of user fields, an explicit selection returns user fields only
 * [b24-rest-docs#264; core:crm/lib/controller/item.php, getJsonForItems].
 */
function readSelect(call: RestCall, allFields: ItemField[]): Selection {
  const fields = allFields.filter(({ isDescribedOnly }) => !isDescribedOnly);
  const given = asList(arrayParam(call, 'select') ?? ['*']).map((name) => toUpperCase(asText(name) ?? ''));
  if (given.length === 0 || given.includes('*')) return { fields, isWhole: true };
  const selected = fields.filter(
    (field) =>
      (given.includes(field.upperName) && field.name !== 'fm') ||
      (given.includes('UF_*') && isUserField(field)),
  );
  return { fields: usesOriginalNames(call) ? selected.filter(isUserField) : selected, isWhole: false };
}

function isUserField({ classic }: ItemField): boolean {
  return classic?.userField !== undefined;
}

function toItem(row: CrmRow, { fields, isWhole }: Selection, { entityTypeId }: ItemBook, call: RestCall) {
  const { contacts, serverZone } = call.portal;
  const nowMs = call.context.clock.now();
  const context: ItemContext = {
    contactIdsOf: (companyId) => contacts.ofCompany(companyId).map(({ ID }) => Number(ID)),
    write: (value, type) => (typeof value === 'string' ? writeMoment(value, type, serverZone, nowMs) : value),
  };
  const item: Record<string, unknown> = {};
  for (const { name, toValue } of fields) item[name] = toValue(row, context);
  return isWhole ? { ...item, entityTypeId } : item;
}

/** A controller refuses a parameter that is absent or has another type, with the code 100. */
function integerParam(call: RestCall, name: string): number {
  const text = asText(call.param(name)) ?? '';
  if (text === '') throw new RestRefusal('100', `Could not find value for parameter {${name}}`, 400);
  if (!/^-?\d+$/.test(text)) throw mismatch(text, name, 'int');
  return Number(text);
}

function arrayParam(call: RestCall, name: string): PhpValue | undefined {
  const value = findParam(call.params, name) ?? undefined;
  if (value !== undefined && !isArrayLike(value)) throw mismatch(asText(value) ?? '', name, 'array');
  return value;
}

function mismatch(value: string, name: string, type: string): RestRefusal {
  return new RestRefusal(
    '100',
    `Invalid value {${value}} to match with parameter {${name}}. Should be value of type ${type}.`,
    400,
  );
}

function accessDenied(): RestRefusal {
  return new RestRefusal('ACCESS_DENIED', 'Access denied', 400);
}
