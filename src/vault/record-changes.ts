import type { RecordChange } from '../store/records.ts';
import type { NewTokens, TokenPosition } from './stored-tokens.ts';
import type { TokenRecord } from './token-record.ts';

/**
 * What each step of a refresh does to a token record. All functions are pure: they get the record as it is and the time of
 * the store, and return the record as it should be (without `next` it stays as it is) and the answer to the caller. The
 * vault runs them again when another process was faster.
 */
type Change<R> = RecordChange<TokenRecord, R>;

/** How an attempt to claim a refresh ended. */
export type Claim =
  /** `stragglerMs`: for so long the answer to an earlier attempt may still arrive; 0 if none may. */
  | { outcome: 'claimed'; stragglerMs: number; tries: number }
  | { outcome: 'busy'; leftMs: number }
  /** The same refresh token was tried too often without an answer. */
  | { outcome: 'exhausted'; leftMs: number }
  | { outcome: 'moved' }
  /** The authorization server has told an attempt that this token will never work again. */
  | { outcome: 'ended' }
  | { outcome: 'missing' };

/** After so many attempts without an answer within so long, the token is tried no more until the time is over. */
const MAX_TRIES = 3;
const TRIES_WINDOW_MS = 10 * 60_000;
/**
 * As long as a process may listen for the answer to an attempt (REFRESH_LISTEN_MS), counted from the end of the claim that
 * it prolonged last.
 */
const STRAGGLER_MS = 65_000;

/** The fields of a record after an attempt has ended, however it ended. */
const NO_INTENT = { iid: null, idl: 0, over: false } as const;
const NO_TRIES = { prev: null, prev_until: 0, tries: 0, tries_since: 0 } as const;

/** The record of a sign-in, whatever was there before. */
export function begin(
  position: Pick<TokenRecord, 'chain' | 'gen'>,
  pair: string,
  tokens: NewTokens,
  { now, authorizationServer }: { now: number; authorizationServer: string },
): TokenRecord {
  return {
    v: 1,
    ...position,
    pair,
    exp: tokens.expiresAt.getTime(),
    ep: tokens.clientEndpoint,
    as: authorizationServer,
    ...NO_INTENT,
    ...NO_TRIES,
    last: null,
    state: 'ok',
    why: null,
    at_state: now,
    since: now,
    renewed: 0,
    err: null,
    err_at: 0,
  };
}

/** Claims the refresh of this generation for attempt `id`, unless another attempt is alive. */
export function claim(
  record: TokenRecord,
  position: TokenPosition,
  id: string,
  { now, exclusiveMs }: { now: number; exclusiveMs: number },
): Change<Claim> {
  if (!isSameGeneration(record, position)) return { result: { outcome: 'moved' } };
  if (record.state !== 'ok') return { result: { outcome: 'ended' } };
  const { iid, idl } = record;
  // A repeated claim, because the answer to the first one was lost.
  if (iid === id) return { next: { ...record, idl: now + exclusiveMs }, result: claimedBy(record, now) };
  if (iid !== null && idl > now) return { result: { outcome: 'busy', leftMs: idl - now } };
  const isLongAgo = now - record.tries_since > TRIES_WINDOW_MS;
  const tries = isLongAgo ? 0 : record.tries;
  if (tries >= MAX_TRIES) {
    return { result: { outcome: 'exhausted', leftMs: record.tries_since + TRIES_WINDOW_MS - now } };
  }
  const fellSilent = iid !== null && !record.over;
  const next: TokenRecord = {
    ...record,
    iid: id,
    idl: now + exclusiveMs,
    over: false,
    ...(fellSilent ? { prev: iid, prev_until: idl + STRAGGLER_MS } : {}),
    tries: tries + 1,
    tries_since: tries === 0 ? now : record.tries_since,
  };
  return { next, result: claimedBy(next, now) };
}

/** Keeps a claim of attempt `id` alive; one that was withdrawn or taken over stays so. */
export function prolong(record: TokenRecord, id: string, until: number): Change<undefined> {
  return changeOwnClaim(record, id, { idl: until });
}

/**
 * Stores the pair that attempt `id` brought, whichever attempt holds the claim now: the authorization server has already
 * decided that only this pair works. A repeated commit changes nothing.
 */
export function commit(
  record: TokenRecord,
  used: TokenPosition,
  id: string,
  { now, pair, tokens }: { now: number; pair: string; tokens: NewTokens },
): Change<boolean> {
  if (record.last === id) return { result: true };
  if (record.chain !== used.chain || record.gen > used.generation) return { result: false };
  const next: TokenRecord = {
    ...record,
    gen: used.generation + 1,
    pair,
    exp: tokens.expiresAt.getTime(),
    ep: tokens.clientEndpoint,
    ...NO_INTENT,
    ...NO_TRIES,
    last: id,
    state: 'ok',
    why: null,
    at_state: now,
    renewed: now,
  };
  return { next, result: true };
}

/** The portal has another address; the tokens are the same. */
export function move(record: TokenRecord, chain: string, clientEndpoint: string): Change<undefined> {
  if (record.chain !== chain) return { result: undefined };
  return { next: { ...record, ep: clientEndpoint }, result: undefined };
}

/** Withdraws the claim of attempt `id`, whose request did not use up the token: the attempt does not count. */
export function release(record: TokenRecord, id: string, error: string, now: number): Change<undefined> {
  return changeOwnClaim(record, id, { ...NO_INTENT, tries: record.tries - 1, err: error, err_at: now });
}

/** No answer to attempt `id` will arrive any more. Its claim only keeps the pause before the next attempt. */
export function endUnanswered(
  record: TokenRecord,
  id: string,
  error: string,
  { now, pauseMs }: { now: number; pauseMs: number },
): Change<undefined> {
  return changeOwnClaim(record, id, { idl: now + pauseMs, over: true, err: error, err_at: now });
}

/** Marks a generation as over, unless another attempt is alive or has moved it on. Tokens are kept. */
export function settle(
  record: TokenRecord,
  position: TokenPosition,
  id: string,
  { now, state, why }: { now: number; state: 'suspect' | 'reauth'; why: string },
): Change<boolean> {
  const isAnotherAlive = record.iid !== null && record.iid !== id && record.idl > now;
  if (!isSameGeneration(record, position) || isAnotherAlive) return { result: false };
  return {
    next: { ...record, ...NO_INTENT, state, why, at_state: now, err: why, err_at: now },
    result: true,
  };
}

function changeOwnClaim(record: TokenRecord, id: string, changed: Partial<TokenRecord>): Change<undefined> {
  return record.iid === id ? { next: { ...record, ...changed }, result: undefined } : { result: undefined };
}

function claimedBy({ prev_until, tries }: TokenRecord, now: number): Claim {
  return { outcome: 'claimed', stragglerMs: Math.max(0, prev_until - now), tries };
}

function isSameGeneration(record: TokenRecord, { chain, generation }: TokenPosition): boolean {
  return record.chain === chain && record.gen === generation;
}
