import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import type { RestAnswer } from '../rest/rest-types.ts';

/**
 * The rows that `crm.company.list` has answered. PHP writes a list with gaps as an object: `{"1": …, "3": …}`.
 *
 * @throws {UnexpectedResponseError}
 */
export function asRows(result: unknown): unknown[] {
  if (Array.isArray(result)) return result;
  const isMap = typeof result === 'object' && result !== null;
  if (isMap && Object.keys(result).every((key) => /^\d+$/.test(key))) return Object.values(result);
  throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
}

/** Whether there are rows behind those of this answer. `total` does not decide it: it may lag behind the rows. */
export function hasMore(answer: RestAnswer, start: number): boolean {
  const rows = asRows(answer.result).length;
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
  const rows = asRows(answer.result).length;
  const end = start + rows;
  if (total === undefined) return hasMore(answer, start) || (rows === 0 && start > 0) ? null : end;
  const isTooLow = (rows > 0 && total < end) || (next !== undefined && total <= end);
  return isTooLow ? null : total;
}
