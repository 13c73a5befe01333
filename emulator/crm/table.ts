import type { Test } from './filter.ts';

/** How the values of a field compare: `choice` is a dictionary's id, `list` has several values. */
export type FieldKind = 'number' | 'instant' | 'text' | 'choice' | 'list';

/** A value made ready to compare; null stands for empty. */
export type Comparable = string | number | null | readonly (string | number | null)[];

export interface Columns<Row> {
  /** undefined for a field nobody knows. */
  kindOf(field: string): FieldKind | undefined;
  valueOf(row: Row, field: string, kind: FieldKind): Comparable;
}

/** Whose rows they are: the key names the set, so that sorted lists can be kept per set. */
export interface Visibility<Row> {
  key: string;
  test(row: Row): boolean;
}

export interface OrderEntry {
  field: string;
  descending: boolean;
}

/** A filter over several columns: looks values up by row number. */
export type RowTest = (row: number) => boolean;

export interface Page<Row> {
  rows: Row[];
  /** Of readable rows; undefined when counting was skipped. */
  total?: number;
  next?: number;
}

/** Section 5: the size of a page is fixed. */
export const PAGE_SIZE = 50;

/** Enough for every way a person sorts; a test that asks for more pays for sorting again. */
const KEPT_SORTED_LISTS = 200;

/**
 * Rows with their columns and orders kept ready.
 *
 * A page of 12,000 rows must cost a few milliseconds, else the emulator would be what a load test measures: each
 * column is made comparable once, each order sorted once per set of readable rows, and a filter only walks along.
 */
export class Table<Row extends { ID: string }> {
  readonly rows: readonly Row[];
  readonly #columns: Columns<Row>;
  readonly #values = new Map<string, Comparable[]>();
  readonly #sorted = new Map<string, number[]>();

  constructor(rows: readonly Row[], columns: Columns<Row>) {
    this.rows = rows;
    this.#columns = columns;
  }

  kindOf(field: string): FieldKind | undefined {
    return this.#columns.kindOf(field);
  }

  /** The row test that a condition's test makes for one field. */
  testColumn(field: string, test: Test): RowTest {
    const values = this.#column(field);
    return (row) => test(values[row] ?? null);
  }

  /**
   * One page (section 6.1).
   *
   * @param start  a negative one skips counting: neither `total` nor `next` then
   */
  page(visible: Visibility<Row>, order: OrderEntry[], tests: RowTest[], start: number): Page<Row> {
    const sorted = this.#sort(visible, order);
    const passes: RowTest = (row) => tests.every((test) => test(row));
    if (start < 0) return { rows: this.#rowsAt(firstMatches(sorted, passes)) };

    const from = Math.floor(start / PAGE_SIZE) * PAGE_SIZE;
    const matching = tests.length === 0 ? sorted : sorted.filter(passes);
    const rows = this.#rowsAt(matching.slice(from, from + PAGE_SIZE));
    const total = matching.length;
    return from + PAGE_SIZE < total ? { rows, total, next: from + PAGE_SIZE } : { rows, total };
  }

  #rowsAt(numbers: number[]): Row[] {
    return numbers.map((number) => this.rows[number]).filter((row) => row !== undefined);
  }

  #column(field: string): Comparable[] {
    const kept = this.#values.get(field);
    if (kept) return kept;
    const kind = this.#columns.kindOf(field) ?? 'text';
    const values = this.rows.map((row) => this.#columns.valueOf(row, field, kind));
    this.#values.set(field, values);
    return values;
  }

  /** Equal rows stay in the order of their ids. Lists have no order, unknown fields are dropped. */
  #sort(visible: Visibility<Row>, order: OrderEntry[]): number[] {
    const sortable = order.filter(({ field }) => (this.kindOf(field) ?? 'list') !== 'list');
    const key = JSON.stringify([
      visible.key,
      ...sortable.map(({ field, descending }) => [field, descending]),
    ]);
    const kept = this.#sorted.get(key);
    if (kept) return kept;

    const ids = this.#column('ID');
    const keys = sortable.map(({ field, descending }) => ({
      values: this.#column(field),
      sign: descending ? -1 : 1,
    }));
    const sorted = [...this.rows.keys()].filter((number) => {
      const row = this.rows[number];
      return row !== undefined && visible.test(row);
    });
    sorted.sort((a, b) => {
      for (const { values, sign } of keys) {
        const difference = compare(values[a] ?? null, values[b] ?? null);
        if (difference !== 0) return difference * sign;
      }
      return compare(ids[a] ?? null, ids[b] ?? null);
    });

    if (this.#sorted.size >= KEPT_SORTED_LISTS) this.#sorted.clear();
    this.#sorted.set(key, sorted);
    return sorted;
  }
}

function firstMatches(sorted: number[], passes: RowTest): number[] {
  const found: number[] = [];
  for (const row of sorted) {
    if (passes(row) && found.push(row) === PAGE_SIZE) break;
  }
  return found;
}

/** Empty comes first, as in the database. */
function compare(a: Comparable, b: Comparable): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
