import { asInstant, asNumber } from './company-fields.ts';
import type { Vocabulary } from './reference-data.ts';
import type { Person } from './users.ts';

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

/** A row of `crm.company.*` whose id can be read. */
export interface CompanyRow {
  id: number;
  fields: Record<string, unknown>;
}

/** @returns nothing for a row without a readable id: nobody could open such a company */
export function readRow(raw: unknown): CompanyRow | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const fields = raw as Record<string, unknown>;
  const id = readId(fields.ID);
  return id === null ? undefined : { id, fields };
}

/**
 * The company of a row. Classic methods answer strings and null for everything (protocol 4); what is odd counts as absent,
 * not as fatal. Written by hand, because whole lists have hundreds of thousands of rows.
 */
export function readCompany({ id, fields }: CompanyRow, vocabulary: Vocabulary, people: People): Company {
  const responsible = responsibleOf(fields);
  return {
    id,
    title: readText(fields.TITLE) ?? '',
    type: readDictionaryValue(fields.COMPANY_TYPE, vocabulary, 'COMPANY_TYPE'),
    industry: readDictionaryValue(fields.INDUSTRY, vocabulary, 'INDUSTRY'),
    employees: readDictionaryValue(fields.EMPLOYEES, vocabulary, 'EMPLOYEES'),
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

/** As many digits as addresses of pages and resume tokens take. */
const MAX_ID = 999_999_999_999_999;

/** Ids come as strings of digits, from newer methods as numbers; 0 refers to nothing. */
export function readId(value: unknown): number | null {
  const id = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isInteger(id) && id > 0 && id <= MAX_ID ? id : null;
}

/** Nothing for an empty text too. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function readDictionaryValue(
  value: unknown,
  vocabulary: Vocabulary,
  entityId: string,
): DictionaryValue | null {
  const id = readText(value);
  return id === null ? null : { id, name: vocabulary.dictionary(entityId).get(id) ?? null };
}

/** Phones, e-mails and the like; values that are odd or empty are left out. */
export function readValues(value: unknown): string[] {
  const texts: string[] = [];
  if (!Array.isArray(value)) return texts;
  for (const item of value as unknown[]) {
    const text = typeof item === 'object' && item !== null && 'VALUE' in item ? readText(item.VALUE) : null;
    if (text !== null) texts.push(text);
  }
  return texts;
}
