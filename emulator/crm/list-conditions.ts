import { asEntries, asList, isArrayLike, type PhpValue } from '../wire/php-params.ts';

/** One entry of the filter of `crm.company.list`, `crm.contact.list` or `crm.deal.list` (company-data 0.1). */
export interface ListCondition {
  field: string;
  /** The operator as it was written, such as `!=`; empty for a bare field name. */
  written: string;
  operator: ListOperator;
  isNegated: boolean;
  /** The rows without a value match too (`+`). */
  orEmpty: boolean;
  /** The value as it was given, for fields that look at its form. */
  value: PhpValue;
  /** The elements of an array, or the one value. */
  values: PhpValue[];
}

/** `in` is `@`; `contains` is `%`; `like` has a pattern. */
export type ListOperator = '=' | '>' | '>=' | '<' | '<=' | 'in' | 'contains' | 'like';

/**
 * Longest first. The full text operators (`?`, `*`) are documented nowhere; here they find a part of the text.
 */
const OPERATORS: readonly (readonly [prefix: string, operator: ListOperator])[] = [
  ['>=', '>='],
  ['<=', '<='],
  ['=%', 'like'],
  ['%=', 'like'],
  ['*=', 'contains'],
  ['*%', 'contains'],
  ['>', '>'],
  ['<', '<'],
  ['@', 'in'],
  ['%', 'contains'],
  ['?', 'contains'],
  ['*', 'contains'],
  ['=', '='],
];

/** Reads a filter; all conditions must hold. Unknown fields are still included. */
export function readListConditions(filter: PhpValue | undefined): ListCondition[] {
  return asEntries(filter).map(([key, value]) => readCondition(key, value));
}

function readCondition(key: string, value: PhpValue): ListCondition {
  const isNegated = key.startsWith('!');
  const afterNegation = isNegated ? key.slice(1) : key;
  const orEmpty = afterNegation.startsWith('+');
  const rest = orEmpty ? afterNegation.slice(1) : afterNegation;
  const [prefix, operator] = OPERATORS.find(([each]) => rest.startsWith(each)) ?? ['', '='];
  const field = rest.slice(prefix.length);
  return {
    field,
    written: key.slice(0, key.length - field.length),
    operator,
    isNegated,
    orEmpty,
    value,
    values: isArrayLike(value) ? asList(value) : [value],
  };
}

/** A field that must have one of these values. */
export interface WantedValues {
  field: string;
  values: readonly PhpValue[];
}

/** The conditions that ask for values as they are. */
export function wantedValues(conditions: readonly ListCondition[]): WantedValues[] {
  return conditions.filter(
    ({ operator, isNegated, orEmpty }) => (operator === '=' || operator === 'in') && !isNegated && !orEmpty,
  );
}
