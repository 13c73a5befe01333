/** IDs that are at least `from` and less than `below`. */
export interface IdRange {
  from: number;
  below: number;
}

export const ANY_ID: IdRange = { from: 0, below: Number.POSITIVE_INFINITY };

/** A test of a row, which looks up column values by the position of the row. */
export type RowTest = (position: number) => boolean;

/** A compiled filter: the range of IDs, which is checked without reading rows, and tests for everything else. */
export interface RowFilter {
  ids: IdRange;
  tests: RowTest[];
}

/** Combines filters with AND. */
export function joinFilters(parts: (IdRange | RowTest | RowFilter)[]): RowFilter {
  let ids = ANY_ID;
  const tests: RowTest[] = [];
  for (const part of parts) {
    if (typeof part === 'function') {
      tests.push(part);
      continue;
    }
    const range = 'ids' in part ? part.ids : part;
    if (range !== ANY_ID) {
      ids = { from: Math.max(ids.from, range.from), below: Math.min(ids.below, range.below) };
    }
    if ('ids' in part) tests.push(...part.tests);
  }
  return { ids, tests };
}
