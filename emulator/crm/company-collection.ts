import { crmColumns } from './columns.ts';
import { companyFields } from './company-fields.ts';
import type { CrmField } from './fields.ts';
import { IdList } from './id-list.ts';
import { type CompanyRow, completeMultifields } from './row.ts';
import { type Columns, type Rows, Table } from './table.ts';
import type { UserField } from './user-fields.ts';

export interface CompanyCollectionOptions {
  userFields: UserField[];
  utcOffset: string;
}

/** Companies that are made by their IDs, which follow one another. */
export interface CompanySource {
  firstId: number;
  count: number;
  /** A new row of the same company every time. */
  make(id: number): CompanyRow;
  /** Whether rows have the flags that a portal derives. */
  rowsAreComplete?: boolean;
}

/** Made companies of a book up to this size are kept; a larger one makes them anew each time and stays small. */
export const MAX_KEPT_COMPANIES = 20_000;

/** The companies of a portal, as rows of the wire. */
export class CompanyCollection {
  readonly fields: CrmField[];
  readonly userFields: UserField[];
  readonly #source: CompanySource | undefined;
  readonly #columns: Columns<CompanyRow>;
  readonly #ids: IdList;
  /** Those that were given or put, and those made that are kept. */
  readonly #kept: Map<number, CompanyRow>;
  #table: Table<CompanyRow> | undefined;
  #list: CompanyRow[] | undefined;
  #changes = 0;

  constructor(
    companies: readonly CompanyRow[] | CompanySource,
    { userFields, utcOffset }: CompanyCollectionOptions,
  ) {
    this.userFields = userFields;
    this.fields = companyFields(userFields);
    this.#columns = crmColumns(this.fields, utcOffset);
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

  /** All of them, in the order of their IDs; of a large book this makes every one. */
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

  /** All of them, whatever is asked. */
  tableFor(): Table<CompanyRow> {
    return this.table;
  }

  /** As they are now: whoever keeps what follows from it looks at `changes`. */
  get byId(): Rows<CompanyRow> {
    const ids = this.#ids;
    return {
      length: ids.length,
      at: (position) => this.#at(position),
      idAt: (position) => ids.at(position),
      countBelow: (id) => ids.countBelow(id),
    };
  }

  /** How often a company was put or removed. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether rows that were made are kept; of a large book nothing is. */
  get keepsGenerated(): boolean {
    return (this.#source?.count ?? 0) <= MAX_KEPT_COMPANIES;
  }

  find(id: string): CompanyRow | undefined {
    return isId(id) && this.#ids.has(Number(id)) ? this.#row(Number(id)) : undefined;
  }

  /** Adds a company, or puts it in the place of the one with its ID. */
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

  /** @param id  one of those in the list */
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

/** A row of a test that no portal could have is a mistake of the test. */
function readId(text: string): number {
  if (!isId(text)) throw new Error(`the ID of a company is a positive number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** Fills in the flags that a portal derives (section 7.4), in the row itself. */
export function completeRow(row: CompanyRow): CompanyRow {
  row.OPENED ??= 'Y';
  row.IS_MY_COMPANY ??= 'N';
  return completeMultifields(row);
}
