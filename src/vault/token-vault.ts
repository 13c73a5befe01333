import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Change, KEY_PREFIX, type Store, update } from '../store/store.ts';
import type { Cipher } from './cipher.ts';

/** Whose tokens. Two people of one portal never share a record. */
export interface TokenOwner {
  memberId: string;
  clientId: string;
  userId: number;
}

/** The tokens of one portal user as we hold them. */
export interface Grant {
  /** Begins with a sign-in; a new sign-in is a new chain. */
  chain: string;
  /** 1, 2, 3 … within the chain: grows with every refresh. */
  generation: number;
  accessToken: string;
  refreshToken: string;
  /** Our cautious estimate. */
  expiresAt: Date;
  /** Checked against the portal before it was saved. */
  clientEndpoint: string;
  /** Origin of the authorization server that granted it. */
  authorizationServer: string;
  /** `reauth`: Bitrix24 said it is over, and the person has to authorize again. */
  state: 'ok' | 'suspect' | 'reauth';
}

/** What a sign-in or a refresh brought. */
export type NewTokens = Pick<Grant, 'accessToken' | 'refreshToken' | 'expiresAt' | 'clientEndpoint'>;

/** How an attempt to announce a refresh ended. */
export type Claim =
  | { outcome: 'claimed'; tookOverFrom: string | null }
  | { outcome: 'busy'; leftMs: number }
  | { outcome: 'moved' }
  | { outcome: 'missing' };

export interface TokenVault {
  /** Stores the tokens of a sign-in as a new chain, whatever was there. */
  save(owner: TokenOwner, tokens: NewTokens, authorizationServer: string): Promise<void>;
  /** @returns nothing when there is no record, or none that can be read: the person signs in again */
  load(owner: TokenOwner): Promise<Grant | undefined>;
  forget(owner: TokenOwner): Promise<boolean>;
  /**
   * Announces, before the authorization server is called, that attempt `id` is about to use up the refresh token of
   * this generation. Exclusive until `exclusiveMs` have passed on the store's clock. It is also
   * the proof that the store can be written to before a token is burnt.
   */
  claim(owner: TokenOwner, grant: Grant, id: string, exclusiveMs: number): Promise<Claim>;
  /** Keeps a claim that is still ours alive; one that was withdrawn or taken over stays so. */
  prolongClaim(owner: TokenOwner, id: string, exclusiveMs: number): Promise<void>;
  /**
   * Stores what attempt `id` brought, whoever holds the claim by now: the authorization server has already decided that
   * only this pair is alive. Can be repeated.
   *
   * @returns false when a newer sign-in has replaced the chain, or the record is gone
   */
  commit(owner: TokenOwner, grant: Grant, id: string, tokens: NewTokens): Promise<boolean>;
  /** Withdraws a claim whose request provably did not leave us. */
  release(owner: TokenOwner, id: string): Promise<void>;
  /**
   * Marks a generation as over, unless another attempt is alive or has already moved it on. Tokens are kept.
   *
   * @returns whether it was marked
   */
  settle(
    owner: TokenOwner,
    grant: Grant,
    id: string,
    state: 'suspect' | 'reauth',
    why: string,
  ): Promise<boolean>;
}

/** As long as Bitrix24 documents for a refresh token; not tied to any browser session. */
const RECORD_LIFETIME_MS = 180 * 24 * 3600_000;

/** The stored form; its fields are described in docs/decisions/0005-token-record.md. */
const TokenRecord = z.object({
  v: z.literal(1),
  chain: z.string(),
  gen: z.number().int().positive(),
  pair: z.string(),
  exp: z.number(),
  ep: z.string(),
  as: z.string(),
  iid: z.string().nullable(),
  idl: z.number(),
  prev: z.string().nullable(),
  last: z.string().nullable(),
  state: z.enum(['ok', 'suspect', 'reauth']),
  why: z.string().nullable(),
  at_state: z.number(),
});
type TokenRecord = z.infer<typeof TokenRecord>;

const Pair = z.object({ at: z.string(), rt: z.string() });

/** The braces are the Cluster hash tag: all that is kept about one portal shares a slot. */
export function tokenKey(owner: TokenOwner): string {
  return `${KEY_PREFIX}tokens:{${owner.memberId}}:${owner.clientId}:${owner.userId}`;
}

/** Tokens at rest: sealed, one record per portal user, changed only by steps that can be repeated. */
export function createTokenVault(options: { store: Store; cipher: Cipher }): TokenVault {
  const { store, cipher } = options;

  function seal(key: string, chain: string, gen: number, tokens: NewTokens): Promise<string> {
    return cipher.seal(
      JSON.stringify({ at: tokens.accessToken, rt: tokens.refreshToken }),
      `${key}:${chain}:${gen}`,
    );
  }

  /** Changes the record if it can be read; `absent` is the result when it cannot. */
  function change<T>(
    owner: TokenOwner,
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

  return {
    async save(owner, tokens, authorizationServer) {
      const key = tokenKey(owner);
      const chain = randomBytes(12).toString('base64url');
      const record: TokenRecord = {
        v: 1,
        chain,
        gen: 1,
        pair: await seal(key, chain, 1, tokens),
        exp: tokens.expiresAt.getTime(),
        ep: tokens.clientEndpoint,
        as: authorizationServer,
        iid: null,
        idl: 0,
        prev: null,
        last: null,
        state: 'ok',
        why: null,
        at_state: await store.now(),
      };
      await store.set(key, JSON.stringify(record), RECORD_LIFETIME_MS);
    },

    async load(owner) {
      const key = tokenKey(owner);
      const text = await store.get(key);
      const record = parseRecord(text);
      const pair = record && (await openPair(cipher, key, record));
      if (record === undefined || pair === undefined) {
        if (text !== null) await store.quarantine(key, text);
        return undefined;
      }
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
    },

    forget: (owner) => store.forget(tokenKey(owner)),

    async claim(owner, grant, id, exclusiveMs) {
      const now = await store.now();
      return change<Claim>(owner, { outcome: 'missing' }, (record) => {
        if (!isSameGeneration(record, grant)) return { result: { outcome: 'moved' } };
        const isOthers = record.iid !== null && record.iid !== id;
        if (isOthers && record.idl > now) return { result: { outcome: 'busy', leftMs: record.idl - now } };
        const prev = isOthers ? record.iid : record.prev;
        return {
          next: { ...record, iid: id, idl: now + exclusiveMs, prev },
          result: { outcome: 'claimed', tookOverFrom: prev },
        };
      });
    },

    async prolongClaim(owner, id, exclusiveMs) {
      const now = await store.now();
      await change(owner, undefined, (record) =>
        record.iid === id
          ? { next: { ...record, idl: now + exclusiveMs }, result: undefined }
          : { result: undefined },
      );
    },

    async commit(owner, grant, id, tokens) {
      const gen = grant.generation + 1;
      const pair = await seal(tokenKey(owner), grant.chain, gen, tokens);
      const now = await store.now();
      return change(owner, false, (record) => {
        if (record.last === id) return { result: true };
        if (record.chain !== grant.chain || record.gen > grant.generation) return { result: false };
        const { accessToken: _at, refreshToken: _rt, expiresAt, clientEndpoint } = tokens;
        const next: TokenRecord = {
          ...record,
          gen,
          pair,
          exp: expiresAt.getTime(),
          ep: clientEndpoint,
          iid: null,
          idl: 0,
          prev: null,
          last: id,
          state: 'ok',
          why: null,
          at_state: now,
        };
        return { next, result: true };
      });
    },

    async release(owner, id) {
      await change(owner, undefined, (record) =>
        record.iid === id
          ? { next: { ...record, iid: null, idl: 0 }, result: undefined }
          : { result: undefined },
      );
    },

    async settle(owner, grant, id, state, why) {
      const now = await store.now();
      return change(owner, false, (record) => {
        const isOthers = record.iid !== null && record.iid !== id && record.idl > now;
        if (!isSameGeneration(record, grant) || isOthers) return { result: false };
        return { next: { ...record, iid: null, idl: 0, state, why, at_state: now }, result: true };
      });
    },
  };
}

function isSameGeneration(record: TokenRecord, grant: Grant): boolean {
  return record.chain === grant.chain && record.gen === grant.generation;
}

function parseRecord(text: string | null): TokenRecord | undefined {
  if (text === null) return undefined;
  try {
    return TokenRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function openPair(
  cipher: Cipher,
  key: string,
  record: TokenRecord,
): Promise<z.infer<typeof Pair> | undefined> {
  try {
    return Pair.parse(JSON.parse(await cipher.open(record.pair, `${key}:${record.chain}:${record.gen}`)));
  } catch {
    return undefined;
  }
}
