import { localDayAt } from '../server-zone.ts';
import type { PhpValue } from '../wire/php-params.ts';
import { type Comparable, parseInstant, type ValueTest } from './comparable.ts';
import type { CrmField } from './fields.ts';
import type { FilterContext } from './filter-context.ts';
import { compileLike } from './like-pattern.ts';
import type { ListCondition, ListOperator } from './list-conditions.ts';
import { compileMultifieldCondition } from './multifield-filter.ts';
import { toPhpFloat, toPhpInt, toPhpText } from './php-cast.ts';
import { ANY_ID, type IdRange } from './row-filter.ts';
import { compileUserFieldCondition } from './user-field-filter.ts';

/** How the database holds an ordinary field. */
type ColumnType = 'int' | 'double' | 'text' | 'instant' | 'day';

const COLUMN_OF_TYPE: Record<string, ColumnType> = {
  integer: 'int',
  user: 'int',
  file: 'int',
  crm_lead: 'int',
  crm_company: 'int',
  crm_contact: 'int',
  crm_quote: 'int',
  crm_category: 'int',
  double: 'double',
  datetime: 'instant',
  date: 'day',
};

/** Special values (company-data 0.1). */
const ANY_VALUE = '^%^';
const NO_VALUE = '^&^';

/** Types on which patterns silently become equality (protocol 7.2). */
const WITHOUT_PATTERNS = ['crm_status', 'crm_company', 'crm_contact'];

/**
 * Compiles a condition of `crm.company.list`, `crm.contact.list` or `crm.deal.list` to a test of a column value
 * (company-data 0.1) [core: CSqlUtil::PrepareWhere].
 *
 * @returns  undefined if the portal skips the condition, so that all rows match
 */
export function compileListCondition(
  condition: ListCondition,
  field: CrmField,
  context: FilterContext,
): ValueTest | undefined {
  if (field.type === 'crm_multifield') return compileMultifieldCondition(condition);
  if (field.userField) return compileUserFieldCondition(condition, field.userField, context);
  const values = valuesOf(condition, field);
  if (values.length === 0) return undefined;
  const columnType = COLUMN_OF_TYPE[field.type] ?? 'text';
  const operator = operatorFor(condition, field, columnType);
  const { isNegated, orEmpty } = condition;
  const tests =
    operator === 'in'
      ? [isOneOf(values, columnType, isNegated, context)]
      : values.map((value) => compileValue(columnType, operator, isNegated, value, context));
  if (orEmpty) tests.push((value) => (value === null || value === 0 || value === '') !== isNegated);
  // Of several values any may match; with a negation all must.
  return isNegated
    ? (value) => tests.every((test) => test(value))
    : (value) => tests.some((test) => test(value));
}

/** A range on an integer field takes one integer, so an array becomes 1 or 0 (company-data 0.2). */
function valuesOf({ isNegated, operator, value, values }: ListCondition, { type }: CrmField): PhpValue[] {
  const isRange = operator.startsWith('>') || operator.startsWith('<');
  return type === 'integer' && isRange && !isNegated ? [toPhpInt(value)] : values;
}

/** A negated pattern on a dictionary field slips through, and is then read without its negation. */
function operatorFor(
  { operator, isNegated }: ListCondition,
  { type }: CrmField,
  columnType: ColumnType,
): ListOperator {
  const isPattern = operator === 'contains' || operator === 'like';
  const hasPatterns = columnType === 'text' && (isNegated || !WITHOUT_PATTERNS.includes(type));
  return isPattern && !hasPatterns ? '=' : operator;
}

/** `@`: a row without a value is neither in a list nor, as in the database, outside of it. */
function isOneOf(
  values: PhpValue[],
  type: ColumnType,
  isNegated: boolean,
  context: FilterContext,
): ValueTest {
  const wanted = new Set<Comparable>(values.map((value) => toColumnValue(value, type, context)));
  return (value) => value !== null && wanted.has(value) !== isNegated;
}

function compileValue(
  type: ColumnType,
  operator: Exclude<ListOperator, 'in'>,
  isNegated: boolean,
  value: PhpValue,
  context: FilterContext,
): ValueTest {
  // The negation of a pattern gets lost.
  if (operator === 'contains' || operator === 'like') return compilePattern(operator, toPhpText(value));
  if (value === ANY_VALUE || value === NO_VALUE) {
    const wantsEmpty = (value === NO_VALUE) !== isNegated;
    return (stored) => (stored === null || stored === '') === wantsEmpty;
  }
  const wanted = toColumnValue(value, type, context);
  const alsoEmpty = meansEmpty(type, operator, wanted);
  if (type === 'instant' || type === 'day') {
    if (alsoEmpty) return (stored) => (stored === null) !== isNegated;
  } else if (alsoEmpty) {
    return (stored) => (stored === null || compares(operator, stored, wanted)) !== isNegated;
  }
  return (stored) => (stored === null ? isNegated : compares(operator, stored, wanted) !== isNegated);
}

/** An operator with `=` and an empty text or the integer 0 also means "without a value". A number with a point does not. */
function meansEmpty(type: ColumnType, operator: ListOperator, wanted: Comparable): boolean {
  switch (type) {
    case 'int':
      return wanted === 0 && operator.includes('=');
    case 'text':
      return wanted === '' && operator.includes('=');
    case 'double':
      return false;
    default:
      return wanted === null;
  }
}

function compilePattern(operator: 'contains' | 'like', text: string): ValueTest {
  // An empty pattern leaves the column itself as the condition: true for texts that begin with a number.
  if (text === '') return (stored) => typeof stored === 'string' && toPhpFloat(stored) !== 0;
  if (operator === 'like') {
    const matches = compileLike(text);
    return (stored) => typeof stored === 'string' && matches(stored);
  }
  const part = text.toLowerCase();
  return (stored) => typeof stored === 'string' && stored.includes(part);
}

function toColumnValue(value: PhpValue, type: ColumnType, { zone, nowMs }: FilterContext): Comparable {
  switch (type) {
    case 'int':
      return toPhpInt(value);
    case 'double':
      return toPhpFloat(toPhpText(value).replaceAll(',', '.'));
    case 'text':
      return toPhpText(value).toLowerCase();
    default: {
      const text = toPhpText(value);
      const isNow = text.toUpperCase() === 'NOW';
      const instantMs = isNow ? Math.floor(nowMs / 1000) * 1000 : parseInstant(text, zone);
      if (Number.isNaN(instantMs)) return null;
      return type === 'instant' ? instantMs : localDayAt(zone, instantMs);
    }
  }
}

function compares(operator: '=' | '>' | '>=' | '<' | '<=', stored: Comparable, wanted: Comparable): boolean {
  if (stored === null || wanted === null) return false;
  switch (operator) {
    case '=':
      return stored === wanted;
    case '>':
      return stored > wanted;
    case '>=':
      return stored >= wanted;
    case '<':
      return stored < wanted;
    case '<=':
      return stored <= wanted;
  }
}

/**
 * Converts a condition on the ID to a range, if possible, so that a page is found without reading rows.
 *
 * @returns  undefined if the condition is not one range
 */
export function toIdRange(condition: ListCondition): IdRange | undefined {
  const { operator, isNegated, orEmpty, values } = condition;
  if (isNegated || orEmpty || operator === 'in') return undefined;
  const isEquality = !operator.startsWith('>') && !operator.startsWith('<');
  if (isEquality && values.length !== 1) return undefined;
  const id = isEquality ? toPhpInt(values[0] ?? null) : toPhpInt(condition.value);
  switch (operator) {
    case '>':
      return { from: id + 1, below: ANY_ID.below };
    case '>=':
      return { from: id, below: ANY_ID.below };
    case '<':
      return { from: ANY_ID.from, below: id };
    case '<=':
      return { from: ANY_ID.from, below: id + 1 };
    default:
      return { from: id, below: id + 1 };
  }
}
