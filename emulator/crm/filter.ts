import { asEntries, asList, asText, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Comparable, type FieldKind, toComparable, type ValueTest } from './comparable.ts';
import { ANY_ID, type IdRange } from './row-filter.ts';

/**
 * One entry of a filter of `crm.item.list`, `user.get` or `crm.status.list`: operator, field and values. Lists of
 * companies, contacts and deals have conditions of their own, see `list-conditions.ts`.
 */
export interface Condition {
  field: string;
  operator: Operator;
  values: string[];
}

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '%' | '!%' | 'like' | '!like';

/** Longest first, so that `>=` is not read as `>`. `crm.status.list` does not have the negated patterns of 7.6. */
const LIST_PREFIXES = ['>=', '<=', '!=', '!@', '=%', '%=', '!', '=', '>', '<', '@', '%'];

/** What the prefixes of filter keys mean, in every method that knows them. */
export const OPERATOR_OF_PREFIX: Readonly<Record<string, Operator>> = {
  '': '=',
  '=': '=',
  '@': '=',
  '!': '!=',
  '!=': '!=',
  '!@': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
  '%': '%',
  '!%': '!%',
  '=%': 'like',
  '%=': 'like',
  '!=%': '!like',
  '!%=': '!like',
};

/** Reads a flat filter of `crm.status.list`; all conditions must hold. Unknown fields are still included. */
export function readConditions(filter: PhpValue | undefined): Condition[] {
  return asEntries(filter).map(([key, value]) => {
    const prefix = LIST_PREFIXES.find((each) => key.startsWith(each)) ?? '';
    return {
      field: key.slice(prefix.length),
      operator: OPERATOR_OF_PREFIX[prefix] ?? '=',
      values: readValues(value),
    };
  });
}

/** An array means "any of these" for every operator; an empty array matches nothing. */
export function readValues(value: PhpValue): string[] {
  return isArrayLike(value) ? asList(value).map((item) => asText(item) ?? '') : [asText(value) ?? ''];
}

const NO_ID: IdRange = { from: 0, below: 0 };

/**
 * Converts a condition on the ID to a range, if possible. IDs are whole numbers and never empty.
 *
 * @returns  undefined if the condition is not one range
 */
export function toIdRange({ operator, values }: Condition): IdRange | undefined {
  const simple = operatorFor(operator, 'number');
  if (simple === '=' && values.length > 1) return undefined;
  const wanted = values[0] === undefined ? null : toComparable(values[0], 'number', '');
  if (simple === '!=') return undefined;
  if (typeof wanted !== 'number') return NO_ID;
  const atLeast = Math.ceil(wanted);
  const above = Math.floor(wanted) + 1;
  switch (simple) {
    case '>':
      return { from: above, below: ANY_ID.below };
    case '>=':
      return { from: atLeast, below: ANY_ID.below };
    case '<':
      return { from: ANY_ID.from, below: atLeast };
    case '<=':
      return { from: ANY_ID.from, below: above };
    default:
      return { from: atLeast, below: above };
  }
}

/**
 * Compiles a condition to a test of a column value.
 *
 * @param utcOffset  the portal's; used for instants without an offset
 */
export function compileCondition(
  { operator, values }: Condition,
  kind: FieldKind,
  utcOffset: string,
): ValueTest {
  const simple = operatorFor(operator, kind);
  switch (simple) {
    case '=':
      return equalsAny(values, kind, utcOffset);
    case '!=':
      return not(equalsAny(values, kind, utcOffset));
    case '%':
      return containsAny(values);
    case '!%':
      return not(containsAny(values));
    case 'like':
      return matchesAny(values);
    case '!like':
      return not(matchesAny(values));
    default:
      return compares(simple, orNull(toComparable(values[0] ?? '', kind, utcOffset)));
  }
}

/** Multifields and dictionary fields support only equality; other operators silently become equality (7.2). */
function operatorFor(operator: Operator, kind: FieldKind): Operator {
  if (kind === 'text') return operator;
  if (kind === 'list') return operator.startsWith('!') ? '!=' : '=';
  if (operator === '%' || operator === 'like') return '=';
  return operator === '!%' || operator === '!like' ? '!=' : operator;
}

function equalsAny(values: string[], kind: FieldKind, utcOffset: string): ValueTest {
  const wanted = new Set<unknown>(values.map((value) => orNull(toComparable(value, kind, utcOffset))));
  return (value) => {
    if (!Array.isArray(value)) return wanted.has(orNull(value));
    return value.length === 0 ? wanted.has(null) : value.some((item) => wanted.has(item));
  };
}

/** Here an empty text is the same as no value. */
function orNull(value: Comparable): Comparable {
  return value === '' ? null : value;
}

function containsAny(values: string[]): ValueTest {
  const wanted = values.map((value) => value.toLowerCase());
  return (value) => typeof value === 'string' && wanted.some((part) => value.includes(part));
}

function matchesAny(values: string[]): ValueTest {
  const patterns = values.map((value) => new RegExp(`^${likeToRegExp(value.toLowerCase())}$`, 'su'));
  return (value) => typeof value === 'string' && patterns.some((pattern) => pattern.test(value));
}

/** `%` matches any text; all other characters match themselves. */
function likeToRegExp(pattern: string): string {
  return pattern
    .split('%')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    .join('.*');
}

function compares(operator: '>' | '>=' | '<' | '<=', wanted: Comparable): ValueTest {
  if (wanted === null || Array.isArray(wanted)) return () => false;
  switch (operator) {
    case '>':
      return (value) => isFilled(value) && value > wanted;
    case '>=':
      return (value) => isFilled(value) && value >= wanted;
    case '<':
      return (value) => isFilled(value) && value < wanted;
    case '<=':
      return (value) => isFilled(value) && value <= wanted;
  }
}

function isFilled(value: Comparable): value is NonNullable<Comparable> {
  return value !== null && value !== '';
}

function not(test: ValueTest): ValueTest {
  return (value) => !test(value);
}
