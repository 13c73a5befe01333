import { localDayAt } from '../server-zone.ts';
import { asList, isArrayLike, type PhpValue } from '../wire/php-params.ts';
import { type Comparable, dayOfRow, parseInstant, toComparable, type ValueTest } from './comparable.ts';
import type { FilterContext } from './filter-context.ts';
import { compileLike } from './like-pattern.ts';
import type { ListCondition } from './list-conditions.ts';
import { toPhpFloat, toPhpInt, toPhpText } from './php-cast.ts';
import { type BaseType, baseTypeOf, type UserField } from './user-fields.ts';

/** A test of one value; null stands for a row without a value. */
type Test = (value: string | number | null) => boolean;

/** `is` is equality, `pattern` has live wildcards, `part` is a substring; `in` is `@`. */
type Comparison = 'is' | 'pattern' | 'part' | 'in' | '>' | '>=' | '<' | '<=';

interface Operation {
  comparison: Comparison;
  isNegated: boolean;
  /** The bare field name, where a pattern of digits only is compared as a whole. */
  isBare: boolean;
}

/**
 * Operators of user fields, a list of their own. A condition with another operator, such as a negated range, names a
 * field that does not exist, so it is skipped.
 */
const OPERATIONS: Record<string, Operation> = Object.fromEntries(
  [
    ['', 'pattern'],
    ['=', 'is'],
    ['%', 'part'],
    ['=%', 'pattern'],
    ['%=', 'pattern'],
    ['?', 'part'],
    ['*', 'part'],
    ['*=', 'part'],
    ['*%', 'part'],
    ['@', 'in'],
    ['>', '>'],
    ['>=', '>='],
    ['<', '<'],
    ['<=', '<='],
    ['!', 'pattern'],
    ['!=', 'is'],
    ['!%', 'part'],
    ['!=%', 'pattern'],
    ['!%=', 'pattern'],
    ['!@', 'in'],
  ].map(([written = '', comparison]) => [
    written,
    { comparison: comparison as Comparison, isNegated: written.startsWith('!'), isBare: written === '' },
  ]),
);

/** The portal fails on this condition, so the call does too. */
export class FailingCondition extends Error {}

/**
 * Compiles a condition on a user field; what it means depends on the type of the field (company-data 5.4)
 * [core: CSQLWhere]. Of a multiple field each value is compared alone, and one that matches is enough.
 *
 * @returns  undefined if the portal skips the condition, so that all rows match
 * @throws {FailingCondition}  `@` on a number with a point or on a date
 */
export function compileUserFieldCondition(
  condition: ListCondition,
  field: UserField,
  context: FilterContext,
): ValueTest | undefined {
  const baseType = baseTypeOf(field);
  const operation = operationFor(condition, field, baseType);
  if (operation === undefined) return undefined;
  const { value } = condition;
  const test = compileFor(baseType, operation, value, context);
  if (test === undefined) return undefined;
  return (stored) => {
    if (!Array.isArray(stored)) return test(stored as string | number | null);
    if (stored.length === 0) return test(null);
    return stored.some((each) => test(toStored(each, baseType, context)));
  };
}

/**
 * The bare name depends on the setting SHOW_FILTER: `I` compares exactly, `E` finds a part, anything else is a
 * pattern. Fields of the CRM are always compared exactly; files and an empty text are no condition.
 */
function operationFor(
  { written, value }: ListCondition,
  { type, showFilter = 'E' }: UserField,
  baseType: BaseType,
): Operation | undefined {
  if (isArrayLike(value) && asList(value).length === 0 && written.endsWith('@')) return undefined;
  if (written !== '') return OPERATIONS[written];
  if (type === 'file' || (!isArrayLike(value) && toPhpText(value) === '')) return undefined;
  if (showFilter === 'I' || type === 'crm' || type === 'crm_status') return OPERATIONS['='];
  return showFilter === 'E' || baseType !== 'text' ? OPERATIONS['%'] : OPERATIONS[''];
}

function compileFor(
  baseType: BaseType,
  operation: Operation,
  value: PhpValue,
  context: FilterContext,
): Test | undefined {
  switch (baseType) {
    case 'int':
      return compileNumber(operation, value, toPhpInt);
    case 'double':
      if (operation.comparison === 'in' && context.userFieldInFails) throw new FailingCondition();
      return compileNumber(operation, value, toPhpFloat);
    case 'text':
      return compileText(operation, value);
    default:
      return compileDate(baseType, operation, value, context);
  }
}

/** For numbers every pattern is equality. 0 also means "without a value". */
function compileNumber(
  { comparison, isNegated }: Operation,
  value: PhpValue,
  toNumber: (value: PhpValue) => number,
): Test {
  if (isRange(comparison)) return compileRange(comparison, firstOf(value, toNumber));
  const wanted = new Set(isArrayLike(value) ? asList(value).map(toNumber) : [toNumber(value)]);
  const includesEmpty = wanted.has(0) && comparison !== 'in';
  if (isNegated) return (stored) => stored !== null && !wanted.has(Number(stored));
  return (stored) => (stored === null ? includesEmpty : wanted.has(Number(stored)));
}

function compileText({ comparison, isNegated, isBare }: Operation, value: PhpValue): Test {
  if (isRange(comparison)) return compileRange(comparison, firstOf(value, lowerText));
  const texts = isArrayLike(value) ? asList(value).map(lowerText) : [lowerText(value)];
  if (!isArrayLike(value) && texts[0] === '' && comparison !== 'in') {
    return (stored) => (stored === null || stored === '') !== isNegated;
  }
  const tests = texts.map((text) => compileOneText(comparison, text, isBare));
  const matchesAny = (stored: string | number | null) =>
    stored !== null && tests.some((test) => test(String(stored)));
  if (!isNegated) return matchesAny;
  // `!=` is the one negation that also finds rows without a value.
  return (stored) => (stored === null ? comparison === 'is' : !matchesAny(stored));
}

function compileOneText(comparison: Comparison, text: string, isBare: boolean): (stored: string) => boolean {
  const isDigits = /^\d+$/.test(text);
  if (comparison === 'part') return (stored) => stored.includes(text);
  if (comparison === 'pattern' && !(isBare && isDigits)) return compileLike(text);
  return (stored) => stored === text;
}

/** `@` makes the portal fail; `!@` is no condition. */
function compileDate(
  baseType: 'instant' | 'day',
  { comparison, isNegated }: Operation,
  value: PhpValue,
  context: FilterContext,
): Test | undefined {
  if (comparison === 'in' && isNegated) return undefined;
  if (comparison === 'in' && context.userFieldInFails) throw new FailingCondition();
  const toDate = (each: PhpValue) => toDateValue(toPhpText(each), baseType, context);
  if (isRange(comparison)) return compileRange(comparison, firstOf(value, toDate));
  if (isArrayLike(value)) {
    const wanted = new Set(asList(value).map(toDate));
    return (stored) => stored !== null && wanted.has(stored as number) !== isNegated;
  }
  const wanted = toDate(value);
  if (wanted === null) return (stored) => (stored === null) !== isNegated;
  return (stored) => stored !== null && (stored === wanted) !== isNegated;
}

function compileRange(comparison: '>' | '>=' | '<' | '<=', wanted: Comparable): Test {
  if (wanted === null) return () => false;
  switch (comparison) {
    case '>':
      return (stored) => stored !== null && stored > wanted;
    case '>=':
      return (stored) => stored !== null && stored >= wanted;
    case '<':
      return (stored) => stored !== null && stored < wanted;
    case '<=':
      return (stored) => stored !== null && stored <= wanted;
  }
}

function isRange(comparison: Comparison): comparison is '>' | '>=' | '<' | '<=' {
  return comparison.startsWith('>') || comparison.startsWith('<');
}

/** A range takes the first element of an array; without one nothing matches. */
function firstOf<Value>(value: PhpValue, convert: (value: PhpValue) => Value): Value | null {
  if (!isArrayLike(value)) return convert(value);
  const [first] = asList(value);
  return first === undefined ? null : convert(first);
}

function lowerText(value: PhpValue): string {
  return toPhpText(value).toLowerCase();
}

function toDateValue(text: string, baseType: 'instant' | 'day', { zone }: FilterContext): number | null {
  const instantMs = parseInstant(text, zone);
  if (Number.isNaN(instantMs)) return null;
  return baseType === 'instant' ? instantMs : localDayAt(zone, instantMs);
}

/** Columns hold the values of a multiple field as texts in lower case. */
function toStored(
  value: string | number | null,
  baseType: BaseType,
  { zone }: FilterContext,
): string | number | null {
  if (typeof value !== 'string' || baseType === 'text') return value;
  if (baseType === 'int' || baseType === 'double') return Number(value);
  const date = value.toUpperCase();
  return baseType === 'day' ? dayOfRow(date) : toComparable(date, 'instant', zone);
}
