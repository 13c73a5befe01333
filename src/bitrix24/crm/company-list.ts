import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import {
  type Command,
  type CommandAnswer,
  type Commands,
  mustSucceed,
  type Params,
  type RestClient,
} from '../rest/rest-types.ts';
import { type Company, readCompany } from './company.ts';
import { COMPANY_SELECT, type CompanySort, rowOf } from './company-columns.ts';
import type { CompanyFilter } from './company-filter.ts';
import { resolveFilter } from './company-search.ts';
import { companyRows, hasMore, readTotal } from './list-answer.ts';
import { DICTIONARY_NAMES, ReferenceData } from './reference-data.ts';
import { askForPeople, readPeople } from './users.ts';
import { type CompanyRow, readRow } from './values.ts';

/** One page of a list. */
export interface CompanyPage {
  companies: Company[];
  /** Number of companies that the filter finds and this user may read; null when the portal did not count all of them. */
  total: number | null;
  /** Whether there is another page. */
  hasMore: boolean;
  /** How long the portal took to find and to count; undefined where it does not tell. */
  seconds: number | undefined;
  /** What the filters of the list offer. */
  referenceData: ReferenceData;
}

export interface CompanyQuery {
  filter: CompanyFilter;
  /** From 1. A page past the end is empty. */
  page: number;
  sort: CompanySort;
  order: 'asc' | 'desc';
  /** Asks the portal not to count, which takes long with many companies. Only the first page can be had so. */
  isUncounted?: boolean;
}

/**
 * One page of the companies this user may read, in one request: reference data that is not known yet comes along, and the
 * responsible people by reference to the rows. A search for what may be a phone or an e-mail takes two.
 *
 * @param referenceData  what is known of the portal; the answer is added to it
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
 */
export async function listCompanies(
  client: RestClient,
  query: CompanyQuery,
  referenceData = new ReferenceData(),
): Promise<CompanyPage> {
  const filter = await resolveFilter(client, query.filter);
  if (filter === null) return nothingFound(client, query, referenceData);
  const answers = await client.batch({
    ...askForPage(query, filter),
    ...referenceData.commandsFor(DICTIONARY_NAMES),
    ...referenceData.commandsForColleagues(),
    ...referenceData.commandsForPerson(query.filter.responsible),
  });
  referenceData.load(answers);
  return { ...readPage(answers, query, referenceData), referenceData };
}

/** A search has found no company: only the names that the filters show are asked for. */
async function nothingFound(
  client: RestClient,
  { filter }: CompanyQuery,
  referenceData: ReferenceData,
): Promise<CompanyPage> {
  const commands = {
    ...referenceData.commandsFor(DICTIONARY_NAMES),
    ...referenceData.commandsForColleagues(),
    ...referenceData.commandsForPerson(filter.responsible),
  };
  if (Object.keys(commands).length > 0) referenceData.load(await client.batch(commands));
  return { companies: [], total: 0, hasMore: false, seconds: undefined, referenceData };
}

/** Commands for the rows and for the people who are responsible, who are named by reference to the rows. */
function askForPage(
  { page, sort, order, isUncounted }: CompanyQuery,
  filter: Params,
): Commands<'list' | 'people'> {
  const direction = order.toUpperCase();
  const ask = (select: string[], start: number): Command => ({
    method: 'crm.company.list',
    // Ties are ordered by id, so that no row is on two pages or on none.
    params: { select, filter, order: { [rowOf(sort).wire[0]]: direction, ID: direction }, start },
  });
  const rowNumbers = Array.from({ length: PAGE_SIZE }, (_, row) => row);
  return {
    list: ask(COMPANY_SELECT, isUncounted && page === 1 ? -1 : startOf(page)),
    people: askForPeople(rowNumbers.map((row) => `$result[list][${row}][ASSIGNED_BY_ID]`)),
    // By it the first page is known again where a portal answers it in place of one past the end (company-data 0.1).
    ...(page > 1 && { first: ask(['ID'], -1) }),
  };
}

function readPage(
  answers: Record<'list' | 'people', CommandAnswer> & { first?: CommandAnswer },
  { page }: CompanyQuery,
  referenceData: ReferenceData,
): Omit<CompanyPage, 'referenceData'> {
  const list = mustSucceed(answers.list);
  // A row without a readable id is left out.
  const rows = companyRows(list.result).flatMap((row) => readRow(row) ?? []);
  const { seconds } = list;
  if (isFirstPageAgain(rows, answers.first)) {
    return { companies: [], total: readTotal(list, 0), hasMore: false, seconds };
  }
  const people = readPeople(answers.people);
  const companies = rows.map((row) => readCompany(row, referenceData, people));
  const start = startOf(page);
  return { companies, total: readTotal(list, start), hasMore: hasMore(list, start), seconds };
}

function isFirstPageAgain([row]: CompanyRow[], first: CommandAnswer | undefined): boolean {
  if (row === undefined || first === undefined || 'error' in first) return false;
  return readRow(companyRows(first.result)[0])?.id === row.id;
}

function startOf(page: number): number {
  return (page - 1) * PAGE_SIZE;
}

/** Asks for the `total` of a filter and, besides, only for ids. */
export function askForTotal(filter: Params) {
  return { method: 'crm.company.list', params: { select: ['ID'], filter, start: 0 } } satisfies Command;
}

/** How many companies a filter finds. @throws as `listCompanies`; {UnexpectedResponseError} where the portal does not tell */
export async function countCompanies(client: RestClient, filter: CompanyFilter): Promise<number> {
  const resolved = await resolveFilter(client, filter);
  if (resolved === null) return 0;
  const { method, params } = askForTotal(resolved);
  const total = readTotal(await client.call(method, params), 0);
  if (total === null) throw new UnexpectedResponseError('total', 'crm.company.list did not count');
  return total;
}

/**
 * Asks whether this user may read companies, with a filter that finds none.
 *
 * @throws as `listCompanies`; `endsAccess` of the error means no
 */
export async function requireAccess(client: RestClient): Promise<void> {
  await client.call('crm.company.list', { select: ['ID'], filter: { ID: 0 }, start: -1 });
}
