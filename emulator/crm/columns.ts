import { type Comparable, type FieldKind, toComparable } from './comparable.ts';
import type { CrmField } from './fields.ts';
import { type CrmRow, isMultifieldName, type Multifield } from './row.ts';
import type { Columns } from './table.ts';

const KIND_OF_TYPE: Record<string, FieldKind> = {
  integer: 'number',
  double: 'number',
  user: 'number',
  crm_lead: 'number',
  crm_company: 'number',
  crm_contact: 'number',
  crm_quote: 'number',
  crm_category: 'number',
  date: 'day',
  datetime: 'instant',
  crm_status: 'choice',
  crm_multifield: 'list',
};

/** Column definitions of CRM rows, for comparing in a table. */
export function crmColumns(fields: readonly CrmField[], utcOffset: string): Columns<CrmRow> {
  const kinds = new Map(
    fields
      .filter(({ isUnlisted }) => !isUnlisted)
      .map(({ name, type, isMultiple }) => [name, isMultiple ? 'list' : (KIND_OF_TYPE[type] ?? 'text')]),
  );
  return {
    kindOf: (field) => kinds.get(field),
    valueOf: (row, field, kind) => comparableOf(row, field, kind, utcOffset),
  };
}

function comparableOf(row: CrmRow, field: string, kind: FieldKind, utcOffset: string): Comparable {
  const value = row[field];
  if (value === null || value === undefined) return kind === 'list' ? [] : null;
  // On the wire a date is midnight in UTC, written with any offset, so its day is the UTC day.
  if (typeof value === 'string') return toComparable(value, kind, kind === 'day' ? '+00:00' : utcOffset);
  const texts = isMultifieldName(field)
    ? (value as Multifield[]).map(({ VALUE }) => VALUE)
    : (value as string[]);
  return texts.map((text) => toComparable(text, 'list', utcOffset));
}
