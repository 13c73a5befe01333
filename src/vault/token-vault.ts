import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { type Change, type Store, update } from '../store/store.ts';
import type { Cipher } from './cipher.ts';
import { parseRecord, sealContext, type TokenRecord, tokenKey } from './token-record.ts';

/** The tokens of one portal user as we hold them. Shared by all who use it, so nobody changes it. */
export interface Grant {
  /** Begins with a sign-in; a new sign-in is a new chain. */
  readonly chain: string;
  /** 1, 2, 3 … within the chain: grows with every refresh. */
  readonly generation: number;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Our cautious estimate. */
  readonly expiresAt: Date;
  /** Checked against the portal before it was saved. */
  readonly clientEndpoint: string;
  /** Origin of the authorization server that granted it. */
  readonly authorizationServer: string;
  /** `reauth`: Bitrix24 said it is over, and the person has to authorize again. */
  readonly state: 'ok' | 'suspect' | 'reauth';
}

/** What a sign-in or a refresh brought. */
export type NewTokens = Pick<Grant, 'accessToken' | 'refreshToken' | 'expiresAt' | 'clientEndpoint'>;

/** How an attempt to announce a refresh ended. */
export type Claim =
  /** `stragglerMs`: for so long an earlier attempt may still be heard of; 0 if none may. */
  | { outcome: 'claimed'; stragglerMs: number; tries: number }
  | { outcome: 'busy'; leftMs: number }
  /** The same refresh token was tried too often without an answer. */
  | { outcome: 'exhausted'; leftMs: number }
  | { outcome: 'moved' }
  /** Somebody was told that this token will never work again. */
  | { outcome: 'ended' }
  | { outcome: 'missing' };

/** What there is to tell about a grant without its tokens. */
export interface GrantDescription {
  state: Grant['state'];
  /** When the person authorized. */
  since: Date;
  renewedAt: Date | null;
  /** The last refresh that failed; codes of the wire in lower case, or ours. */
  lastError: { code: string; at: Date } | null;
}

/** What became of a record that should be sealed with the newest key. */
export type Resealing = 'resealed' | 'newest already' | 'unreadable' | 'gone';

export interface TokenVault {
  /** Stores the tokens of a sign-in as a new chain, whatever was there. */
  save(owner: PortalUserId, tokens: NewTokens, authorizationServer: string): Promise<void>;
  /** @returns nothing when there is no record, or none that can be read: the person signs in again */
  load(owner: PortalUserId): Promise<Grant | undefined>;
  describe(owner: PortalUserId): Promise<GrantDescription | undefined>;
  /** How far the record is, without opening it. */
  position(owner: PortalUserId): Promise<Pick<Grant, 'chain' | 'generation'> | undefined>;
  forget(owner: PortalUserId): Promise<boolean>;
  /**
   * Announces, before the authorization server is called, that attempt `id` is about to use up the refresh token of
   * this generation. Exclusive until `exclusiveMs` have passed on the store's clock. It is also
   * the proof that the store can be written to before a token is burnt.
   */
  claim(owner: PortalUserId, grant: Grant, id: string, exclusiveMs: number): Promise<Claim>;
  /** Keeps a claim that is still ours alive; one that was withdrawn or taken over stays so. */
  prolongClaim(owner: PortalUserId, id: string, exclusiveMs: number): Promise<void>;
  /**
   * Stores what attempt `id` brought, whoever holds the claim by now: the authorization server has already decided that
   * only this pair is alive. Can be repeated.
   *
   * @returns false when a newer sign-in has replaced the chain, or the record is gone
   */
  commit(owner: PortalUserId, grant: Grant, id: string, tokens: NewTokens): Promise<boolean>;
  /** The portal has moved; the tokens are the same. Nothing happens when a newer sign-in has replaced the chain. */
  move(owner: PortalUserId, grant: Pick<Grant, 'chain'>, clientEndpoint: string): Promise<void>;
  /** Withdraws a claim whose request did not use up the token. */
  release(owner: PortalUserId, id: string, error: string): Promise<void>;
  /**
   * Says that attempt `id` will get no answer any more, and may or may not have used up the token. The claim keeps
   * others away for another `pauseMs`, then the same token may be tried again.
   */
  endUnanswered(owner: PortalUserId, id: string, error: string, pauseMs: number): Promise<void>;
  /**
   * Marks a generation as over, unless another attempt is alive or has already moved it on. Tokens are kept.
   *
   * @returns whether it was marked
   */
  settle(
    owner: PortalUserId,
    grant: Grant,
    id: string,
    state: 'suspect' | 'reauth',
    why: string,
  ): Promise<boolean>;
  /** @throws {StoreUnavailableError} */
  proveWritable(): Promise<void>;
  /** Seals the record under `key` with the newest key; it keeps its lifetime. */
  reseal(key: string): Promise<Resealing>;
}

/** As long as Bitrix24 documents for a refresh token; not tied to any browser session. */
const RECORD_LIFETIME_MS = 180 * 24 * 3600_000;

/** After so many attempts without an answer within so long, the token is left in peace. */
const MAX_TRIES = 3;
const TRIES_WINDOW_MS = 10 * 60_000;
/** As long as somebody may listen for the answer to an attempt (REFRESH_LISTEN_MS), counted from its last sign of life. */
const STRAGGLER_MS = 65_000;

/** Whoever goes from page to page has the same record opened each time, which takes as long as a trip to the store. */
const MAX_OPENED = 1_000;
const OPENED_MS = 5 * 60_000;

const Pair = z.object({ at: z.string(), rt: z.string() });
type Pair = z.infer<typeof Pair>;

/** What a record is after an attempt has ended, however it ended. */
const NO_INTENT = { iid: null, idl: 0, over: false } as const;
const NO_TRIES = { prev: null, prev_until: 0, tries: 0, tries_since: 0 } as const;

/** Tokens at rest: sealed, one record per portal user, changed only by steps that can be repeated. */
export function createTokenVault(options: { store: Store; cipher: Cipher }): TokenVault {
  const { store, cipher } = options;
  /** By token key: the record that was opened, so that any other is opened for itself. */
  const opened = new LRUCache<string, { text: string; grant: Grant }>({ max: MAX_OPENED, ttl: OPENED_MS });

  function seal(key: string, generation: Pick<TokenRecord, 'chain' | 'gen'>, pair: Pair): Promise<string> {
    return cipher.seal(JSON.stringify(pair), sealContext(key, generation));
  }

  async function openPair(key: string, record: TokenRecord): Promise<Pair | undefined> {
    try {
      return Pair.parse(JSON.parse(await cipher.open(record.pair, sealContext(key, record))));
    } catch {
      return undefined;
    }
  }

  /** Changes the record if it can be read; `absent` is the result when it cannot. */
  function change<T>(
    owner: PortalUserId,
    absent: T,
    decide: (record: TokenRecord) => { next?: TokenRecord; result: T },
  ): Promise<T> {
    return update<T>(store, tokenKey(owner), RECORD_LIFETIME_MS, (current): Change<T> => {
      const record = parseRecord(current);
      if (record === undefined) return { keep: true, result: absent };
      const { next, result } = decide(record);
      return next ? { write: JSON.stringify(next), result } : { keep: true, result };
    });
  }

  /** Changes the record if the claim is still that of attempt `id`. */
  async function changeOwnClaim(
    owner: PortalUserId,
    id: string,
    next: (record: TokenRecord) => Partial<TokenRecord>,
  ): Promise<void> {
    await change(owner, undefined, (record) =>
      record.iid === id ? { next: { ...record, ...next(record) }, result: undefined } : { result: undefined },
    );
  }

  return {
    async save(owner, tokens, authorizationServer) {
      const key = tokenKey(owner);
      const now = await store.now();
      const generation = { chain: randomId(12), gen: 1 };
      const record: TokenRecord = {
        v: 1,
        ...generation,
        pair: await seal(key, generation, asPair(tokens)),
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
      await store.set(key, JSON.stringify(record), RECORD_LIFETIME_MS);
    },

    async load(owner) {
      const key = tokenKey(owner);
      const text = await store.get(key);
      if (text === null) return undefined;
      const before = opened.get(key);
      if (before?.text === text) return before.grant;
      const record = parseRecord(text);
      const pair = record && (await openPair(key, record));
      if (record === undefined || pair === undefined) {
        // A key that another replica has already, or that somebody took out by mistake, makes nothing corrupt.
        const isSealedByOthers = record !== undefined && cipher.keyOf(record.pair) === 'missing';
        if (!isSealedByOthers) await store.quarantine(key, text);
        return undefined;
      }
      const grant = asGrant(record, pair);
      opened.set(key, { text, grant });
      return grant;
    },

    async describe(owner) {
      const record = parseRecord(await store.get(tokenKey(owner)));
      return (
        record && {
          state: record.state,
          since: new Date(record.since),
          renewedAt: record.renewed === 0 ? null : new Date(record.renewed),
          lastError: record.err === null ? null : { code: record.err, at: new Date(record.err_at) },
        }
      );
    },

    async position(owner) {
      const record = parseRecord(await store.get(tokenKey(owner)));
      return record && { chain: record.chain, generation: record.gen };
    },

    async forget(owner) {
      opened.delete(tokenKey(owner));
      return store.forget(tokenKey(owner));
    },

    async claim(owner, grant, id, exclusiveMs) {
      const now = await store.now();
      return change<Claim>(owner, { outcome: 'missing' }, (record) => {
        if (!isSameGeneration(record, grant)) return { result: { outcome: 'moved' } };
        if (record.state !== 'ok') return { result: { outcome: 'ended' } };
        const { iid, idl } = record;
        if (iid === id) {
          return { next: { ...record, idl: now + exclusiveMs }, result: asClaimed(record, now) };
        }
        if (iid !== null && idl > now) return { result: { outcome: 'busy', leftMs: idl - now } };
        const isLongAgo = now - record.tries_since > TRIES_WINDOW_MS;
        const tries = isLongAgo ? 0 : record.tries;
        if (tries >= MAX_TRIES) {
          return {
            result: { outcome: 'exhausted', leftMs: record.tries_since + TRIES_WINDOW_MS - now },
          };
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
        return { next, result: asClaimed(next, now) };
      });
    },

    async prolongClaim(owner, id, exclusiveMs) {
      const now = await store.now();
      await changeOwnClaim(owner, id, () => ({ idl: now + exclusiveMs }));
    },

    async commit(owner, grant, id, tokens) {
      const next = { chain: grant.chain, gen: grant.generation + 1 };
      const pair = await seal(tokenKey(owner), next, asPair(tokens));
      const now = await store.now();
      return change(owner, false, (record) => {
        if (record.last === id) return { result: true };
        if (record.chain !== grant.chain || record.gen > grant.generation) return { result: false };
        return {
          next: {
            ...record,
            ...next,
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
          },
          result: true,
        };
      });
    },

    async move(owner, { chain }, clientEndpoint) {
      await change(owner, undefined, (record) =>
        record.chain === chain
          ? { next: { ...record, ep: clientEndpoint }, result: undefined }
          : { result: undefined },
      );
    },

    async release(owner, id, error) {
      const now = await store.now();
      await changeOwnClaim(owner, id, ({ tries }) => ({
        ...NO_INTENT,
        tries: tries - 1,
        err: error,
        err_at: now,
      }));
    },

    async endUnanswered(owner, id, error, pauseMs) {
      const now = await store.now();
      await changeOwnClaim(owner, id, () => ({ idl: now + pauseMs, over: true, err: error, err_at: now }));
    },

    async settle(owner, grant, id, state, why) {
      const now = await store.now();
      return change(owner, false, (record) => {
        const isOthers = record.iid !== null && record.iid !== id && record.idl > now;
        if (!isSameGeneration(record, grant) || isOthers) return { result: false };
        const next = { ...record, ...NO_INTENT, state, why, at_state: now, err: why, err_at: now };
        return { next, result: true };
      });
    },

    proveWritable: () => store.ping(),

    reseal(key) {
      return update<Resealing>(store, key, 'keep', async (current): Promise<Change<Resealing>> => {
        if (current === null) return { keep: true, result: 'gone' };
        const record = parseRecord(current);
        if (record && cipher.keyOf(record.pair) === 'newest') return { keep: true, result: 'newest already' };
        const pair = record && (await openPair(key, record));
        if (record === undefined || pair === undefined) return { keep: true, result: 'unreadable' };
        return {
          write: JSON.stringify({ ...record, pair: await seal(key, record, pair) }),
          result: 'resealed',
        };
      });
    },
  };
}

function asPair(tokens: NewTokens): Pair {
  return { at: tokens.accessToken, rt: tokens.refreshToken };
}

function asGrant(record: TokenRecord, pair: Pair): Grant {
  return {
    chain: record.chain,
    generation: record.gen,
    accessToken: pair.at,
    refreshToken: pair.rt,
    expiresAt: new Date(record.exp),
    clientEndpoint: record.ep,
    authorizationServer: record.as,
    state: record.state,
  };
}

function asClaimed({ prev_until, tries }: TokenRecord, now: number): Claim {
  return { outcome: 'claimed', stragglerMs: Math.max(0, prev_until - now), tries };
}

function isSameGeneration(record: TokenRecord, grant: Grant): boolean {
  return record.chain === grant.chain && record.gen === grant.generation;
}
