/** Reads the values of CRM rows. Classic methods answer strings and null for everything (protocol 4), newer ones numbers too. */

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

/** Null for an empty text too. A number is read as its digits: a title may be `42`. */
export function readText(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Phones, e-mails and the like; values that are odd or empty are left out. */
export function readValues(value: unknown): string[] {
  const texts: string[] = [];
  // Most companies lack one of their multifields, and a whole list has hundreds of thousands.
  if (typeof value !== 'object' || value === null) return texts;
  for (const item of asList(value)) {
    const text = typeof item === 'object' && item !== null && 'VALUE' in item ? readText(item.VALUE) : null;
    if (text !== null) texts.push(text);
  }
  return texts;
}

/** PHP writes large numbers as `1.0E+25`. */
const NUMBER = /^-?\d+(\.\d+)?(E[+-]?\d+)?$/i;

/** A number as the wire writes it, or null. */
export function asNumber(value: unknown): number | null {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  // Adding 0 makes 0 of -0, which would be shown with its sign.
  return typeof number === 'number' && Number.isFinite(number) ? number + 0 : null;
}

/** A double holds fifteen digits; of a fraction, a page shows at least two. */
const SHORT_NUMBER = /^-?\d{1,13}(\.\d{1,2})?$/;
/** No database keeps more digits; longer texts would only cost time. */
const MAX_DIGITS = 400;

/**
 * The digits of a number that `asNumber` reads, where a number would be shown with fewer: `1234567890123456.78`, `12.500`.
 *
 * @returns undefined where the number says it all
 */
export function exactDigits(value: unknown): string | undefined {
  const text = readText(value);
  if (text === null || SHORT_NUMBER.test(text) || text.length > MAX_DIGITS) return undefined;
  return asNumber(text) === null ? undefined : text;
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

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const HALF_A_DAY_MS = 12 * 3600_000;

/**
 * The day of a field of type `date`, `2026-03-05`, or null. It is the same for every reader, whatever their time zone.
 *
 * Portals write local midnight of the server plus the offset of their clock now, in the offset of that day. That is midnight
 * by UTC but for the hours by which the two offsets differ, so the day is the UTC date nearest to the instant (company-data
 * 0.3).
 */
export function asDay(value: unknown): string | null {
  const iso = asInstant(value);
  if (iso === null) return null;
  if (!iso.includes('T')) return isoDay(Date.parse(iso)) === iso ? iso : null;
  const day = isoDay(Date.parse(iso) + HALF_A_DAY_MS);
  return DAY.test(day) ? day : null;
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().split('T', 1)[0] ?? '';
}

/** A value as a list of values. */
export function asList(value: unknown): unknown[] {
  return asRows(value) ?? [value];
}

/**
 * A list, or undefined for what is none. PHP sends a list as an object where its keys are not 0, 1, 2 …:
 * `{"1":"5","3":"9"}`.
 */
export function asRows(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.keys(value).every((key) => /^\d+$/.test(key)) ? Object.values(value) : undefined;
}
