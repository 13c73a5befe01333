import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { StoreReport } from './store-report.ts';

/**
 * Where state lives: strings under keys, each with a lifetime.
 *
 * Two implementations pass one battery of tests (test/contract). Whatever needs more than one step is written once,
 * above this interface, as a loop around `replaceIfUnchanged`; see `update`.
 *
 * Every method throws StoreUnavailableError within a second when the store is away.
 */
export interface Store {
  /** A value of a foreign type in Redis is moved aside and counts as absent. */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, lifetimeMs: number): Promise<void>;
  /**
   * Writes `value` only if the key still holds `expected`; `null` means: only if the key is absent.
   *
   * @param lifetimeMs  `keep` leaves the key as long to live as it had, so it must be there
   * @returns whether it was written
   */
  replaceIfUnchanged(
    key: string,
    expected: string | null,
    value: string,
    lifetimeMs: number | 'keep',
  ): Promise<boolean>;
  /**
   * Counts one more under the key. The first one opens a window; when that is over, counting begins anew.
   *
   * @param windowMs  how long the window stays open
   */
  count(key: string, windowMs: number): Promise<Count>;
  /** Gives an existing key a new lifetime; an absent one stays absent. */
  prolong(key: string, lifetimeMs: number): Promise<void>;
  /** @returns whether the key existed */
  forget(key: string): Promise<boolean>;
  /**
   * Moves a value that cannot be read to `quarantineKey(key)`, where an operator finds it, unless the key holds
   * something else by now.
   */
  quarantine(key: string, value: string): Promise<void>;
  /** How long the key has still to live; `null` when it is absent. */
  leftMs(key: string): Promise<number | null>;
  /**
   * The keys with this prefix, in no order, without blocking other callers. Keys that are written or removed meanwhile may
   * be among them or not, and a key may come twice.
   */
  keys(prefix: string): AsyncIterable<string>;
  /** The store's clock in milliseconds since the epoch, for deadlines that several processes share. */
  now(): Promise<number>;
  /** Proves that the store can be written to. */
  ping(): Promise<void>;
  /** Calls back whenever the connection to the store is back after it was lost. The store may have lost writes. */
  onReturn(listener: () => void): void;
  /** For an operator: kind, settings and state of the store. */
  describe(): Promise<StoreReport>;
  close(): Promise<void>;
}

/** The count of the open window, this one included, and how long the window stays open. */
export interface Count {
  count: number;
  leftMs: number;
}

/** The store cannot be reached, or refuses to write. */
export class StoreUnavailableError extends AppError {
  /** In one word of the system or of Redis: `OOM`, `READONLY` … */
  readonly why: string;

  /** @param details  what the log says, where it is more than one word */
  constructor(cause: string, details = cause) {
    super(`the store is away: ${details}`, {
      code: 'store_unavailable',
      status: 503,
      retryAfterSeconds: 2,
    });
    this.why = cause;
  }
}

/** Prefix of all our keys; an ACL user of Redis can be limited to it. */
export const KEY_PREFIX = 'b24:';

/** How long a quarantined value waits for an operator. */
export const QUARANTINE_MS = 30 * 24 * 3600_000;

/** The part in braces alone decides about the slot in a Redis Cluster. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

/** Where the keys of all quarantined values begin. */
export const QUARANTINE_PREFIX = `${KEY_PREFIX}quarantine:`;

/** Is in the slot of the key it belongs to, so that in a Redis Cluster the move stays on one node. */
export function quarantineKey(key: string): string {
  return HASH_TAG.test(key)
    ? `${QUARANTINE_PREFIX}${key.slice(KEY_PREFIX.length)}`
    : `${QUARANTINE_PREFIX}{${key}}`;
}

/** The key that a quarantined value was found under. */
export function keyBeforeQuarantine(quarantined: string): string {
  const rest = quarantined.slice(QUARANTINE_PREFIX.length);
  return rest.startsWith(`{${KEY_PREFIX}`) ? rest.slice(1, -1) : KEY_PREFIX + rest;
}

/** A decision of `update`: write a new value, or keep the current one. Both carry the result for the caller. */
export type Change<T> = { write: string; result: T } | { keep: true; result: T };

/**
 * Reads, decides, and writes if no other writer was faster; else decides again on the new value.
 *
 * @param lifetimeMs  `keep` is for changes of what is there; see `replaceIfUnchanged`
 * @param decide  pure: it runs once more for every writer that was faster
 */
export async function update<T>(
  store: Store,
  key: string,
  lifetimeMs: number | 'keep',
  decide: (current: string | null) => Change<T> | Promise<Change<T>>,
): Promise<T> {
  // Each lost round means that another writer succeeded, so this bound is only for a broken store.
  for (let round = 0; round < 200; round += 1) {
    const current = await store.get(key);
    const change = await decide(current);
    if ('keep' in change) return change.result;
    if (await store.replaceIfUnchanged(key, current, change.write, lifetimeMs)) return change.result;
    await sleep(Math.random() * Math.min(round + 1, 20));
  }
  throw new StoreUnavailableError('200 writers in a row were faster');
}
