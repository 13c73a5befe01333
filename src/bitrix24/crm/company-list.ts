import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import { type Command, mustSucceed, type RestClient } from '../rest/rest-types.ts';
import { type Company, readCompany } from './company.ts';
import { COMPANY_SELECT, type CompanySort, rowOf } from './company-columns.ts';
import { buildWireFilter, type CompanyFilter } from './company-filter.ts';
import { DICTIONARY_NAMES, ReferenceData } from './reference-data.ts';
import { askForPeople, readPeople } from './users.ts';
import { readRow } from './values.ts';

/** One page of a list. */
export interface CompanyPage {
  companies: Company[];
  /** Number of companies that the filter finds and this user may read; null when the portal did not count. */
  total: number | null;
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
 * responsible people by reference to the rows.
 *
 * @param referenceData  what is known of the portal; the answer is added to it
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
 */
export async function listCompanies(
  client: RestClient,
  query: CompanyQuery,
  referenceData = new ReferenceData(),
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
        order: { [rowOf(query.sort).wire[0]]: direction, ID: direction },
        start: query.isUncounted && query.page === 1 ? -1 : (query.page - 1) * PAGE_SIZE,
      },
    },
    people: askForPeople(rowNumbers.map((row) => `$result[list][${row}][ASSIGNED_BY_ID]`)),
    ...referenceData.commandsFor(DICTIONARY_NAMES),
    ...referenceData.commandsForColleagues(),
    ...referenceData.commandsForPerson(query.filter.responsible),
  });
  referenceData.load(answers);
  const list = mustSucceed(answers.list);
  if (!Array.isArray(list.result)) {
    throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
  }
  // A row without a readable id is left out.
  const rows = list.result.flatMap((row) => readRow(row) ?? []);
  const people = readPeople(answers.people);
  // Some portals answer a start past the end with the last page again; the requested page is empty.
  const isPastEnd = list.total !== undefined && (query.page - 1) * PAGE_SIZE >= list.total;
  // A page that is not full ends the list, so its length is the total.
  const isCut = query.isUncounted === true && list.result.length === PAGE_SIZE;
  return {
    companies: isPastEnd ? [] : rows.map((row) => readCompany(row, referenceData, people)),
    total: isCut ? null : (list.total ?? rows.length),
    seconds: list.seconds,
    referenceData: referenceData,
  };
}

/** Asks for the `total` of a filter and, besides, only for ids. */
export function askForTotal(filter: CompanyFilter) {
  const params = { select: ['ID'], filter: buildWireFilter(filter), start: 0 };
  return { method: 'crm.company.list', params } satisfies Command;
}

/** How many companies a filter finds. @throws as `listCompanies` */
export async function countCompanies(client: RestClient, filter: CompanyFilter): Promise<number> {
  const { method, params } = askForTotal(filter);
  const { total } = await client.call(method, params);
  if (total === undefined) throw new UnexpectedResponseError('total', 'crm.company.list did not count');
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
