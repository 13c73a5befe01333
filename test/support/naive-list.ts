import type { CompanyRow } from '../../emulator/index.ts';

/** A page of companies by their ids, and how many there are on all pages. */
export interface ListedIds {
  ids: number[];
  total: number;
}

export interface NaiveQuery {
  where?: (row: CompanyRow) => boolean;
  sort?: keyof typeof SORT_VALUES;
  order?: 'asc' | 'desc';
  page?: number;
}

const PAGE_SIZE = 50;

/**
 * What a page of the list must hold, worked out from the portal's own rows in the plainest way: look at every row, sort all
 * of them, cut. Empty values come first in ascending order, texts go by lower-case code units, and ties by the id in the
 * same direction (emulator/README.md).
 */
export function naivePage(rows: readonly CompanyRow[], query: NaiveQuery = {}): ListedIds {
  const { where = () => true, sort = 'id', order = 'desc', page = 1 } = query;
  const ascending = ascendingBy(sort, rows).filter(where);
  const sorted = order === 'asc' ? ascending : ascending.reverse();
  const ids = sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE).map(({ ID }) => Number(ID));
  return { ids, total: sorted.length };
}

/** All rows in one order; tests ask for the same few orders of the same rows again and again. */
function ascendingBy(sort: keyof typeof SORT_VALUES, rows: readonly CompanyRow[]): CompanyRow[] {
  const orders = ordersOf.get(rows) ?? new Map<string, CompanyRow[]>();
  ordersOf.set(rows, orders);
  const kept = orders.get(sort);
  if (kept?.length === rows.length) return kept;
  const made = rows
    .map((row) => ({ row, id: Number(row.ID), value: SORT_VALUES[sort](row) }))
    .sort((one, other) => compare(one.value, other.value) || one.id - other.id)
    .map(({ row }) => row);
  orders.set(sort, made);
  return made;
}

const ordersOf = new WeakMap<readonly CompanyRow[], Map<string, CompanyRow[]>>();

/** The day that a clock of this zone shows at an instant: `2026-03-05`. */
export function dayIn(timeZone: string, instant: unknown): string {
  const format = dayFormats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone });
  dayFormats.set(timeZone, format);
  const key = `${timeZone} ${instant}`;
  const day = days.get(key) ?? format.format(new Date(String(instant)));
  days.set(key, day);
  return day;
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();
const days = new Map<string, string>();

type SortValue = string | number | null;

const SORT_VALUES = {
  id: ({ ID }: CompanyRow) => Number(ID),
  title: ({ TITLE }: CompanyRow) => asText(TITLE),
  type: ({ COMPANY_TYPE }: CompanyRow) => asText(COMPANY_TYPE),
  industry: ({ INDUSTRY }: CompanyRow) => asText(INDUSTRY),
  employees: ({ EMPLOYEES }: CompanyRow) => asText(EMPLOYEES),
  revenue: ({ REVENUE }: CompanyRow) => asNumber(REVENUE),
  responsible: ({ ASSIGNED_BY_ID }: CompanyRow) => asNumber(ASSIGNED_BY_ID),
  created: ({ DATE_CREATE }: CompanyRow) => Date.parse(String(DATE_CREATE)),
  modified: ({ DATE_MODIFY }: CompanyRow) => Date.parse(String(DATE_MODIFY)),
} satisfies Record<string, (row: CompanyRow) => SortValue>;

function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.toLowerCase() : null;
}

function asNumber(value: unknown): number | null {
  return typeof value === 'string' && value !== '' ? Number(value) : null;
}

function compare(one: SortValue, other: SortValue): number {
  if (one === other) return 0;
  if (one === null) return -1;
  if (other === null) return 1;
  return one < other ? -1 : 1;
}
