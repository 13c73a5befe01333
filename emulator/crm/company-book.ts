import { type CompanyField, companyFields } from './company-fields.ts';
import { type CompanyRow, isMultifieldName, MULTIFIELDS, type Multifield } from './company-row.ts';
import { toComparable } from './filter.ts';
import { type Columns, type Comparable, type FieldKind, Table } from './table.ts';
import type { UserField } from './user-fields.ts';

export interface CompanyBookOptions {
  userFields: UserField[];
  utcOffset: string;
}

/** The companies of a portal: kept as rows of the wire, made only when first asked for. */
export class CompanyBook {
  readonly fields: CompanyField[];
  readonly userFields: UserField[];
  readonly #make: () => readonly CompanyRow[];
  readonly #columns: Columns<CompanyRow>;
  #rows: CompanyRow[] | undefined;
  #byId = new Map<string, CompanyRow>();
  #table: Table<CompanyRow> | undefined;

  constructor(make: () => readonly CompanyRow[], { userFields, utcOffset }: CompanyBookOptions) {
    this.userFields = userFields;
    this.fields = companyFields(userFields);
    this.#make = make;
    this.#columns = companyColumns(this.fields, utcOffset);
  }

  get rows(): CompanyRow[] {
    if (this.#rows === undefined) {
      this.#rows = this.#make().map(completeRow);
      this.#byId = new Map(this.#rows.map((row) => [row.ID, row]));
    }
    return this.#rows;
  }

  get table(): Table<CompanyRow> {
    this.#table ??= new Table(this.rows, this.#columns);
    return this.#table;
  }

  find(id: string): CompanyRow | undefined {
    return this.rows.length > 0 ? this.#byId.get(id) : undefined;
  }

  /** Adds a company, or puts it in the place of the one with its ID. */
  put(row: CompanyRow): void {
    const rows = this.rows;
    const complete = completeRow(row);
    const at = rows.findIndex(({ ID }) => ID === row.ID);
    if (at < 0) rows.push(complete);
    else rows[at] = complete;
    this.#byId.set(row.ID, complete);
    this.#table = undefined;
  }

  remove(id: string): void {
    this.#rows = this.rows.filter(({ ID }) => ID !== id);
    this.#byId.delete(id);
    this.#table = undefined;
  }
}

/** The flags that a portal derives, and multifields with the keys each item has on the wire (section 7.4). */
function completeRow(row: CompanyRow): CompanyRow {
  const complete: CompanyRow = {
    OPENED: 'Y',
    IS_MY_COMPANY: 'N',
    HAS_IMOL: 'N',
    ...row,
    HAS_PHONE: row.PHONE?.length ? 'Y' : 'N',
    HAS_EMAIL: row.EMAIL?.length ? 'Y' : 'N',
  };
  for (const name of MULTIFIELDS) {
    // A company without phones has no PHONE at all, rather than an empty one (7.2).
    if (!complete[name]?.length) delete complete[name];
  }
  return complete;
}

const KIND_OF_TYPE: Record<string, FieldKind> = {
  integer: 'number',
  double: 'number',
  user: 'number',
  crm_lead: 'number',
  date: 'instant',
  datetime: 'instant',
  crm_status: 'choice',
  crm_multifield: 'list',
  crm_contact: 'list',
};

function companyColumns(fields: CompanyField[], utcOffset: string): Columns<CompanyRow> {
  const kinds = new Map(
    fields.map(
      ({ name, type, isMultiple }) => [name, isMultiple ? 'list' : (KIND_OF_TYPE[type] ?? 'text')] as const,
    ),
  );
  return {
    kindOf: (field) => kinds.get(field),
    valueOf: (row, field, kind) => comparableOf(row, field, kind, utcOffset),
  };
}

function comparableOf(row: CompanyRow, field: string, kind: FieldKind, utcOffset: string): Comparable {
  const value = row[field];
  if (value === null || value === undefined) return kind === 'list' ? [] : null;
  if (typeof value === 'string') return toComparable(value, kind, utcOffset);
  const texts = isMultifieldName(field)
    ? (value as Multifield[]).map(({ VALUE }) => VALUE)
    : (value as string[]);
  return texts.map((text) => toComparable(text, 'list', utcOffset));
}
