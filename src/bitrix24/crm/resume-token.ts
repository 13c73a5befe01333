import { createHash } from 'node:crypto';
import { InvalidRequestError } from '../../errors.ts';
import type { Params } from '../rest/rest-types.ts';

/** Where a reading of a whole list has stopped; opaque to the caller that keeps it. */
export function writeResumeToken(lastId: number, filter: Params): string {
  return `1.${lastId}.${fingerprint(filter)}`;
}

/**
 * @returns the id after which to go on; 0 without a token
 * @throws {InvalidRequestError}  not a token of ours, or one of another filter: going on with it would leave out companies
 */
export function readResumeToken(token: string | undefined, filter: Params): number {
  if (token === undefined) return 0;
  const [, lastId, of] = /^1\.(\d{1,15})\.([\w-]{11})$/.exec(token) ?? [];
  if (lastId === undefined || of !== fingerprint(filter)) {
    throw new InvalidRequestError('the resume token is not of this list');
  }
  return Number(lastId);
}

function fingerprint(filter: Params): string {
  const sorted = Object.entries(filter).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 11);
}
