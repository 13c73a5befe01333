import type { Params, RestAnswer } from './rest-types.ts';

/** Rows in a page of a list method, fixed by Bitrix24; `user.get` takes as many ids at once (protocol 5). */
export const PAGE_SIZE = 50;

/** One page, and where the next one begins if the portal names one. */
export interface Page {
  answer: RestAnswer;
  next: unknown;
}

/**
 * The pages of a list method, each asked for when the one before it was used.
 *
 * Ends at a page without `next`, and where following it would never end: at a `next` that does not grow, and at a page
 * without rows.
 *
 * @param askAt   asks for the page that begins at this row; undefined leaves it to the portal
 * @param params  may name the `start` of the first page
 * @throws the reason of the signal, and what `askAt` throws
 */
export async function* readPages(
  askAt: (start: number | undefined) => Promise<Page>,
  params: Params,
  signal: AbortSignal | undefined,
): AsyncGenerator<RestAnswer, void, undefined> {
  let start = readStart(params.start);
  for (;;) {
    signal?.throwIfAborted();
    const { answer, next } = await askAt(start).catch((error: unknown) => {
      // A call that the signal broke off fails as cancelled; the caller gets the reason that was given.
      signal?.throwIfAborted();
      throw error;
    });
    yield answer;
    const following = readStart(next);
    if (following === undefined || following <= (start ?? 0) || countRows(answer.result) === 0) return;
    start = following;
  }
}

/** A number, or a number as text: PHP writes either. */
function readStart(value: unknown): number | undefined {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value));
  const number = isNumeric ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** @returns undefined for a result that is neither a list nor an object with one list: `{items: []}`, `{tasks: []}` */
export function countRows(result: unknown): number | undefined {
  if (Array.isArray(result)) return result.length;
  if (typeof result !== 'object' || result === null) return undefined;
  const lists = Object.values(result).filter(Array.isArray);
  return lists.length === 1 ? lists[0]?.length : undefined;
}
