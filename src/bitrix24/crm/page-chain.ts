import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import type { Command, CommandAnswer, Params } from '../rest/rest-types.ts';
import { COMPANY_SELECT } from './company-columns.ts';
import type { Range } from './id-ranges.ts';
import { companyRows } from './list-answer.ts';
import { readRow } from './values.ts';

/** One page of companies, as the portal sent it. */
export interface CompanyRows {
  rows: { id: number; fields: Record<string, unknown> }[];
  /** Rows that cannot be read. */
  strangeRows: number;
  lastId: number;
  /** The last page: it is not full. */
  isShort: boolean;
}

/** A page whose last rows cannot be read: the next page has to begin behind the last readable one. */
type ReadPage = CompanyRows & { isCut: boolean };

/** Asks for one page by id and without counting, which costs the portal the least (protocol 6.1). */
export function askForPage(filter: Params, bounds: Params): Command {
  return {
    method: 'crm.company.list',
    params: {
      select: COMPANY_SELECT,
      filter: { ...filter, ...bounds },
      order: { ID: 'ASC' },
      start: -1,
    },
  };
}

/**
 * Asks for consecutive pages of a range, for one batch. Where a page begins, only the portal knows when it gets there, so
 * each command refers to the last row of the one before it (protocol 6.2).
 */
export function askForChain(filter: Params, { after, to, isOpen }: Range, pages: number): Command[] {
  return Array.from({ length: pages }, (_, index) =>
    askForPage(filter, {
      '>ID': index === 0 ? after : `$result[c${index - 1}][${PAGE_SIZE - 1}][ID]`,
      ...(isOpen ? {} : { '<=ID': to }),
    }),
  );
}

/**
 * The pages of a chain up to the first that failed, was not full, or does not follow the one before it.
 *
 * @returns `failure` of the command that ended the chain; undefined for a chain that ended well
 */
export function readChain(
  answers: CommandAnswer[],
  after: number,
): { pages: CompanyRows[]; failure: unknown } {
  const pages: CompanyRows[] = [];
  let lastId = after;
  for (const answer of answers) {
    if ('error' in answer) return { pages, failure: answer.error };
    try {
      const page = readPage(answer.result, lastId);
      pages.push(page);
      lastId = page.lastId;
      // What comes after a short page was asked for with a reference that leads nowhere.
      if (page.isShort || page.isCut) return { pages, failure: undefined };
    } catch (failure) {
      return { pages, failure };
    }
  }
  return { pages, failure: undefined };
}

/** @throws {UnexpectedResponseError}  no list, or one that does not go on after `after` */
export function readPage(result: unknown, after: number): ReadPage {
  const raw = companyRows(result);
  const rows: CompanyRows['rows'] = [];
  let [lastId, isOrdered] = [after, true];
  for (const each of raw) {
    const row = readRow(each);
    if (row === undefined) continue;
    isOrdered &&= row.id > lastId;
    lastId = row.id;
    rows.push(row);
  }
  const isShort = raw.length < PAGE_SIZE;
  if (!isOrdered || (rows.length === 0 && !isShort)) {
    throw new UnexpectedResponseError('result', 'crm.company.list answered companies in another order');
  }
  // Those behind the last readable row come again: the next page begins there.
  const again = isShort ? 0 : raw.length - 1 - raw.findLastIndex((row) => readRow(row) !== undefined);
  return { rows, strangeRows: raw.length - rows.length - again, lastId, isShort, isCut: again > 0 };
}
