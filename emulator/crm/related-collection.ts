import type { CompanyCollection } from './company-collection.ts';
import type { CrmField } from './fields.ts';
import type { WantedValues } from './list-conditions.ts';
import { toPhpInt } from './php-cast.ts';
import type { CompanyRow, CrmRow } from './row.ts';
import { type Columns, type Rows, rowsOfList, Table } from './table.ts';

/** Generates rows that belong to a company; equal content for the same company and index. */
export interface RelatedSource<Row> {
  countOf(company: CompanyRow): number;
  /** @param index  less than `countOf(company)` and less than IDS_PER_COMPANY */
  make(company: CompanyRow, index: number): Row;
}

/** Each company has its own range of IDs for generated rows, so the company can be computed from an ID. */
export const IDS_PER_COMPANY = 64;

export function generatedId(companyId: number, index: number): number {
  return companyId * IDS_PER_COMPANY + index;
}

/** With more companies in the conditions, iterating over all companies is faster. */
const MAX_NAMED_COMPANIES = 1000;

/** All rows and their table, valid while `companies.changes` equals `changes`. */
interface AllRows<Row> {
  rows: Rows<Row>;
  table: Table<Row> | undefined;
  changes: number;
}

/**
 * Contacts or deals of a portal: given rows, or generated rows, which are not kept.
 *
 * A call that names companies by COMPANY_ID, or rows by ID, generates only the rows of those companies. Any other
 * call iterates over all companies. For a large portal, only the end position of each company's rows is kept
 * afterwards.
 */
export class RelatedCollection<Row extends CrmRow> {
  readonly fields: readonly CrmField[];
  readonly #companies: CompanyCollection;
  readonly #rows: readonly Row[] | RelatedSource<Row>;
  readonly #columns: Columns<CrmRow>;
  #allRows: AllRows<Row> | undefined;

  constructor(
    rows: readonly Row[] | RelatedSource<Row>,
    {
      companies,
      fields,
      columns,
    }: { companies: CompanyCollection; fields: readonly CrmField[]; columns: Columns<CrmRow> },
  ) {
    this.fields = fields;
    this.#rows = rows;
    this.#companies = companies;
    this.#columns = columns;
  }

  /** A table that contains at least all rows that have these values. */
  tableFor(wanted: readonly WantedValues[]): Table<Row> {
    const companyIds = isSource(this.#rows) ? namedCompanies(wanted) : undefined;
    if (companyIds) {
      return new Table<Row>(rowsOfList(companyIds.flatMap((id) => this.ofCompany(id))), this.#columns);
    }
    const all = this.#all();
    const table = all.table ?? new Table<Row>(all.rows, this.#columns);
    if (this.#companies.keepsGenerated) all.table = table;
    return table;
  }

  /** The current rows, ordered by ID. */
  get byId(): Rows<Row> {
    return this.#all().rows;
  }

  #all(): AllRows<Row> {
    const { changes } = this.#companies;
    if (this.#allRows?.changes !== changes) {
      const rows = isSource(this.#rows) ? this.#iterateAll(this.#rows) : rowsOfList(this.#rows);
      this.#allRows = { rows, table: undefined, changes };
    }
    return this.#allRows;
  }

  /** All rows of one company, ordered by ID. */
  ofCompany(id: string): Row[] {
    const rows = this.#rows;
    if (!isSource(rows)) return rows.filter((row) => companiesOf(row).includes(id));
    const company = this.#companies.find(id);
    if (company === undefined) return [];
    return Array.from({ length: rows.countOf(company) }, (_, index) => rows.make(company, index));
  }

  /** All rows of all companies. The end position of each company's rows is computed once. */
  #iterateAll(source: RelatedSource<Row>): Rows<Row> {
    const companies = this.#companies.byId;
    const ends = new Uint32Array(companies.length);
    let length = 0;
    for (let position = 0; position < companies.length; position += 1) {
      const company = companies.at(position);
      if (company) length += source.countOf(company);
      ends[position] = length;
    }
    const startOf = (companyPosition: number) =>
      companyPosition === 0 ? 0 : (ends[companyPosition - 1] ?? length);

    return {
      length,
      at(position) {
        const companyPosition = firstAbove(ends, position);
        const company = companies.at(companyPosition);
        return company && source.make(company, position - startOf(companyPosition));
      },
      idAt(position) {
        const companyPosition = firstAbove(ends, position);
        const companyId = companies.idAt(companyPosition);
        return companyId === undefined
          ? undefined
          : generatedId(companyId, position - startOf(companyPosition));
      },
      countBelow(id) {
        const companyId = Math.floor(id / IDS_PER_COMPANY);
        const companyPosition = companies.countBelow(companyId);
        const start = startOf(companyPosition);
        if (companies.idAt(companyPosition) !== companyId) return start;
        const end = ends[companyPosition] ?? length;
        return Math.min(end, start + Math.ceil(id - generatedId(companyId, 0)));
      },
    };
  }
}

function isSource<Row>(rows: readonly Row[] | RelatedSource<Row>): rows is RelatedSource<Row> {
  return 'make' in rows;
}

function companiesOf({ COMPANY_ID, COMPANY_IDS }: CrmRow): unknown[] {
  return [COMPANY_ID, ...(COMPANY_IDS ?? [])];
}

/** The companies that matching rows can belong to; undefined if it can be any company. */
function namedCompanies(wanted: readonly WantedValues[]): string[] | undefined {
  for (const { field, values } of wanted) {
    // An empty list is no condition at all.
    if (values.length === 0 || values.length > MAX_NAMED_COMPANIES) continue;
    const numbers = values.map(toPhpInt);
    if (field === 'COMPANY_ID') return distinct(numbers);
    if (field === 'ID') return distinct(numbers.map((id) => Math.floor(id / IDS_PER_COMPANY)));
  }
  return undefined;
}

function distinct(numbers: number[]): string[] {
  return [...new Set(numbers)].map(String);
}

/** Position of the first number that is greater (binary search). */
function firstAbove(ascending: Uint32Array, number: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}
