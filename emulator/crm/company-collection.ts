import type { ServerZone } from '../server-zone.ts';
import { crmColumns } from './columns.ts';
import { companyFields } from './company-fields.ts';
import type { CrmField } from './fields.ts';
import { IdList } from './id-list.ts';
import { type CompanyRow, completeMultifields } from './row.ts';
import { type Columns, type Rows, Table } from './table.ts';
import type { UserField } from './user-fields.ts';

export interface CompanyCollectionOptions {
  userFields: UserField[];
  zone: ServerZone;
}

/** Generates companies with consecutive IDs. */
export interface CompanySource {
  firstId: number;
  count: number;
  /** Returns a new row object at each call, with equal content for the same ID. */
  make(id: number): CompanyRow;
  /** Whether generated rows already have the flags that a portal derives. */
  rowsAreComplete?: boolean;
}

/**
 * Up to this number of generated companies, rows are kept after the first call. Larger portals generate rows at each
 * call, which saves memory.
 */
export const MAX_KEPT_COMPANIES = 20_000;

/** The companies of a portal, as rows in the wire format. */
export class CompanyCollection {
  readonly fields: CrmField[];
  readonly userFields: UserField[];
  readonly #source: CompanySource | undefined;
  readonly #columns: Columns<CompanyRow>;
  readonly #ids: IdList;
  /** Given and added rows, and generated rows that are kept. */
  readonly #kept: Map<number, CompanyRow>;
  #table: Table<CompanyRow> | undefined;
  #list: CompanyRow[] | undefined;
  #changes = 0;

  constructor(
    companies: readonly CompanyRow[] | CompanySource,
    { userFields, zone }: CompanyCollectionOptions,
  ) {
    this.userFields = userFields;
    this.fields = companyFields(userFields);
    this.#columns = crmColumns(this.fields, zone);
    if ('make' in companies) {
      this.#source = companies;
      this.#kept = new Map();
      this.#ids = new IdList({ first: companies.firstId, count: companies.count });
    } else {
      this.#kept = new Map(companies.map((row) => [readId(row.ID), completeRow({ ...row })]));
      this.#ids = new IdList(this.#kept.keys());
    }
  }

  get size(): number {
    return this.#ids.length;
  }

  /** All rows, ordered by ID; for a large portal this generates every row. */
  get rows(): readonly CompanyRow[] {
    if (this.#list) return this.#list;
    const list = Array.from({ length: this.size }, (_, position) => this.#at(position)).filter(
      (row) => row !== undefined,
    );
    if (this.keepsGenerated) this.#list = list;
    return list;
  }

  get table(): Table<CompanyRow> {
    this.#table ??= new Table(this.byId, this.#columns);
    return this.#table;
  }

  /** The table of all companies, for any conditions. */
  tableFor(): Table<CompanyRow> {
    return this.table;
  }

  /** The current rows, ordered by ID. A caller that caches results must compare `changes`. */
  get byId(): Rows<CompanyRow> {
    const ids = this.#ids;
    return {
      length: ids.length,
      at: (position) => this.#at(position),
      idAt: (position) => ids.at(position),
      countBelow: (id) => ids.countBelow(id),
    };
  }

  /** Number of `put` and `remove` calls so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether generated rows are kept; false for a large portal. */
  get keepsGenerated(): boolean {
    return (this.#source?.count ?? 0) <= MAX_KEPT_COMPANIES;
  }

  find(id: string): CompanyRow | undefined {
    return isId(id) && this.#ids.has(Number(id)) ? this.#row(Number(id)) : undefined;
  }

  /** Adds a company, or replaces the one with the same ID. */
  put(row: CompanyRow): void {
    const id = readId(row.ID);
    this.#ids.add(id);
    this.#kept.set(id, completeRow({ ...row }));
    this.#forgetLists();
  }

  remove(id: string): void {
    this.#ids.remove(Number(id));
    this.#kept.delete(Number(id));
    this.#forgetLists();
  }

  #at(position: number): CompanyRow | undefined {
    const id = this.#ids.at(position);
    return id === undefined ? undefined : this.#row(id);
  }

  /** @param id  an ID that `#ids` contains */
  #row(id: number): CompanyRow | undefined {
    const kept = this.#kept.get(id);
    if (kept || !this.#source) return kept;
    const row = this.#source.make(id);
    const made = this.#source.rowsAreComplete ? row : completeRow(row);
    if (this.keepsGenerated) this.#kept.set(id, made);
    return made;
  }

  #forgetLists(): void {
    this.#table = undefined;
    this.#list = undefined;
    this.#changes += 1;
  }
}

function isId(text: string): boolean {
  return /^[1-9]\d*$/.test(text);
}

/** Rejects an ID that no portal could have: the test that uses it is wrong. */
function readId(text: string): number {
  if (!isId(text)) throw new Error(`the ID of a company is a positive number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** Adds the flags that a portal derives (section 7.4); changes the row itself. */
export function completeRow(row: CompanyRow): CompanyRow {
  row.OPENED ??= 'Y';
  row.IS_MY_COMPANY ??= 'N';
  return completeMultifields(row);
}
