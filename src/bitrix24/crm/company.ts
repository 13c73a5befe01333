import type { ReferenceData } from './reference-data.ts';
import type { Person } from './users.ts';
import { asInstant, asNumber, type CompanyRow, readId, readText, readValues } from './values.ts';

/** A value of one of the portal's own dictionaries. The name is null when the dictionary does not know the id. */
export interface DictionaryValue {
  id: string;
  name: string | null;
}

export interface Company {
  id: number;
  title: string;
  type: DictionaryValue | null;
  industry: DictionaryValue | null;
  employees: DictionaryValue | null;
  phones: string[];
  emails: string[];
  /** In `currency`. */
  revenue: number | null;
  /** ISO 4217, as the portal has it. */
  currency: string | null;
  responsible: Person | null;
  /** ISO 8601 with the portal's own offset, so that people read the clock they know from Bitrix24. */
  created: string | null;
  modified: string | null;
}

/** What a `Company` is made of. Multifields come only when they are named (protocol 7.2). */
export const COMPANY_SELECT = [
  'ID',
  'TITLE',
  'COMPANY_TYPE',
  'INDUSTRY',
  'EMPLOYEES',
  'REVENUE',
  'CURRENCY_ID',
  'ASSIGNED_BY_ID',
  'DATE_CREATE',
  'DATE_MODIFY',
  'PHONE',
  'EMAIL',
];

/**
 * The company of a row. Classic methods answer strings and null for everything (protocol 4); what is odd counts as absent,
 * not as fatal. Written by hand, because whole lists have hundreds of thousands of rows.
 */
export function readCompany(
  { id, fields }: CompanyRow,
  referenceData: ReferenceData,
  people: People,
): Company {
  const responsible = responsibleOf(fields);
  return {
    id,
    title: readText(fields.TITLE) ?? '',
    type: readDictionaryValue(fields.COMPANY_TYPE, referenceData, 'COMPANY_TYPE'),
    industry: readDictionaryValue(fields.INDUSTRY, referenceData, 'INDUSTRY'),
    employees: readDictionaryValue(fields.EMPLOYEES, referenceData, 'EMPLOYEES'),
    phones: readValues(fields.PHONE),
    emails: readValues(fields.EMAIL),
    revenue: asNumber(fields.REVENUE),
    currency: readText(fields.CURRENCY_ID),
    responsible: responsible === null ? null : (people.get(responsible) ?? { id: responsible, name: null }),
    created: asInstant(fields.DATE_CREATE),
    modified: asInstant(fields.DATE_MODIFY),
  };
}

/** By their ids. */
export type People = ReadonlyMap<number, Person>;

/** `ASSIGNED_BY_ID`, the person who is responsible for a company. */
export function responsibleOf(fields: Record<string, unknown>): number | null {
  return readId(fields.ASSIGNED_BY_ID);
}

function readDictionaryValue(
  value: unknown,
  referenceData: ReferenceData,
  entityId: string,
): DictionaryValue | null {
  const id = readText(value);
  return id === null ? null : { id, name: referenceData.dictionary(entityId).get(id) ?? null };
}
