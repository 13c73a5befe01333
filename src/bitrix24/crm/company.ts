import { COMPANY_COLUMNS, type ColumnName, type ColumnOf } from './company-columns.ts';
import type { ReferenceData } from './reference-data.ts';
import type { Person } from './users.ts';
import { asInstant, asNumber, type CompanyRow, exactDigits, readId, readText, readValues } from './values.ts';

/** A value of one of the portal's own dictionaries. The name is null when the dictionary does not know the id. */
export interface DictionaryValue {
  id: string;
  name: string | null;
}

/** What the columns hold, by their kinds. */
export type Company = {
  id: number;
  title: string;
  phones: string[];
  emails: string[];
  /** In `currency`. */
  revenue: number | null;
  /** Only where a number cannot hold all of its digits: the digits as the portal has them. */
  exactRevenue?: string;
  /** ISO 4217, as the portal has it. */
  currency: string | null;
} & Record<ColumnOf<'dictionary'>, DictionaryValue | null> &
  Record<ColumnOf<'person'>, Person | null> &
  /** ISO 8601 with the portal's own offset, so that people read the clock they know from Bitrix24. */
  Record<ColumnOf<'instant'>, string | null>;

/** By their ids. */
export type People = ReadonlyMap<number, Person>;

/** What the ids in a row refer to. */
interface References {
  referenceData: ReferenceData;
  people: People;
}

/** Writes what a column holds into the company: merging objects would take twice as long for a whole list. */
type ReadColumn = (company: Record<string, unknown>, row: CompanyRow, references: References) => void;

const READERS = Object.entries(COMPANY_COLUMNS).map(([name, row]) => readerOf(name, row));

/**
 * The company of a row. Classic methods answer strings and null for everything (protocol 4); what is odd counts as absent,
 * not as fatal.
 */
export function readCompany(row: CompanyRow, referenceData: ReferenceData, people: People): Company {
  const references = { referenceData, people };
  const company = {};
  for (const read of READERS) read(company, row, references);
  return company as Company;
}

function readerOf(name: string, { kind, wire }: (typeof COMPANY_COLUMNS)[ColumnName]): ReadColumn {
  const [field, second = ''] = wire;
  switch (kind) {
    case 'id':
      return (company, { id }) => {
        company.id = id;
      };
    case 'title':
      return (company, { fields }) => {
        company.title = readText(fields[field]) ?? '';
      };
    case 'dictionary':
      return (company, { fields }, { referenceData }) => {
        company[name] = readDictionaryValue(fields[field], referenceData, field);
      };
    case 'contacts':
      return (company, { fields }) => {
        company.phones = readValues(fields[field]);
        company.emails = readValues(fields[second]);
      };
    case 'person':
      return (company, { fields }, { people }) => {
        company[name] = readPersonById(fields[field], people);
      };
    case 'money':
      return (company, { fields }) => {
        company.revenue = asNumber(fields[field]);
        const exact = exactDigits(fields[field]);
        if (exact !== undefined) company.exactRevenue = exact;
        company.currency = readText(fields[second]);
      };
    case 'instant':
      return (company, { fields }) => {
        company[name] = asInstant(fields[field]);
      };
  }
}

/** `ASSIGNED_BY_ID`, the person who is responsible for a company. */
export function responsibleOf(fields: Record<string, unknown>): number | null {
  return readId(fields.ASSIGNED_BY_ID);
}

function readPersonById(value: unknown, people: People): Person | null {
  const id = readId(value);
  return id === null ? null : (people.get(id) ?? { id, name: null });
}

function readDictionaryValue(
  value: unknown,
  referenceData: ReferenceData,
  entityId: string,
): DictionaryValue | null {
  const id = readText(value);
  return id === null ? null : { id, name: referenceData.dictionary(entityId).get(id) ?? null };
}
