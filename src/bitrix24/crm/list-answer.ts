import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import type { RestAnswer } from '../rest/rest-types.ts';
import { asRows } from './values.ts';

/** The rows that `crm.company.list` has answered. @throws {UnexpectedResponseError} */
export function companyRows(result: unknown): unknown[] {
  const rows = asRows(result);
  if (rows !== undefined) return rows;
  throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
}

/** Whether there are rows behind those of this answer. `total` does not decide it: it may lag behind the rows. */
export function hasMore(answer: RestAnswer, start: number): boolean {
  const rows = countRows(answer);
  if (answer.next !== undefined || answer.total === undefined) {
    return answer.next !== undefined || rows >= PAGE_SIZE;
  }
  return answer.total > start + rows;
}

/**
 * How many rows the filter finds. A `total` may be missing, and portals take it from a count that may lag behind the rows
 * (protocol 13).
 *
 * @param start  where the rows of this answer begin
 * @returns null where the answer does not tell, or where its rows show that there are more
 */
export function readTotal(answer: RestAnswer, start: number): number | null {
  const { total, next } = answer;
  const rows = countRows(answer);
  const end = start + rows;
  if (total === undefined) return hasMore(answer, start) || (rows === 0 && start > 0) ? null : end;
  const isTooLow = (rows > 0 && total < end) || (next !== undefined && total <= end);
  return isTooLow ? null : total;
}

function countRows({ result }: RestAnswer): number {
  return asRows(result)?.length ?? 0;
}
