import { type FieldDescription, UNKNOWN_FIELD } from './field-description.ts';
import type { FieldContext, FieldValue } from './field-value.ts';
import { readFieldValue } from './read-field-value.ts';
import { asList } from './values.ts';

/** One field of a card, in the words of the portal. */
export interface CompanyField {
  /** The wire's name: `COMPANY_TYPE`, `UF_CRM_…`. */
  name: string;
  label: string;
  values: FieldValue[];
}

/** Every field of a row that has a value, in the portal's order; fields without a description come last. */
export function readFields(
  row: Record<string, unknown>,
  descriptions: Map<string, FieldDescription>,
  context: FieldContext,
): CompanyField[] {
  const names = new Set([...descriptions.keys(), ...Object.keys(row)]);
  return [...names].flatMap((name) => {
    const description = descriptions.get(name) ?? UNKNOWN_FIELD;
    // A portal may name a field `constructor`; only what is in the row itself counts.
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    // What portals answer for a field of several values that has none (company-data 5.3).
    const isEmpty = value === false && description.isMultiple;
    const values = isEmpty
      ? []
      : asList(value).flatMap((each) => readFieldValue(name, each, description, context) ?? []);
    return values.length === 0 ? [] : [{ name, label: description.label ?? name, values }];
  });
}
