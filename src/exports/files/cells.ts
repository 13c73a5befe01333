import type { Company, DictionaryValue } from '../../bitrix24/crm/company.ts';
import {
  type ColumnKind,
  type ColumnOf,
  columnsOf,
  type FileColumn,
} from '../../bitrix24/crm/company-columns.ts';
import type { Person } from '../../bitrix24/crm/users.ts';
import { findTimeZone, wallClock } from '../../i18n/time-zone.ts';
import type { ExportJob } from '../jobs/export-job.ts';

/** A date is what the reader's clock showed, as if it were UTC; null is an empty cell. */
export type Cell = string | number | Date | null;

export type CellReader = (company: Company) => Cell[];

type ReadCell = (company: Company, asCell: (iso: string | null) => Cell) => Cell;

/** How each kind of column is written into a file. */
const CELLS = {
  ...all('id', () => ({ id: (company) => company.id })),
  ...all('title', () => ({ title: ({ title }) => title || null })),
  ...all('dictionary', (name) => ({ [name]: (company) => nameOf(company[name]) })),
  ...all('contacts', () => ({
    phones: ({ phones }) => phones.join(', ') || null,
    emails: ({ emails }) => emails.join(', ') || null,
  })),
  ...all('person', (name) => ({ [name]: (company) => personName(company[name]) })),
  ...all('money', () => ({ revenue: ({ revenue }) => revenue, currency: ({ currency }) => currency })),
  ...all('instant', (name) => ({ [name]: (company, asCell) => asCell(company[name]) })),
} as Record<FileColumn, ReadCell>;

function all<Kind extends ColumnKind>(
  kind: Kind,
  cellsOf: (name: ColumnOf<Kind>) => Record<string, ReadCell>,
): Record<string, ReadCell> {
  return Object.assign({}, ...columnsOf(kind).map(({ name }) => cellsOf(name)));
}

/** Companies as rows of the chosen columns. */
export function createCellReader({ view, timeZone }: Pick<ExportJob, 'view' | 'timeZone'>): CellReader {
  const zone = findTimeZone(timeZone);
  // A text that is no instant is written as it is.
  const asCell = (iso: string | null): Cell =>
    iso === null ? null : (wallClock(zone?.shift(iso) ?? iso) ?? iso);
  const chosen = view.columns.map((column) => CELLS[column]);
  return (company) => chosen.map((read) => read(company, asCell));
}

function nameOf(value: DictionaryValue | null): string | null {
  return value && (value.name ?? value.id);
}

function personName(person: Person | null): string | null {
  return person && (person.name ?? String(person.id));
}
