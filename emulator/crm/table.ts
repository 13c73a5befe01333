import type { Comparable, FieldKind, ValueTest } from './comparable.ts';
import { ANY_ID, type IdRange, type RowFilter, type RowTest } from './row-filter.ts';

/** Rows by position in the order of their IDs; a row may be generated at each call. */
export interface Rows<Row> {
  readonly length: number;
  at(position: number): Row | undefined;
  idAt(position: number): number | undefined;
  /** Number of rows with a smaller ID. */
  countBelow(id: number): number;
}

export interface Columns<Row> {
  /** undefined for an unknown field. */
  kindOf(field: string): FieldKind | undefined;
  valueOf(row: Row, field: string, kind: FieldKind): Comparable;
}

/** The rows that a user may read. `key` identifies this set, so that sorted lists can be cached per set. */
export interface Visibility<Row> {
  key: string;
  /** true: all rows are readable, so `test` need not be called. */
  includesAll: boolean;
  test(row: Row): boolean;
}

export interface OrderEntry {
  field: string;
  descending: boolean;
}

export interface Page<Row> {
  rows: Row[];
  /** Number of matching readable rows; undefined when counting was skipped. */
  total?: number;
  next?: number;
}

/** Fixed page size of section 5. */
export const PAGE_SIZE = 50;

/**
 * Enough for all sort orders that a user of 12,000 companies tries; beyond that, the cache is cleared and lists are
 * sorted again.
 */
const KEPT_SORTED_POSITIONS = 2_400_000;

/**
 * Rows with cached columns and sort orders.
 *
 * A page must cost about a millisecond, or a load test would measure the emulator. In ID order and with a filter on
 * the ID only, a page is found by arithmetic, for any number of rows and any `start`. For other calls each column is
 * converted once, each order is sorted once per set of readable rows, and a filter only iterates.
 */
export class Table<Row> {
  readonly #rows: Rows<Row>;
  readonly #columns: Columns<Row>;
  readonly #values = new Map<string, Comparable[]>();
  readonly #sorted = new Map<string, Uint32Array>();
  #sortedPositions = 0;

  constructor(rows: Rows<Row>, columns: Columns<Row>) {
    this.#rows = rows;
    this.#columns = columns;
  }

  kindOf(field: string): FieldKind | undefined {
    return this.#columns.kindOf(field);
  }

  /** Makes a row test from a value test of one field. */
  testColumn(field: string, test: ValueTest): RowTest {
    if (field === 'ID') return (position) => test(this.#rows.idAt(position) ?? null);
    const values = this.#column(field);
    return (position) => test(values[position] ?? null);
  }

  /** Combines the ID range and all tests of a filter into one row test. */
  testFilter({ ids, tests }: RowFilter): RowTest {
    const [from, to] = this.#positionsOf(ids);
    return (position) => position >= from && position < to && tests.every((test) => test(position));
  }

  /**
   * Returns one page (section 6.1).
   *
   * @param start  position of the first row; negative: counting is skipped, so neither `total` nor `next` is returned
   */
  page(visible: Visibility<Row>, order: OrderEntry[], filter: RowFilter, start: number): Page<Row> {
    const keys = this.#sortKeys(order);
    const [first] = keys;
    if (visible.includesAll && filter.tests.length === 0 && (first === undefined || first.field === 'ID')) {
      return this.#pageById(filter.ids, first?.descending ?? false, start);
    }
    const sorted = this.#sort(visible, keys);
    const passes = this.testFilter(filter);
    if (start < 0) return { rows: this.#rowsAt(firstMatches(sorted, passes)) };

    const isFiltered = filter.tests.length > 0 || filter.ids !== ANY_ID;
    const matching = isFiltered ? sorted.filter(passes) : sorted;
    const from = pageStart(start);
    return {
      rows: this.#rowsAt(matching.subarray(from, from + PAGE_SIZE)),
      ...counts(matching.length, from),
    };
  }

  #pageById(ids: IdRange, descending: boolean, start: number): Page<Row> {
    const [first, end] = this.#positionsOf(ids);
    const total = Math.max(0, end - first);
    const from = start < 0 ? 0 : pageStart(start);
    const length = Math.max(0, Math.min(PAGE_SIZE, total - from));
    const positions = Array.from({ length }, (_, index) =>
      descending ? end - 1 - from - index : first + from + index,
    );
    const rows = this.#rowsAt(positions);
    return start < 0 ? { rows } : { rows, ...counts(total, from) };
  }

  #positionsOf({ from, below }: IdRange): [from: number, to: number] {
    return [this.#rows.countBelow(from), this.#rows.countBelow(below)];
  }

  #rowsAt(positions: ArrayLike<number>): Row[] {
    return Array.from(positions, (position) => this.#rows.at(position)).filter((row) => row !== undefined);
  }

  #column(field: string): Comparable[] {
    const kept = this.#values.get(field);
    if (kept) return kept;
    const kind = this.#columns.kindOf(field) ?? 'text';
    const values: Comparable[] = [];
    for (let position = 0; position < this.#rows.length; position += 1) {
      const row = this.#rows.at(position);
      values.push(row === undefined ? null : this.#columns.valueOf(row, field, kind));
    }
    this.#values.set(field, values);
    return values;
  }

  /**
   * The fields to sort by. Lists are not sortable and unknown fields are dropped; fields after ID have no effect,
   * because IDs are unique.
   */
  #sortKeys(order: OrderEntry[]): OrderEntry[] {
    const sortable = order.filter(({ field }) => (this.kindOf(field) ?? 'list') !== 'list');
    const byId = sortable.findIndex(({ field }) => field === 'ID');
    return byId < 0 ? sortable : sortable.slice(0, byId + 1);
  }

  /** Sorts row positions. Equal rows are ordered by ID. */
  #sort(visible: Visibility<Row>, keys: OrderEntry[]): Uint32Array {
    const name = JSON.stringify([visible.key, ...keys.map(({ field, descending }) => [field, descending])]);
    const kept = this.#sorted.get(name);
    if (kept) return kept;

    const comparisons = keys.map(({ field, descending }) => {
      const sign = descending ? -1 : 1;
      // Positions are already in ID order.
      if (field === 'ID') return (a: number, b: number) => sign * (a - b);
      const values = this.#column(field);
      return (a: number, b: number) => sign * compare(values[a] ?? null, values[b] ?? null);
    });
    const sorted = this.#visiblePositions(visible);
    sorted.sort((a, b) => {
      for (const comparison of comparisons) {
        const difference = comparison(a, b);
        if (difference !== 0) return difference;
      }
      return a - b;
    });

    if (this.#sortedPositions + sorted.length > KEPT_SORTED_POSITIONS) {
      this.#sorted.clear();
      this.#sortedPositions = 0;
    }
    this.#sorted.set(name, sorted);
    this.#sortedPositions += sorted.length;
    return sorted;
  }

  #visiblePositions({ includesAll, test }: Visibility<Row>): Uint32Array {
    const positions = new Uint32Array(this.#rows.length);
    let found = 0;
    for (let position = 0; position < positions.length; position += 1) {
      if (!includesAll) {
        const row = this.#rows.at(position);
        if (row === undefined || !test(row)) continue;
      }
      positions[found] = position;
      found += 1;
    }
    return positions.slice(0, found);
  }
}

/** Rows of a list in memory, such as the users of a portal. */
export function rowsOfList<Row extends { ID: string }>(list: readonly Row[]): Rows<Row> {
  const sorted = [...list].sort((a, b) => Number(a.ID) - Number(b.ID));
  return {
    length: sorted.length,
    at: (position) => sorted[position],
    idAt: (position) => {
      const row = sorted[position];
      return row && Number(row.ID);
    },
    countBelow: (id) => sorted.filter((row) => Number(row.ID) < id).length,
  };
}

/** `start` is rounded down to a multiple of 50 (section 6.1). */
function pageStart(start: number): number {
  return Math.floor(start / PAGE_SIZE) * PAGE_SIZE;
}

function counts(total: number, from: number): { total: number; next?: number } {
  return from + PAGE_SIZE < total ? { total, next: from + PAGE_SIZE } : { total };
}

function firstMatches(sorted: Uint32Array, passes: RowTest): number[] {
  const found: number[] = [];
  for (const position of sorted) {
    if (passes(position) && found.push(position) === PAGE_SIZE) break;
  }
  return found;
}

/** Empty values come first, as in the database. */
function compare(a: Comparable, b: Comparable): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
