/** Reads the values of CRM rows. Classic methods answer strings and null for everything (protocol 4). */

/** Names of a dictionary's values by their ids. */
export type Dictionary = Map<string, string>;

/** A row of `crm.company.*` whose id can be read. */
export interface CompanyRow {
  id: number;
  fields: Record<string, unknown>;
}

/** @returns undefined for a row without a readable id: its card could not be opened */
export function readRow(raw: unknown): CompanyRow | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const fields = raw as Record<string, unknown>;
  const id = readId(fields.ID);
  return id === null ? undefined : { id, fields };
}

/** Fifteen digits: addresses of pages and resume tokens take no more. */
const MAX_ID = 999_999_999_999_999;

/** Ids come as strings of digits, from newer methods as numbers; 0 refers to nothing. */
export function readId(value: unknown): number | null {
  const id = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isInteger(id) && id > 0 && id <= MAX_ID ? id : null;
}

/** Null for an empty text too. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Phones, e-mails and the like; values that are odd or empty are left out. */
export function readValues(value: unknown): string[] {
  const texts: string[] = [];
  if (!Array.isArray(value)) return texts;
  for (const item of value as unknown[]) {
    const text = typeof item === 'object' && item !== null && 'VALUE' in item ? readText(item.VALUE) : null;
    if (text !== null) texts.push(text);
  }
  return texts;
}

/** A number as the wire writes it, or null. */
export function asNumber(value: unknown): number | null {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
  return isNumber && Number.isFinite(Number(value)) ? Number(value) : null;
}

/** As portals write instants. Excludes days 29 to 31, which not every month has. */
const USUAL_INSTANT =
  /^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d[+-](0\d|1[0-4]):[0-5]\d$/;

/** An instant or a day in ISO 8601, or null. */
export function asInstant(value: unknown): string | null {
  // A whole list has hundreds of thousands of instants, and `Date.parse` takes longer than the rest of a row.
  if (typeof value === 'string' && USUAL_INSTANT.test(value)) return value;
  const isIso = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}|$)/.test(value);
  return isIso && !Number.isNaN(Date.parse(value)) ? value : null;
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
