import type { ServerZone } from '../server-zone.ts';
import { type Comparable, dayOfRow, type FieldKind, toComparable } from './comparable.ts';
import type { CrmField } from './fields.ts';
import { type CrmRow, isMultifieldName, type Multifield } from './row.ts';
import type { Columns } from './table.ts';

const KIND_OF_TYPE: Record<string, FieldKind> = {
  integer: 'number',
  double: 'number',
  boolean: 'number',
  enumeration: 'number',
  employee: 'number',
  file: 'number',
  iblock_element: 'number',
  iblock_section: 'number',
  resourcebooking: 'number',
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
export function crmColumns(fields: readonly CrmField[], zone: ServerZone): Columns<CrmRow> {
  const kinds = new Map(
    fields
      .filter(({ isUnlisted }) => !isUnlisted)
      .map(({ name, type, isMultiple }) => [name, isMultiple ? 'list' : (KIND_OF_TYPE[type] ?? 'text')]),
  );
  return {
    kindOf: (field) => kinds.get(field),
    valueOf: (row, field, kind) => comparableOf(row, field, kind, zone),
  };
}

function comparableOf(row: CrmRow, field: string, kind: FieldKind, zone: ServerZone): Comparable {
  const value = row[field];
  if (value === null || value === undefined) return kind === 'list' ? [] : null;
  if (typeof value === 'string') return kind === 'day' ? dayOfRow(value) : toComparable(value, kind, zone);
  const texts = isMultifieldName(field)
    ? (value as Multifield[]).map(({ VALUE }) => VALUE)
    : (value as string[]);
  return texts.map((text) => toComparable(text, 'list', zone));
}
