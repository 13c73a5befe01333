import { compileCondition, readValues, splitFilterKey, toIdRange } from '../crm/filter.ts';
import { type ItemField, itemFields, toFm } from '../crm/item-fields.ts';
import type { CompanyRow } from '../crm/row.ts';
import { type IdRange, joinFilters, type RowFilter, type RowTest } from '../crm/row-filter.ts';
import type { OrderEntry } from '../crm/table.ts';
import {
  asEntries,
  asList,
  asText,
  findParam,
  isArrayLike,
  isPhpArray,
  type PhpValue,
} from '../wire/php-params.ts';
import { readableBy } from './crm-list.ts';
import { type Outcome, type RestCall, type RestMethods, readStart } from './method.ts';
import { RestRefusal } from './refusal.ts';

/** `crm.item.*` for companies: typed and strict, unlike `crm.company.*` (section 7.6). */
export const ITEM_METHODS: RestMethods = {
  'crm.item.list': { scopes: ['crm'], run: listItems },
  'crm.item.get': { scopes: ['crm'], run: getItem },
};

const COMPANY_ENTITY_TYPE = '4';

function listItems(call: RestCall): Outcome {
  const fields = readFields(call);
  const { table } = call.portal.companies;
  const order = readItemOrder(call.param('order'), fields);
  const filter = readGroup(call, call.param('filter'), fields);
  const { rows, ...counts } = table.page(readableBy(call.user), order, filter, readStart(call));
  const select = readSelect(call.param('select'));
  const selected = fields.filter((field) => isSelected(field, select));
  call.context.cost.countPage();
  return { result: { items: rows.map((row) => toItem(row, selected, select)) }, ...counts };
}

function getItem(call: RestCall): Outcome {
  const fields = readFields(call);
  const row = call.portal.companies.find(asText(call.param('id')) ?? '');
  if (row === undefined) throw new RestRefusal('NOT_FOUND', 'Element not found', 400);
  if (!readableBy(call.user).test(row)) throw new RestRefusal('ACCESS_DENIED', 'Access denied', 400);
  return { result: { item: toItem(row, fields, new Set(['*'])) } };
}

function readFields(call: RestCall): ItemField[] {
  if (asText(call.param('entityTypeId')) !== COMPANY_ENTITY_TYPE) {
    throw new RestRefusal('ENTITY_TYPE_NOT_SUPPORTED', 'The entity type is not supported', 400);
  }
  return itemFields(call.portal.companies.userFields, asText(call.param('useOriginalUfNames')) === 'Y');
}

function readSelect(select: PhpValue | undefined): ReadonlySet<string> {
  const names = isArrayLike(select) ? asList(select).map((name) => asText(name) ?? '') : [];
  return new Set(names.length > 0 ? names : ['*']);
}

function isSelected({ name, rowField }: ItemField, select: ReadonlySet<string>): boolean {
  if (name === 'id' || select.has('*') || select.has(name)) return true;
  return rowField.startsWith('UF_') && select.has('uf*');
}

/** Multifields cannot be selected by name, only with `*`. */
function toItem(
  row: CompanyRow,
  selected: ItemField[],
  select: ReadonlySet<string>,
): Record<string, unknown> {
  const item: Record<string, unknown> = {};
  for (const { name, rowField, toValue } of selected) item[name] = toValue(row[rowField]);
  return select.has('*') ? { ...item, categoryId: 0, entityTypeId: 4, fm: toFm(row) } : item;
}

/** Reads conditions joined by AND, or by OR with `logic: "OR"`; numbered entries are nested groups. */
function readGroup(call: RestCall, filter: PhpValue | undefined, fields: ItemField[]): RowFilter {
  const logic = isPhpArray(filter) ? asText(findParam(filter, 'logic')) : undefined;
  const parts = asEntries(filter)
    .filter(([key]) => key.toLowerCase() !== 'logic')
    .map(([key, value]) =>
      /^\d+$/.test(key) ? readGroup(call, value, fields) : readCondition(call, key, value, fields),
    );
  if (logic?.toUpperCase() !== 'OR') return joinFilters(parts);
  const { table } = call.portal.companies;
  const tests = parts.map((part) => table.testFilter(joinFilters([part])));
  return joinFilters([(position) => tests.some((test) => test(position))]);
}

function readCondition(
  { portal }: RestCall,
  key: string,
  value: PhpValue,
  fields: ItemField[],
): IdRange | RowTest {
  const { operator, field } = splitFilterKey(key, 'item');
  const { rowField } = requireField(field, fields, 'filter');
  const { table } = portal.companies;
  const condition = { field: rowField, operator, values: readValues(value) };
  const range = rowField === 'ID' ? toIdRange(condition) : undefined;
  if (range !== undefined) return range;
  const kind = table.kindOf(rowField) ?? 'text';
  return table.testColumn(rowField, compileCondition(condition, kind, portal.utcOffset));
}

function readItemOrder(order: PhpValue | undefined, fields: ItemField[]): OrderEntry[] {
  return asEntries(order).map(([name, direction]) => {
    const text = asText(direction)?.toUpperCase();
    if (text !== 'ASC' && text !== 'DESC') throw invalid(`Invalid order: direction of field '${name}'`);
    return { field: requireField(name, fields, 'order').rowField, descending: text === 'DESC' };
  });
}

/** Unlike `crm.company.list`, an unknown field is refused. */
function requireField(name: string, fields: ItemField[], where: 'filter' | 'order'): ItemField {
  const field = fields.find((each) => each.name === name);
  if (field === undefined) throw invalid(`Invalid ${where}: field '${name}' is not allowed in ${where}`);
  return field;
}

function invalid(description: string): RestRefusal {
  return new RestRefusal('INVALID_ARG_VALUE', description, 400);
}
