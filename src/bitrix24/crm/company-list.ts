import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
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
  /** All that the filter finds and this person may read; null when nobody has counted. */
  total: number | null;
  /** How long the portal took to find and to count, where it tells. */
  seconds: number | undefined;
  /** What its filters can be chosen from. */
  referenceData: ReferenceData;
}

export interface CompanyQuery {
  filter: CompanyFilter;
  /** From 1. A page past the end is empty. */
  page: number;
  sort: CompanySort;
  order: 'asc' | 'desc';
  /** Whether nobody counts, which portals with many companies take long for; of the first page only. */
  isUncounted?: boolean;
}

/** Fixed by Bitrix24 (protocol 5). */
export const PAGE_SIZE = 50;

/**
 * One page of the companies this person may read, in one request: names of types and industries come along unless the
 * referenceData has them, and the people by reference to the rows.
 *
 * @param referenceData  what is known of the portal's referenceData; it learns from the answer
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
  // A strange row is left out; the others are shown all the same.
  const rows = list.result.flatMap((row) => readRow(row) ?? []);
  const people = readPeople(answers.people);
  // Some portals answer a start past the end with its last page again; what was asked for is what counts.
  const isPastEnd = list.total !== undefined && (query.page - 1) * PAGE_SIZE >= list.total;
  // A page that is not full ends the list, whoever has counted it.
  const isCut = query.isUncounted === true && list.result.length === PAGE_SIZE;
  return {
    companies: isPastEnd ? [] : rows.map((row) => readCompany(row, referenceData, people)),
    total: isCut ? null : (list.total ?? rows.length),
    seconds: list.seconds,
    referenceData: referenceData,
  };
}

/** Asks for the `total` of a filter, and for as little else as there is to be had. */
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
 * Whether this person may read companies, asked with as little work for the portal as there is.
 *
 * @throws as `listCompanies`; an error that ends access says no
 */
export async function requireAccess(client: RestClient): Promise<void> {
  await client.call('crm.company.list', { select: ['ID'], filter: { ID: 0 }, start: -1 });
}
