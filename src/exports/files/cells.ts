import type { Company, DictionaryValue } from '../../bitrix24/crm/company.ts';
import {
  type ColumnKind,
  type ColumnOf,
  columnsOf,
  type FileColumn,
} from '../../bitrix24/crm/company-columns.ts';
import type { Person } from '../../bitrix24/crm/users.ts';
import { withoutExponent } from '../../i18n/exact-number.ts';
import type { Language } from '../../i18n/languages.ts';
import { findTimeZone, wallClock } from '../../i18n/time-zone.ts';
import { translateInto } from '../../i18n/translate.ts';
import type { ExportJob } from '../jobs/export-job.ts';

/** A date is what the reader's clock showed, as if it were UTC; null is an empty cell. */
export type Cell = string | number | ExactNumber | Date | null;

/** A number whose digits a double cannot hold: without an exponent, `.` before the fraction. */
export interface ExactNumber {
  digits: string;
}

export type CellReader = (company: Company) => Cell[];

interface Reader {
  language: Language;
  asCell: (iso: string | null) => Cell;
}

type ReadCell = (company: Company, reader: Reader) => Cell;

/** How each kind of column is written into a file. */
const CELLS = {
  ...all('id', () => ({ id: (company) => company.id })),
  ...all('title', () => ({ title: ({ title }) => asLines(title.trim() === '' ? null : title) })),
  ...all('dictionary', (name) => ({ [name]: (company) => asLines(nameOf(company[name])) })),
  ...all('contacts', () => ({
    phones: ({ phones }) => asLines(phones.join(', ')),
    emails: ({ emails }) => asLines(emails.join(', ')),
  })),
  ...all('person', (name) => ({
    [name]: (company, { language }) => asLines(personName(company[name], language)),
  })),
  ...all('money', () => ({ revenue: revenueOf, currency: ({ currency }) => asLines(currency) })),
  ...all('instant', (name) => ({ [name]: (company, { asCell }) => asCell(company[name]) })),
} as Record<FileColumn, ReadCell>;

function all<Kind extends ColumnKind>(
  kind: Kind,
  cellsOf: (name: ColumnOf<Kind>) => Record<string, ReadCell>,
): Record<string, ReadCell> {
  return Object.assign({}, ...columnsOf(kind).map(({ name }) => cellsOf(name)));
}

/** Companies as rows of the chosen columns. */
export function createCellReader({
  view,
  timeZone,
  language,
}: Pick<ExportJob, 'view' | 'timeZone' | 'language'>): CellReader {
  const zone = findTimeZone(timeZone);
  // A text that is no instant is written as it is.
  const asCell = (iso: string | null): Cell =>
    iso === null ? null : (wallClock(zone?.shift(iso) ?? iso) ?? asLines(iso));
  const chosen = view.columns.map((column) => CELLS[column]);
  return (company) => chosen.map((read) => read(company, { language, asCell }));
}

/** A line ends with one character: spreadsheets show others, and each of them as a line end or a box. */
function asLines(text: string | null): string | null {
  return text?.replace(/\r\n?/g, '\n') || null;
}

function nameOf(value: DictionaryValue | null): string | null {
  return value && (value.name ?? value.id);
}

/** As pages name people, those without a name included. */
export function personName(person: Person | null, language: Language): string | null {
  return person && (person.name ?? translateInto(language)('person.unnamed', { id: person.id }));
}

function revenueOf({ revenue, exactRevenue }: Company): Cell {
  return exactRevenue === undefined ? revenue : { digits: withoutExponent(exactRevenue) };
}
