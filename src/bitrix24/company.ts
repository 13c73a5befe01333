import { UnexpectedResponseError } from '../http.ts';
import {
  asList,
  asNumber,
  type CompanyField,
  type FieldDescription,
  isPersonType,
  readFields,
} from './company-field.ts';
import { buildWireFilter, type CompanyFilter } from './company-filter.ts';
import { COMPANY_SELECT, type Company, readCompany, readRow } from './company-row.ts';
import { askForPeople, loadPeople, type Person, readPeople } from './people.ts';
import { mustSucceed, type RestClient } from './rest-client.ts';
import { Vocabulary } from './vocabulary.ts';

/** One page of a list. */
export interface CompanyPage {
  companies: Company[];
  /** All that the search finds and this person may read. */
  total: number;
}

export const COMPANY_SORTS = ['title', 'created', 'modified', 'id', 'revenue'] as const;
export type CompanySort = (typeof COMPANY_SORTS)[number];

export interface CompanyQuery {
  filter: CompanyFilter;
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

/** Fields of every company that name a person, so that their names can be asked for before the company is known. */
const PERSON_FIELDS = ['ASSIGNED_BY_ID', 'CREATED_BY_ID', 'MODIFY_BY_ID', 'LAST_ACTIVITY_BY'];

/**
 * One page of the companies this person may read, in one request: names of types and industries come along unless the
 * vocabulary has them, and the people by reference to the rows.
 *
 * @param vocabulary  what is known of the portal's words; it learns from the answer
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
 */
export async function listCompanies(
  client: RestClient,
  query: CompanyQuery,
  vocabulary = new Vocabulary(),
): Promise<CompanyPage> {
  const direction = query.order.toUpperCase();
  const rowNumbers = Array.from({ length: PAGE_SIZE }, (_, row) => row);
  const answers = await client.batch({
    list: {
      method: 'crm.company.list',
      params: {
        select: COMPANY_SELECT,
        filter: buildWireFilter(query.filter),
        // Ties are ordered by id, so that no row is on two pages or on none.
        order: { [SORT_FIELDS[query.sort]]: direction, ID: direction },
        start: (query.page - 1) * PAGE_SIZE,
      },
    },
    people: askForPeople(rowNumbers.map((row) => `$result[list][${row}][ASSIGNED_BY_ID]`)),
    ...vocabulary.missing(['types', 'industries', 'employees']),
  });
  vocabulary.learn(answers);
  const list = mustSucceed(answers.list);
  if (!Array.isArray(list.result)) {
    throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
  }
  // A strange row is left out; the others are shown all the same.
  const rows = list.result.flatMap((row) => readRow(row) ?? []);
  const people = readPeople(answers.people);
  // Some portals answer a start past the end with its last page again; what was asked for is what counts.
  const isPastEnd = list.total !== undefined && (query.page - 1) * PAGE_SIZE >= list.total;
  return {
    companies: isPastEnd ? [] : rows.map((row) => readCompany(row, vocabulary, people)),
    total: list.total ?? rows.length,
  };
}

/**
 * One company with every field that has a value.
 *
 * @param vocabulary  as for `listCompanies`
 * @throws {RestError} `not_found` when there is none; others as `listCompanies`
 */
export async function loadCompany(
  client: RestClient,
  id: number,
  vocabulary = new Vocabulary(),
): Promise<CompanyCard> {
  const answers = await client.batch({
    company: { method: 'crm.company.get', params: { id } },
    people: askForPeople(personFields(vocabulary.descriptions).map((name) => `$result[company][${name}]`)),
    ...vocabulary.missing(['types', 'industries', 'employees']),
    ...vocabulary.missingDescriptions(),
  });
  vocabulary.learn(answers);
  const row = readRow(mustSucceed(answers.company).result);
  if (!row) throw new UnexpectedResponseError('result', 'crm.company.get answered no company');
  const { descriptions, dictionaries } = vocabulary;
  const people = await completePeople(client, readPeople(answers.people), peopleOf(row.fields, descriptions));
  const company = readCompany(row, vocabulary, people);
  const context = { currency: company.currency, dictionaries, people };
  return { company, fields: readFields(row.fields, descriptions, context) };
}

/** Those fields whose one value a reference can lead to. */
function personFields(descriptions: Map<string, FieldDescription>): string[] {
  const own = [...descriptions]
    .filter(([, { type, isMultiple }]) => isPersonType(type) && !isMultiple)
    .map(([name]) => name);
  return [...new Set([...PERSON_FIELDS, ...own])].slice(0, PAGE_SIZE);
}

/** The people that references did not lead to, in one more request if there are any. */
async function completePeople(
  client: RestClient,
  known: Map<number, Person>,
  wanted: number[],
): Promise<Map<number, Person>> {
  const missing = wanted.filter((id) => !known.has(id));
  // Where not even the responsible person was told, there is no permission to read people.
  if (missing.length === 0 || known.size === 0) return known;
  return new Map([...known, ...(await loadPeople(client, missing))]);
}

function peopleOf(fields: Record<string, unknown>, descriptions: Map<string, FieldDescription>): number[] {
  const isPerson = (name: string) =>
    name === 'ASSIGNED_BY_ID' || isPersonType(descriptions.get(name)?.type ?? '');
  return Object.keys(fields)
    .filter(isPerson)
    .flatMap((name) => asList(fields[name]))
    .flatMap((id) => asNumber(id) || []);
}
