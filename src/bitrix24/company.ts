import { z } from 'zod';
import { UnexpectedResponseError } from '../http.ts';
import {
  asInstant,
  asList,
  asNumber,
  type CompanyField,
  type Dictionary,
  type FieldDescription,
  isPersonType,
  multifields,
  optionalText,
  readDescriptions,
  readFields,
} from './company-field.ts';
import { loadPeople, type Person, wireId } from './people.ts';
import { type CommandAnswer, mustSucceed, type RestClient } from './rest-client.ts';

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

/** One page of a list. */
export interface CompanyPage {
  companies: Company[];
  /** All that the search finds and this person may read. */
  total: number;
}

export type CompanySort = 'title' | 'created' | 'modified' | 'id' | 'revenue';

export interface CompanyQuery {
  /** Part of a title; empty for all. */
  title: string;
  /** From 1. A page past the end is empty. */
  page: number;
  sort: CompanySort;
  order: 'asc' | 'desc';
}

export interface CompanyCard {
  company: Company;
  /** Every field that has a value, in the portal's order. */
  fields: CompanyField[];
}

/** Fixed by Bitrix24 (protocol 5). */
export const PAGE_SIZE = 50;

const SORT_FIELDS: Record<CompanySort, string> = {
  title: 'TITLE',
  created: 'DATE_CREATE',
  modified: 'DATE_MODIFY',
  id: 'ID',
  revenue: 'REVENUE',
};

/** Multifields come only when they are named (protocol 7.2). */
const LIST_SELECT = [
  'ID',
  'TITLE',
  'COMPANY_TYPE',
  'INDUSTRY',
  'REVENUE',
  'CURRENCY_ID',
  'ASSIGNED_BY_ID',
  'DATE_CREATE',
  'DATE_MODIFY',
  'PHONE',
  'EMAIL',
];

/** Classic methods answer strings and null for everything (protocol 4); what is odd counts as absent, not as fatal. */
const CompanyRow = z.looseObject({
  ID: wireId,
  TITLE: z
    .string()
    .nullish()
    .catch('')
    .transform((title) => title ?? ''),
  COMPANY_TYPE: optionalText,
  INDUSTRY: optionalText,
  REVENUE: z.union([z.string(), z.number()]).nullish().catch(null),
  CURRENCY_ID: optionalText,
  ASSIGNED_BY_ID: wireId.nullish().catch(null),
  DATE_CREATE: optionalText,
  DATE_MODIFY: optionalText,
  PHONE: multifields,
  EMAIL: multifields,
});
type CompanyRow = z.infer<typeof CompanyRow>;

const StatusRow = z.object({ STATUS_ID: z.string(), NAME: z.string() });
/**
 * One page of the companies this person may read.
 *
 * Names of types and industries come in the same request; names of people follow in a second one, because which people
 * they are is known only then.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}
 */
export async function listCompanies(client: RestClient, query: CompanyQuery): Promise<CompanyPage> {
  const direction = query.order.toUpperCase();
  const answers = await client.batch({
    list: {
      method: 'crm.company.list',
      params: {
        select: LIST_SELECT,
        ...(query.title === '' ? {} : { filter: { '%TITLE': query.title } }),
        // Ties are ordered by id, so that no row is on two pages or on none.
        order: { [SORT_FIELDS[query.sort]]: direction, ID: direction },
        start: (query.page - 1) * PAGE_SIZE,
      },
    },
    types: dictionary('COMPANY_TYPE'),
    industries: dictionary('INDUSTRY'),
  });
  const list = mustSucceed(answers.list);
  const rows = readRows(list.result);
  const people = await loadPeople(
    client,
    rows.flatMap((row) => row.ASSIGNED_BY_ID ?? []),
  );
  const types = readDictionary(answers.types);
  const industries = readDictionary(answers.industries);
  // Some portals answer a start past the end with its last page again; what was asked for is what counts.
  const isPastEnd = list.total !== undefined && (query.page - 1) * PAGE_SIZE >= list.total;
  return {
    companies: isPastEnd ? [] : rows.map((row) => readCompany(row, types, industries, people)),
    total: list.total ?? rows.length,
  };
}

/**
 * One company with every field that has a value.
 *
 * @throws {RestError} `not_found` when there is none; others as `listCompanies`
 */
export async function loadCompany(client: RestClient, id: number): Promise<CompanyCard> {
  const answers = await client.batch({
    company: { method: 'crm.company.get', params: { id } },
    fields: { method: 'crm.company.fields' },
    types: dictionary('COMPANY_TYPE'),
    industries: dictionary('INDUSTRY'),
    employees: dictionary('EMPLOYEES'),
  });
  const raw = mustSucceed(answers.company).result;
  const row = CompanyRow.safeParse(raw);
  if (!row.success) throw new UnexpectedResponseError('result', 'crm.company.get answered no company');
  const descriptions = readDescriptions('error' in answers.fields ? {} : answers.fields.result);
  const types = readDictionary(answers.types);
  const industries = readDictionary(answers.industries);
  const dictionaries = new Map([
    ['COMPANY_TYPE', types],
    ['INDUSTRY', industries],
    ['EMPLOYEES', readDictionary(answers.employees)],
  ]);
  const people = await loadPeople(client, peopleOf(row.data, descriptions));
  const company = readCompany(row.data, types, industries, people);
  const context = { currency: company.currency, dictionaries, people };
  const fields = readFields(raw as Record<string, unknown>, descriptions, context);
  return { company, fields };
}

function dictionary(entityId: string) {
  return {
    method: 'crm.status.list',
    params: { filter: { ENTITY_ID: entityId }, order: { SORT: 'ASC' } },
  } as const;
}

/** A dictionary that cannot be read leaves ids in place of names. */
function readDictionary(answer: CommandAnswer): Dictionary {
  const rows = 'error' in answer || !Array.isArray(answer.result) ? [] : answer.result;
  return new Map(
    rows.flatMap((row) => {
      const status = StatusRow.safeParse(row);
      return status.success ? [[status.data.STATUS_ID, status.data.NAME]] : [];
    }),
  );
}

/** A strange row is left out; the others are shown all the same. */
function readRows(result: unknown): CompanyRow[] {
  if (!Array.isArray(result)) {
    throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
  }
  return result.flatMap((row) => {
    const company = CompanyRow.safeParse(row);
    return company.success ? [company.data] : [];
  });
}

function readCompany(
  row: CompanyRow,
  types: Dictionary,
  industries: Dictionary,
  people: Map<number, Person>,
): Company {
  const responsible = row.ASSIGNED_BY_ID;
  return {
    id: row.ID,
    title: row.TITLE,
    type: asDictionaryValue(row.COMPANY_TYPE, types),
    industry: asDictionaryValue(row.INDUSTRY, industries),
    phones: row.PHONE.map(({ VALUE }) => VALUE),
    emails: row.EMAIL.map(({ VALUE }) => VALUE),
    revenue: asNumber(row.REVENUE),
    currency: row.CURRENCY_ID || null,
    responsible: responsible ? (people.get(responsible) ?? { id: responsible, name: null }) : null,
    created: asInstant(row.DATE_CREATE),
    modified: asInstant(row.DATE_MODIFY),
  };
}

function asDictionaryValue(id: string | null | undefined, names: Dictionary): DictionaryValue | null {
  return id ? { id, name: names.get(id) ?? null } : null;
}

function peopleOf(row: CompanyRow, descriptions: Map<string, FieldDescription>): number[] {
  const isPerson = (name: string) =>
    name === 'ASSIGNED_BY_ID' || isPersonType(descriptions.get(name)?.type ?? '');
  return Object.keys(row)
    .filter(isPerson)
    .flatMap((name) => asList(row[name]))
    .flatMap((id) => asNumber(id) || []);
}
