import { z } from 'zod';
import type { PortalUserId } from '../portal-user.ts';
import { KEY_PREFIX, type Store, update } from './store.ts';

/** How far a `Date` reaches, in milliseconds before and after 1970. */
const FARTHEST = 8.64e15;

/** An instant in a stored record: milliseconds since the epoch, of which a `Date` can be made. */
export const instant = z.number().min(-FARTHEST).max(FARTHEST);

/** Records of one kind: JSON under a key of the store. */
export interface Records<Id, T> {
  /** @returns `empty` when there is no record, or none that can be read */
  load(id: Id): Promise<T>;
  /**
   * Reads, decides, and writes if no other writer was faster; else decides again on what is there now.
   *
   * @param decide  pure: it runs once for each try. Without `next` the record stays as it is
   */
  change<R>(id: Id, decide: (current: T) => RecordChange<T, R> | Promise<RecordChange<T, R>>): Promise<R>;
  save(id: Id, value: T): Promise<void>;
  /** @returns whether there was a record */
  forget(id: Id): Promise<boolean>;
}

export interface RecordChange<T, R> {
  next?: T;
  result: R;
}

export interface RecordKind<Id, T> {
  key: (id: Id) => string;
  /** Validates what is read. Unknown fields are dropped. */
  shape: z.ZodType<T>;
  /** Stands for a record that is absent or cannot be read. */
  empty: T;
  /** From the last write on. */
  lifetimeMs: number;
  /** `quarantine` moves a record that cannot be read aside, where an operator finds it; else the next write replaces it. */
  unreadable?: 'replace' | 'quarantine';
}

export function createRecords<Id, T>(
  store: Store,
  { key, shape, empty, lifetimeMs, unreadable = 'replace' }: RecordKind<Id, T>,
): Records<Id, T> {
  async function read(id: Id, text: string | null): Promise<T> {
    if (text === null) return empty;
    const value = parseRecord(shape, text);
    if (value === undefined && unreadable === 'quarantine') await store.quarantine(key(id), text);
    return value ?? empty;
  }

  return {
    load: async (id) => read(id, await store.get(key(id))),
    change: (id, decide) =>
      update(store, key(id), lifetimeMs, async (text) => {
        const { next, result } = await decide(await read(id, text));
        return next === undefined ? { keep: true, result } : { write: JSON.stringify(next), result };
      }),
    save: (id, value) => store.set(key(id), JSON.stringify(value), lifetimeMs),
    forget: (id) => store.forget(key(id)),
  };
}

/** @returns undefined for what is not JSON of this shape, such as a record of another version */
export function parseRecord<T>(shape: z.ZodType<T>, text: string | null): T | undefined {
  if (text === null) return undefined;
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * The key of a record about a portal user. The braces are the Cluster hash tag: all records of one portal share a slot.
 *
 * @param kind  the first part of the key: `tokens`, `preferences` …
 * @param more  further parts, where a user has several records of a kind
 */
export function portalUserKey(
  kind: string,
  { memberId, clientId, userId }: PortalUserId,
  ...more: string[]
): string {
  return [`${KEY_PREFIX}${kind}:{${memberId}}`, clientId, userId, ...more].join(':');
}

const PORTAL_USER_KEY = /^([\w-]+):\{([^}]+)\}:([^:]+):(\d+)((?::[^:]+)*)$/;

/** @returns undefined for a key of another kind */
export function parsePortalUserKey(
  kind: string,
  key: string,
): { user: PortalUserId; more: string[] } | undefined {
  if (!key.startsWith(KEY_PREFIX)) return undefined;
  const [, found, memberId, clientId, userId, more = ''] =
    PORTAL_USER_KEY.exec(key.slice(KEY_PREFIX.length)) ?? [];
  if (found !== kind || memberId === undefined || clientId === undefined) return undefined;
  return { user: { memberId, clientId, userId: Number(userId) }, more: more.split(':').slice(1) };
}
