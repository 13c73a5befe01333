import { LRUCache } from 'lru-cache';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { createRecords, type RecordChange, type Records } from '../store/records.ts';
import { type Change, type Store, update } from '../store/store.ts';
import type { Cipher } from './cipher.ts';
import type { MissingKeyObserver } from './key-watch.ts';
import * as changes from './record-changes.ts';
import { openPair, type Pair, pairOf, sealPair } from './sealed-pair.ts';
import type { NewTokens, StoredTokens, TokenPosition } from './stored-tokens.ts';
import { parseTokenRecord, TokenRecord, tokenKey } from './token-record.ts';

/** What /account shows of stored tokens. */
export interface TokenDescription {
  state: StoredTokens['state'];
  /** When the portal user authorized. */
  since: Date;
  renewedAt: Date | null;
  /** The last refresh that failed; codes of the wire in lower case, or ours. */
  lastError: { code: string; at: Date } | null;
}

/** What became of a record that should be sealed with the newest key. */
export type Resealing = 'resealed' | 'newest already' | 'unreadable' | 'gone';

/** Tokens at rest: sealed, one record per portal user, changed only by steps that can be repeated (record-changes.ts). */
export interface TokenVault {
  /** Stores the tokens of a sign-in as a new chain, whatever was there. */
  save(owner: PortalUserId, tokens: NewTokens, authorizationServer: string): Promise<void>;
  /** @returns undefined when there is no record, or none that can be read: the portal user signs in again */
  load(owner: PortalUserId): Promise<StoredTokens | undefined>;
  describe(owner: PortalUserId): Promise<TokenDescription | undefined>;
  /** How far the record is, without opening the pair. */
  position(owner: PortalUserId): Promise<TokenPosition | undefined>;
  forget(owner: PortalUserId): Promise<boolean>;
  /**
   * Announces, before the authorization server is called, that attempt `id` is about to use up the refresh token of
   * this generation. Exclusive until `exclusiveMs` have passed on the store's clock. The write also proves that the
   * store can be written to, before a token is used up.
   */
  claim(
    owner: PortalUserId,
    position: TokenPosition,
    id: string,
    exclusiveMs: number,
  ): Promise<changes.Claim>;
  /** Keeps a claim of attempt `id` alive; one that was withdrawn or taken over stays so. */
  prolongClaim(owner: PortalUserId, id: string, exclusiveMs: number): Promise<void>;
  /**
   * Stores what attempt `id` brought, whichever attempt holds the claim now. Can be repeated.
   *
   * @param used  the generation whose refresh token was used up
   * @returns     false when a newer sign-in has replaced the chain, or the record is gone
   */
  commit(owner: PortalUserId, used: TokenPosition, id: string, tokens: NewTokens): Promise<boolean>;
  /** The portal has another address; the tokens are the same. Changes nothing when a newer sign-in has replaced the chain. */
  move(owner: PortalUserId, tokens: Pick<TokenPosition, 'chain'>, clientEndpoint: string): Promise<void>;
  /** Withdraws a claim whose request did not use up the token. */
  release(owner: PortalUserId, id: string, error: string): Promise<void>;
  /**
   * Says that no answer to attempt `id` will arrive any more, and that the attempt may or may not have used up the token.
   * The claim keeps other attempts away for another `pauseMs`, then the same token may be tried again.
   */
  endUnanswered(owner: PortalUserId, id: string, error: string, pauseMs: number): Promise<void>;
  /**
   * Marks a generation as over, unless another attempt is alive or has already moved it on. Tokens are kept.
   *
   * @returns whether it was marked
   */
  settle(
    owner: PortalUserId,
    position: TokenPosition,
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

/** Opened pairs are kept for the next page of the same portal user: opening one takes as long as a trip to the store. */
const MAX_OPENED = 1_000;
const OPENED_MS = 5 * 60_000;

type TokenRecords = Records<PortalUserId, TokenRecord | undefined>;
/** By token key: the text of the record that was opened, so that any other text is opened for itself. */
type OpenedRecords = LRUCache<string, { text: string; tokens: StoredTokens }>;

interface Vault {
  store: Store;
  cipher: Cipher;
  opened: OpenedRecords;
  observeMissingKey: MissingKeyObserver;
}

export function createTokenVault({
  store,
  cipher,
  observeMissingKey = () => {},
}: {
  store: Store;
  cipher: Cipher;
  observeMissingKey?: MissingKeyObserver | undefined;
}): TokenVault {
  const opened: OpenedRecords = new LRUCache({ max: MAX_OPENED, ttl: OPENED_MS });
  const vault: Vault = { store, cipher, opened, observeMissingKey };
  const records: TokenRecords = createRecords<PortalUserId, TokenRecord | undefined>(store, {
    key: tokenKey,
    shape: TokenRecord,
    empty: undefined,
    lifetimeMs: RECORD_LIFETIME_MS,
  });

  /** Changes the record if it can be read; `absent` is the result when it cannot. */
  function change<R>(
    owner: PortalUserId,
    absent: R,
    decide: (record: TokenRecord) => RecordChange<TokenRecord, R>,
  ): Promise<R> {
    return records.change<R>(owner, (record) => (record ? decide(record) : { result: absent }));
  }

  return {
    async save(owner, tokens, authorizationServer) {
      const now = await store.now();
      const position = { chain: randomId(12), gen: 1 };
      const pair = await sealPair(cipher, tokenKey(owner), position, pairOf(tokens));
      await records.save(owner, changes.begin(position, pair, tokens, { now, authorizationServer }));
    },
    load: (owner) => load(vault, owner),
    describe: async (owner) => describe(await records.load(owner)),
    async position(owner) {
      const record = await records.load(owner);
      return record && { chain: record.chain, generation: record.gen };
    },
    async forget(owner) {
      vault.opened.delete(tokenKey(owner));
      return records.forget(owner);
    },

    async claim(owner, position, id, exclusiveMs) {
      const now = await store.now();
      return change<changes.Claim>(owner, { outcome: 'missing' }, (record) =>
        changes.claim(record, position, id, { now, exclusiveMs }),
      );
    },
    async prolongClaim(owner, id, exclusiveMs) {
      const until = (await store.now()) + exclusiveMs;
      await change(owner, undefined, (record) => changes.prolong(record, id, until));
    },
    async commit(owner, used, id, tokens) {
      const position = { chain: used.chain, gen: used.generation + 1 };
      const pair = await sealPair(cipher, tokenKey(owner), position, pairOf(tokens));
      const now = await store.now();
      return change(owner, false, (record) => changes.commit(record, used, id, { now, pair, tokens }));
    },
    async move(owner, { chain }, clientEndpoint) {
      await change(owner, undefined, (record) => changes.move(record, chain, clientEndpoint));
    },
    async release(owner, id, error) {
      const now = await store.now();
      await change(owner, undefined, (record) => changes.release(record, id, error, now));
    },
    async endUnanswered(owner, id, error, pauseMs) {
      const now = await store.now();
      await change(owner, undefined, (record) => changes.endUnanswered(record, id, error, { now, pauseMs }));
    },
    async settle(owner, position, id, state, why) {
      const now = await store.now();
      return change(owner, false, (record) => changes.settle(record, position, id, { now, state, why }));
    },

    proveWritable: () => store.ping(),
    reseal: (key) => reseal(vault, key),
  };
}

/** The record is read each time, so that the tokens of another process are seen; only the opening is saved. */
async function load(
  { store, cipher, opened, observeMissingKey }: Vault,
  owner: PortalUserId,
): Promise<StoredTokens | undefined> {
  const key = tokenKey(owner);
  const text = await store.get(key);
  if (text === null) return undefined;
  const before = opened.get(key);
  if (before?.text === text) return before.tokens;
  const record = parseTokenRecord(text);
  const pair = record && (await openPair(cipher, key, record));
  if (record === undefined || pair === undefined) {
    // Sealed with a key that another replica has already, or that an operator removed by mistake: not corrupt.
    const isSealedByOthers = record !== undefined && cipher.keyOf(record.pair) === 'missing';
    if (isSealedByOthers) observeMissingKey();
    else await store.quarantine(key, text);
    return undefined;
  }
  const tokens = asStoredTokens(record, pair);
  opened.set(key, { text, tokens });
  return tokens;
}

function reseal({ store, cipher }: Vault, key: string): Promise<Resealing> {
  return update<Resealing>(store, key, 'keep', async (current): Promise<Change<Resealing>> => {
    if (current === null) return { keep: true, result: 'gone' };
    const record = parseTokenRecord(current);
    if (record && cipher.keyOf(record.pair) === 'newest') return { keep: true, result: 'newest already' };
    const pair = record && (await openPair(cipher, key, record));
    if (record === undefined || pair === undefined) return { keep: true, result: 'unreadable' };
    const resealed = { ...record, pair: await sealPair(cipher, key, record, pair) };
    return { write: JSON.stringify(resealed), result: 'resealed' };
  });
}

function describe(record: TokenRecord | undefined): TokenDescription | undefined {
  return (
    record && {
      state: record.state,
      since: new Date(record.since),
      renewedAt: record.renewed === 0 ? null : new Date(record.renewed),
      lastError: record.err === null ? null : { code: record.err, at: new Date(record.err_at) },
    }
  );
}

function asStoredTokens(record: TokenRecord, pair: Pair): StoredTokens {
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
