import { type CrmField, parentSettings } from '../crm/fields.ts';
import { type Condition, compileCondition, readConditions, toIdRange } from '../crm/filter.ts';
import { type CrmRow, type CrmValue, isMultifieldName } from '../crm/row.ts';
import { joinFilters, type RowFilter } from '../crm/row-filter.ts';
import { type OrderEntry, PAGE_SIZE, type Table, type Visibility } from '../crm/table.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { asEntries, asList, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Outcome, type RestCall, readStart } from './method.ts';
import { crmRefusal } from './refusal.ts';

/** A collection that a list method can read: companies, contacts or deals. */
export interface CrmCollection<Row extends CrmRow> {
  fields: readonly CrmField[];
  /** A table that contains at least all rows that match the conditions. */
  tableFor(conditions: readonly Condition[]): Table<Row>;
}

/** `crm.company.list`, `crm.contact.list`, `crm.deal.list` (7.2), which differ only in their fields. */
export function listCrmRows<Row extends CrmRow>(call: RestCall, book: CrmCollection<Row>): Outcome {
  const { portal, user } = call;
  if (user.crm === 'none') throw crmRefusal('Access denied.');
  const order = call.param('order');
  const filter = call.param('filter');
  if (order !== undefined && !isArrayLike(order)) throw crmRefusal("Parameter 'order' must be array.");
  if (filter !== undefined && !isArrayLike(filter)) throw crmRefusal("Parameter 'filter' must be array.");

  const conditions = readConditions(filter);
  const table = book.tableFor(conditions);
  const { rows, ...counts } = table.page(
    readableBy(user),
    readOrder(order),
    compileFilter(conditions, table, portal.utcOffset),
    readStart(call),
  );
  const selected = selectFields(book.fields, call.param('select'));
  call.context.cost.countPage();
  const busyMs = (counts.total ?? 0) > PAGE_SIZE ? call.context.switches.countingMs : 0;
  return { result: rows.map((row) => pick(row, selected)), ...counts, ...(busyMs && { busyMs }) };
}

/** `crm.company.fields`, `crm.contact.fields`, `crm.deal.fields` (7.4). */
export function describeFields(fields: readonly CrmField[], portal: Portal): Outcome {
  return { result: Object.fromEntries(fields.map((field) => [field.name, describe(field, portal)])) };
}

function describe(field: CrmField, { language }: Portal) {
  const { name, type, statusType, isRequired, isReadOnly, isImmutable, isMultiple, isDynamic, userField } =
    field;
  const title = field[language];
  return {
    type,
    isRequired,
    isReadOnly,
    isImmutable,
    isMultiple,
    isDynamic,
    ...(field.isDeprecated && { isDeprecated: true }),
    // The title of a user field is its name; users see its labels.
    title: userField ? name : title,
    ...parentSettings(field),
    ...(statusType && { statusType }),
    ...(userField?.items && { items: userField.items }),
    ...(userField && { settings: [], listLabel: title, formLabel: title, filterLabel: title }),
  };
}

/**
 * Rows that the portal user of the token may read, by ASSIGNED_BY_ID (7.1). Other rows are neither returned nor
 * counted.
 */
export function readableBy(user: PortalUser): Visibility<CrmRow> {
  switch (user.crm) {
    case 'all':
      return { key: 'all', includesAll: true, test: () => true };
    case 'own':
      return {
        key: `own ${user.id}`,
        includesAll: false,
        test: (row) => row.ASSIGNED_BY_ID === String(user.id),
      };
    case 'none':
      return { key: 'none', includesAll: false, test: () => false };
  }
}

function readOrder(order: PhpValue | undefined): OrderEntry[] {
  return asEntries(order).map(([field, direction]) => ({
    field,
    descending: asText(direction)?.toUpperCase() === 'DESC',
  }));
}

/** Unknown filter fields are silently dropped, so a misspelt name returns all rows (7.2). */
function compileFilter<Row>(
  conditions: readonly Condition[],
  table: Table<Row>,
  utcOffset: string,
): RowFilter {
  const parts = conditions.flatMap((condition) => {
    const { field } = condition;
    const kind = table.kindOf(field);
    if (kind === undefined) return [];
    const range = field === 'ID' ? toIdRange(condition) : undefined;
    return [range ?? table.testColumn(field, compileCondition(condition, kind, utcOffset))];
  });
  return joinFilters(parts);
}

/** `*` selects ordinary fields, `UF_*` user fields; multifields must be named, `ID` is always included (7.2). */
function selectFields(fields: readonly CrmField[], select: PhpValue | undefined): CrmField[] {
  const given = isArrayLike(select) ? asList(select).map((name) => asText(name) ?? '') : [];
  const names = new Set(given.length > 0 ? given : ['*', 'UF_*']);
  return fields.filter(({ name, isDynamic, isUnlisted }) => {
    if (isUnlisted) return false;
    if (name === 'ID' || names.has(name)) return true;
    if (isMultifieldName(name)) return false;
    return names.has(isDynamic ? 'UF_*' : '*');
  });
}

/** Without phones there is no `PHONE` key; other missing values are null (7.2). */
export function pick(row: CrmRow, fields: readonly CrmField[]): Record<string, CrmValue> {
  const picked: Record<string, CrmValue> = {};
  for (const { name, isMultiple } of fields) {
    const value = row[name];
    if (value !== undefined) picked[name] = value;
    else if (!isMultifieldName(name)) picked[name] = isMultiple ? [] : null;
  }
  return picked;
}
