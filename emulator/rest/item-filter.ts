import {
  type Condition,
  compileCondition,
  OPERATOR_OF_PREFIX,
  type Operator,
  readValues,
  toIdRange,
} from '../crm/filter.ts';
import { type ItemField, toUpperCase } from '../crm/item-fields.ts';
import type { WantedValues } from '../crm/list-conditions.ts';
import type { CrmRow } from '../crm/row.ts';
import { type IdRange, joinFilters, type RowFilter, type RowTest } from '../crm/row-filter.ts';
import type { OrderEntry, Table } from '../crm/table.ts';
import type { ServerZone } from '../server-zone.ts';
import { asEntries, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { RestRefusal } from './refusal.ts';

/** Prefixes of filter keys (company-data 3.3); `><` needs two values, which the portal then refuses as an array. */
const OPERATORS: Readonly<Record<string, Operator | 'between'>> = {
  ...OPERATOR_OF_PREFIX,
  '><': 'between',
  '!><': 'between',
};

const WITH_ARRAYS = new Set(['', '=', '!=', '@', '!@']);

/** Finds a field by the name that a filter, order or selection uses: camelCase, capitals, or that of the column. */
export type FindField = (name: string) => ItemField | undefined;

export function fieldFinder(fields: readonly ItemField[]): FindField {
  const byName = new Map<string, ItemField>();
  for (const field of fields) {
    if (field.column !== undefined && !byName.has(field.column)) byName.set(field.column, field);
  }
  for (const field of fields) byName.set(field.upperName, field);
  return (name) => byName.get(toUpperCase(name));
}

/**
 * Reads conditions joined by AND; entries with a number as key are groups.
 *
 * @throws {RestRefusal}  400 INVALID_ARG_VALUE for the first condition that is not allowed
 */
export function readItemFilter(filter: PhpValue | undefined, find: FindField): FilterGroup {
  checkEntries(filter, find);
  return readGroup(filter, find);
}

/** A filter whose names are known and whose values have an allowed shape. */
export interface FilterGroup {
  isAny: boolean;
  conditions: Condition[];
  groups: FilterGroup[];
}

/** Inner entries are checked first, as in the portal's code, so their refusal is the one that is answered. */
function checkEntries(filter: PhpValue | undefined, find: FindField): void {
  for (const [key, value] of asEntries(filter)) {
    if (isArrayLike(value)) checkEntries(value, find);
    checkEntry(key, value, find);
  }
}

function checkEntry(key: string, value: PhpValue, find: FindField): void {
  const { prefix, name } = splitKey(key);
  const shown = `${prefix}${toUpperCase(name)}`;
  const isKnown = Object.hasOwn(OPERATORS, prefix) && find(name)?.column !== undefined;
  if (!isKnown && !isNumeric(key) && !isLogic(key)) {
    throw invalid(`Invalid filter: field '${shown}' is not allowed in filter`);
  }
  if (isArrayLike(value) ? !WITH_ARRAYS.has(prefix) : OPERATORS[prefix] === 'between') {
    throw invalid(`Invalid filter: field '${shown}' has invalid value`);
  }
}

function readGroup(filter: PhpValue | undefined, find: FindField): FilterGroup {
  const entries = asEntries(filter);
  const logic = entries.find(([key]) => isLogic(key))?.[1];
  return {
    isAny: asText(logic)?.toUpperCase() === 'OR',
    conditions: entries
      .filter(([key]) => !isNumeric(key) && !isLogic(key))
      .map(([key, value]) => readCondition(key, value, find)),
    groups: entries
      .filter(([key, value]) => isNumeric(key) && isArrayLike(value))
      .map(([, value]) => readGroup(value, find)),
  };
}

function readCondition(key: string, value: PhpValue, find: FindField): Condition {
  const { prefix, name } = splitKey(key);
  return {
    field: find(name)?.column ?? '',
    operator: OPERATORS[prefix] as Operator,
    values: readValues(value),
  };
}

/** Conditions that every matching row meets. */
export function wantedValues({ isAny, conditions }: FilterGroup): WantedValues[] {
  return isAny ? [] : conditions.filter(({ operator }) => operator === '=');
}

export function compileGroup<Row extends CrmRow>(
  group: FilterGroup,
  table: Table<Row>,
  zone: ServerZone,
): RowFilter {
  const parts: (IdRange | RowTest | RowFilter)[] = [
    ...group.conditions.map((condition) => compile(condition, table, zone)),
    ...group.groups.map((inner) => compileGroup(inner, table, zone)),
  ];
  if (!group.isAny) return joinFilters(parts);
  const tests = parts.map((part) => table.testFilter(joinFilters([part])));
  return joinFilters([(position) => tests.some((test) => test(position))]);
}

function compile<Row>(condition: Condition, table: Table<Row>, zone: ServerZone): IdRange | RowTest {
  const { field } = condition;
  const range = field === 'ID' ? toIdRange(condition) : undefined;
  if (range !== undefined) return range;
  return table.testColumn(field, compileCondition(condition, table.kindOf(field) ?? 'text', zone));
}

/** @throws {RestRefusal}  400 INVALID_ARG_VALUE for an unknown field or direction */
export function readItemOrder(order: PhpValue | undefined, find: FindField): OrderEntry[] {
  return asEntries(order).map(([name, given]) => {
    const direction = asText(given)?.toUpperCase() ?? '';
    const column = find(name)?.column;
    if (column === undefined) {
      throw invalid(`Invalid order: field '${toUpperCase(name)}' is not allowed in order`);
    }
    if (direction !== 'ASC' && direction !== 'DESC') {
      throw invalid(
        `Invalid order: allowed sort directions are ASC, DESC. But got '${direction}' for field '${toUpperCase(name)}'`,
      );
    }
    return { field: column, descending: direction === 'DESC' };
  });
}

function splitKey(key: string): { prefix: string; name: string } {
  const prefix = /^[=%><@!]*/.exec(key)?.[0] ?? '';
  return { prefix, name: key.slice(prefix.length) };
}

function isNumeric(key: string): boolean {
  return /^\d+$/.test(key);
}

function isLogic(key: string): boolean {
  return key === 'logic' || key === 'LOGIC';
}

function invalid(description: string): RestRefusal {
  return new RestRefusal('INVALID_ARG_VALUE', description, 400);
}
