import type { CrmRow } from './row.ts';
import type { Rows } from './table.ts';

export type CommunicationType = 'PHONE' | 'EMAIL';

/** Of all types together, a search by one value finds this many rows (company-data 3.1). */
export const MOST_FOUND = 20;

/**
 * Finds rows by a phone or an e-mail, compared in normal form (company-data 3.1).
 *
 * The index is built at the first search after a change, in one pass over all rows. More rows than a search returns
 * are not kept, so it stays small for a generated portal of a million companies, which repeat their numbers.
 */
export class CommunicationIndex {
  readonly #source: { byId: Rows<CrmRow> };
  readonly #changed: { changes: number };
  readonly #ids = new Map<CommunicationType, Map<string, number[]>>();
  #builtAt = -1;

  /** @param changed  its `changes` increases whenever rows change */
  constructor(source: { byId: Rows<CrmRow> }, changed: { changes: number }) {
    this.#source = source;
    this.#changed = changed;
  }

  /** @returns  the lowest IDs of the rows that have this value, ascending, at most MOST_FOUND */
  find(type: CommunicationType, value: string): readonly number[] {
    const wanted = normalizeCommunication(type, value);
    return wanted === '' ? [] : (this.#idsOf(type).get(wanted) ?? []);
  }

  #idsOf(type: CommunicationType): Map<string, number[]> {
    if (this.#builtAt !== this.#changed.changes) {
      this.#ids.clear();
      this.#builtAt = this.#changed.changes;
    }
    const built = this.#ids.get(type);
    if (built) return built;
    const ids = build(this.#source.byId, type);
    this.#ids.set(type, ids);
    return ids;
  }
}

function build(rows: Rows<CrmRow>, type: CommunicationType): Map<string, number[]> {
  const idsOfValue = new Map<string, number[]>();
  for (let position = 0; position < rows.length; position += 1) {
    const row = rows.at(position);
    for (const { VALUE } of row?.[type] ?? []) {
      addId(idsOfValue, normalizeCommunication(type, VALUE), Number(row?.ID));
    }
  }
  return idsOfValue;
}

function addId(idsOfValue: Map<string, number[]>, value: string, id: number): void {
  if (value === '') return;
  const ids = idsOfValue.get(value);
  if (ids === undefined) idsOfValue.set(value, [id]);
  else if (ids.length < MOST_FOUND && ids.at(-1) !== id) ids.push(id);
}

/** The form in which values are compared; empty for a phone without any digit. */
export function normalizeCommunication(type: CommunicationType, value: string): string {
  return type === 'PHONE' ? normalizePhone(value) : value.trim().toLowerCase();
}

/** Shorter numbers are compared digit by digit. */
const LENGTH_OF_WHOLE_NUMBER = 10;

/**
 * The table of company-data 3.1: an international prefix is cut, a leading 8 of a whole number becomes 7, and an
 * extension after `;`, `#` or `,` is dropped.
 */
export function normalizePhone(phone: string): string {
  const isEight = phone.length >= LENGTH_OF_WHOLE_NUMBER && phone.startsWith('+8');
  // A number that was written with +8 is of a country whose code begins with 8, so the 8 must stay.
  const digits = (isEight ? `00${phone.slice(1)}` : phone).replace(/[^0-9#*,;]/g, '');
  return withoutPrefix(digits).replace(/(\d+)[;#]*[\d,]*/g, '$1');
}

function withoutPrefix(digits: string): string {
  if (digits.length < LENGTH_OF_WHOLE_NUMBER || /^8[012]/.test(digits)) return digits;
  if (digits.startsWith('00')) return digits.slice('00'.length);
  if (digits.startsWith('011')) return digits.slice('011'.length);
  if (digits.startsWith('8')) return `7${digits.slice(1)}`;
  return digits.startsWith('0') ? digits.slice(1) : digits;
}
