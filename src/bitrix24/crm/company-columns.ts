/**
 * Every column of the list, one row each: the fields of `crm.company.list` it is read from, and by its kind how it is
 * read, sorted, filtered, shown and exported. A new column is a row here and its text in both catalogues
 * (`list.columns`). The order is that of the list and of files.
 *
 * It stands among the wire's names, because reading, sorting and filtering need them; companies/ and exports/ only know
 * the kinds (docs/decisions/0016-columns.md).
 */
export const COMPANY_COLUMNS = {
  id: { kind: 'id', wire: ['ID'], files: { id: 10 } },
  title: { kind: 'title', wire: ['TITLE'], files: { title: 42 } },
  type: { kind: 'dictionary', wire: ['COMPANY_TYPE'], filter: 'types', files: { type: 18 }, isTag: true },
  industry: { kind: 'dictionary', wire: ['INDUSTRY'], filter: 'industries', files: { industry: 22 } },
  employees: {
    kind: 'dictionary',
    wire: ['EMPLOYEES'],
    filter: 'employees',
    files: { employees: 16 },
    isOptional: true,
  },
  contacts: { kind: 'contacts', wire: ['PHONE', 'EMAIL'], files: { phones: 24, emails: 30 } },
  responsible: {
    kind: 'person',
    wire: ['ASSIGNED_BY_ID'],
    filter: 'responsible',
    files: { responsible: 26 },
  },
  revenue: {
    kind: 'money',
    wire: ['REVENUE', 'CURRENCY_ID'],
    filter: 'revenue',
    files: { revenue: 16, currency: 10 },
  },
  created: { kind: 'instant', wire: ['DATE_CREATE'], filter: 'created', files: { created: 20 } },
  modified: { kind: 'instant', wire: ['DATE_MODIFY'], filter: 'modified', files: { modified: 20 } },
} as const satisfies Record<string, ColumnRow>;

interface ColumnRow {
  kind: 'id' | 'title' | 'dictionary' | 'contacts' | 'person' | 'money' | 'instant';
  /** The first is what portals sort and filter by. */
  wire: readonly [string, ...string[]];
  /** Its condition in `CompanyFilter`. */
  filter?: string;
  /** Its columns in a file, with their widths in characters: what the list shows in one cell, a table sorts by. */
  files: Readonly<Record<string, number>>;
  /** The list shows it only where the person has chosen it; JSON does not hold it. */
  isOptional?: boolean;
  /** Shown as a tag, for values that people look for at a glance. */
  isTag?: boolean;
}

type Table = typeof COMPANY_COLUMNS;
export type ColumnName = keyof Table;
export type ColumnKind = ColumnRow['kind'];
/** The columns of a kind. */
export type ColumnOf<Kind extends ColumnKind> = {
  [Name in ColumnName]: Table[Name]['kind'] extends Kind ? Name : never;
}[ColumnName];
/** What the columns of a kind are called in `CompanyFilter`. */
export type FilterOf<Kind extends ColumnKind> = Extract<Table[ColumnOf<Kind>], { filter: string }>['filter'];
/** A column of a file. */
export type FileColumn = { [Name in ColumnName]: keyof Table[Name]['files'] }[ColumnName];

const ROWS = Object.entries(COMPANY_COLUMNS) as [ColumnName, ColumnRow][];

export const COLUMN_NAMES = ROWS.map(([name]) => name);

export function rowOf(name: ColumnName): ColumnRow {
  return COMPANY_COLUMNS[name];
}

/** The columns of a kind with their rows, in the order of the list. */
export function columnsOf<Kind extends ColumnKind>(
  kind: Kind,
): { name: ColumnOf<Kind>; wire: string; filter: FilterOf<Kind> }[] {
  return ROWS.filter(([, row]) => row.kind === kind).map(([name, { wire, filter }]) => ({
    name: name as ColumnOf<Kind>,
    wire: wire[0],
    filter: filter as FilterOf<Kind>,
  }));
}

/** Columns that portals sort by: all but contacts, of which a company has several. */
export type CompanySort = Exclude<ColumnName, ColumnOf<'contacts'>>;

/** What people sort by most; the others follow in the order of the list. */
const OFTEN_SORTED: readonly ColumnName[] = ['title', 'created', 'modified', 'id', 'revenue'];

export const COMPANY_SORTS = [
  ...OFTEN_SORTED,
  ...ROWS.flatMap(([name, { kind }]) => (kind === 'contacts' || OFTEN_SORTED.includes(name) ? [] : [name])),
] as [CompanySort, ...CompanySort[]];

/** The `select` of `crm.company.list`. Multifields come only when they are named (protocol 7.2). */
export const COMPANY_SELECT: string[] = ROWS.flatMap(([, { wire }]) => [...wire]);

/** Columns of files with their widths in characters. */
export const FILE_WIDTHS = Object.assign({}, ...ROWS.map(([, { files }]) => files)) as Record<
  FileColumn,
  number
>;
