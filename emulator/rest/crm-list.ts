import { type CrmField, parentSettings, visibleFields } from '../crm/fields.ts';
import {
  type ListCondition,
  readListConditions,
  type WantedValues,
  wantedValues,
} from '../crm/list-conditions.ts';
import { compileListCondition, toIdRange } from '../crm/list-filter.ts';
import { type CrmRow, isMultifieldName } from '../crm/row.ts';
import { joinFilters, type RowFilter } from '../crm/row-filter.ts';
import { type OrderEntry, PAGE_SIZE, type Page, type Table, type Visibility } from '../crm/table.ts';
import { FailingCondition } from '../crm/user-field-filter.ts';
import { settingsOf } from '../crm/user-field-settings.ts';
import type { Portal, PortalUser } from '../portal/portal.ts';
import { asEntries, asList, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type EntityName, rowWriter } from './crm-values.ts';
import { withListTotals } from './list-totals.ts';
import { type Outcome, type RestCall, readStart } from './method.ts';
import { crmRefusal, RestRefusal } from './refusal.ts';

/** A collection that a list method can read: companies, contacts or deals. */
export interface CrmCollection<Row extends CrmRow> {
  fields: readonly CrmField[];
  /** A table that contains at least all rows that match the conditions. */
  tableFor(wanted: readonly WantedValues[]): Table<Row>;
}

/** `crm.company.list`, `crm.contact.list`, `crm.deal.list` (7.2), which differ only in their fields. */
export function listCrmRows<Row extends CrmRow>(
  call: RestCall,
  entity: EntityName,
  book: CrmCollection<Row>,
): Outcome {
  const { user, context } = call;
  if (user.crm === 'none') throw crmRefusal('Access denied.');
  const order = call.param('order');
  const filter = call.param('filter');
  if (order !== undefined && !isArrayLike(order)) throw crmRefusal("Parameter 'order' must be array.");
  if (filter !== undefined && !isArrayLike(filter)) throw crmRefusal("Parameter 'filter' must be array.");

  const fields = visibleFields(book.fields, user.id);
  const conditions = readListConditions(filter);
  const table = book.tableFor(wantedValues(conditions));
  const { start, rows, ...counts } = findPage(
    table,
    user,
    readOrder(order, fields),
    compileFilter(call, conditions, fields, table),
    readStart(call),
  );
  const selected = selectFields(fields, call.param('select'), context.switches.emptySelect);
  context.cost.countPage();
  const busyMs = (counts.total ?? 0) > PAGE_SIZE ? context.switches.countingMs : 0;
  return {
    result: rows.map(rowWriter(call, entity, selected, 'list')),
    ...withListTotals(call, entity, start, counts),
    ...(busyMs && { busyMs }),
  };
}

/** A `start` past the end gives the first page again (company-data 0.1). */
function findPage<Row extends CrmRow>(
  table: Table<Row>,
  user: PortalUser,
  order: OrderEntry[],
  filter: RowFilter,
  start: number,
): Page<Row> & { start: number } {
  const page = table.page(readableBy(user), order, filter, start);
  const isPastEnd = start > 0 && page.rows.length === 0;
  return isPastEnd
    ? { ...table.page(readableBy(user), order, filter, 0), start: 0 }
    : { ...page, start: Math.floor(start / PAGE_SIZE) * PAGE_SIZE };
}

/** `crm.company.fields`, `crm.contact.fields`, `crm.deal.fields` (7.4). */
export function describeFields(fields: readonly CrmField[], { portal, user }: RestCall): Outcome {
  const visible = visibleFields(fields, user.id);
  return { result: Object.fromEntries(visible.map((field) => [field.name, describe(field, portal)])) };
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
    ...(userField && {
      settings: settingsOf(userField),
      listLabel: title,
      formLabel: title,
      filterLabel: title,
    }),
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

/**
 * The case of names and directions does not matter. Of an ordinary field everything but `ASC` sorts descending, of a
 * user field everything but `DESC` ascending; unknown fields are ignored (company-data 0.1).
 */
function readOrder(order: PhpValue | undefined, fields: readonly CrmField[]): OrderEntry[] {
  return asEntries(order).flatMap(([name, direction]) => {
    const field = fields.find((each) => each.name === name.toUpperCase());
    if (field === undefined) return [];
    const text = asText(direction)?.toUpperCase();
    const column = field.orderColumn ?? field.name;
    return [{ field: column, descending: field.isDynamic ? text === 'DESC' : text !== 'ASC' }];
  });
}

/**
 * Unknown filter fields are silently dropped, so a misspelt name returns all rows (7.2). So are fields that are hidden
 * from this user.
 *
 * @throws {RestRefusal}  500 for a condition that makes the portal fail
 */
function compileFilter<Row>(
  { portal, context }: RestCall,
  conditions: readonly ListCondition[],
  fields: readonly CrmField[],
  table: Table<Row>,
): RowFilter {
  const filterContext = {
    zone: portal.serverZone,
    nowMs: context.clock.now(),
    userFieldInFails: context.switches.userFieldInFails,
  };
  try {
    const parts = conditions.flatMap((condition) => {
      const field = fields.find(({ name, isUnlisted }) => name === condition.field && !isUnlisted);
      if (field === undefined) return [];
      const test = compileListCondition(condition, field, filterContext);
      if (test === undefined) return [];
      const range = field.name === 'ID' ? toIdRange(condition) : undefined;
      return [range ?? table.testColumn(field.name, test)];
    });
    return joinFilters(parts);
  } catch (error) {
    if (!(error instanceof FailingCondition)) throw error;
    throw new RestRefusal('INTERNAL_SERVER_ERROR', 'Internal server error', 500);
  }
}

/**
 * `*` selects ordinary fields, `UF_*` user fields; multifields must be named, `ID` is always included (7.2). Without a
 * select the documents promise both, and the code gives ordinary fields only (company-data 0.1).
 */
function selectFields(
  fields: readonly CrmField[],
  select: PhpValue | undefined,
  emptySelect: 'code' | 'documents',
): CrmField[] {
  const given = isArrayLike(select) ? asList(select).map((name) => asText(name)?.toUpperCase() ?? '') : [];
  const byDefault = emptySelect === 'code' ? ['*'] : ['*', 'UF_*'];
  const names = new Set(given.length > 0 ? given : byDefault);
  return fields.filter(({ name, isDynamic, isUnlisted }) => {
    if (isUnlisted) return false;
    if (name === 'ID' || names.has(name)) return true;
    if (isMultifieldName(name)) return false;
    return names.has(isDynamic ? 'UF_*' : '*');
  });
}
