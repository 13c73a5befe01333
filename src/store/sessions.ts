import { RedisStore } from 'connect-redis';
import session, { type SessionData } from 'express-session';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { asUnavailable, type RedisClient } from './redis/redis-connection.ts';
import { type Store, update } from './store.ts';

type Callback<T = void> = (error: unknown, result?: T) => void;

/** Where the keys of all browser sessions begin. */
export const SESSION_PREFIX = 'b24:session:';

/**
 * Both session stores keep one rule that express-session leaves to them (measured, L5): a session that was loaded is
 * only ever updated, and only a new one is created. So a slow request cannot bring back a session that has ended
 * meanwhile, because there is nothing left to update.
 *
 * And an unreadable record counts as no session (L6), rather than as an error on every request of that browser.
 */
export interface SessionStores {
  redis(redis: RedisClient, idleMsOf: IdleTime): session.Store;
  embedded(store: Store, idleMsOf: IdleTime): session.Store;
}

/** How long a session lives after it was last used, in milliseconds; the cookie may be good for longer. */
export type IdleTime = (data: SessionData) => number;

/** Sessions that came from, or have been written to, the store. */
class KnownSessions {
  readonly #known = new WeakSet<object>();
  readonly #written = new WeakMap<object, string>();

  add(data: object): void {
    this.#known.add(data);
  }

  has(data: object): boolean {
    return this.#known.has(data);
  }

  /** @param content  as written; the session may have changed since */
  wasWritten(data: SessionData, content: string): void {
    this.#known.add(data);
    this.#written.set(data, content);
  }

  /** express-session writes a session with a new id once more when the answer ends, whatever was saved before. */
  isWritten(data: SessionData, content: string): boolean {
    return this.#written.get(data) === content;
  }
}

/** Everything but the cookie, whose `expires` changes with each request. */
function contentOf({ cookie: _cookie, ...content }: SessionData): string {
  return JSON.stringify(content);
}

/** The session ended while this request was running; nothing was written. */
export class SessionEndedError extends Error {
  override name = 'SessionEndedError';
}

/** connect-redis 8.1.0 with the corrections above. */
class RedisSessions extends RedisStore {
  readonly #redis: RedisClient;
  readonly #idleMsOf: IdleTime;
  readonly #known = new KnownSessions();

  constructor(redis: RedisClient, idleMsOf: IdleTime) {
    super({ client: redis, prefix: SESSION_PREFIX, ttl: (data) => Math.ceil(idleMsOf(data) / 1000) });
    this.#redis = redis;
    this.#idleMsOf = idleMsOf;
  }

  override async get(sid: string, callback: Callback<SessionData | null>): Promise<void> {
    answer(this.#load(SESSION_PREFIX + sid), callback);
  }

  override set(sid: string, data: SessionData, callback: Callback = () => {}): Promise<void> {
    const content = contentOf(data);
    // Synchronously, so that express-session need not send the answer in two pieces.
    if (this.#known.isWritten(data, content)) callback(null);
    else answer(this.#save(SESSION_PREFIX + sid, data, content), callback);
    return Promise.resolve();
  }

  async #load(key: string): Promise<SessionData | null> {
    const data = await this.#redis.get(key).then(parseSession, (error: unknown) => {
      if (isWrongType(error)) return 'unreadable' as const;
      throw asUnavailable(error);
    });
    if (data !== 'unreadable') return data;
    await this.#redis.del(key).catch(() => {});
    return null;
  }

  async #save(key: string, data: SessionData, content: string): Promise<void> {
    const value = JSON.stringify(data);
    const lifetimeMs = this.#idleMsOf(data);
    const write = async () => {
      if (this.#known.has(data)) return (await this.#redis.set(key, value, 'PX', lifetimeMs, 'XX')) === 'OK';
      if ((await this.#redis.set(key, value, 'PX', lifetimeMs, 'NX')) === 'OK') return true;
      // A connection that was cut after Redis did its work sends the command again, and finds its own value.
      return (await this.#redis.get(key)) === value;
    };
    const isWritten = await write().catch((error: unknown) => {
      throw asUnavailable(error);
    });
    if (!isWritten) throw new SessionEndedError();
    this.#known.wasWritten(data, content);
  }

  override async touch(sid: string, data: SessionData, callback: Callback = () => {}): Promise<void> {
    await super.touch(sid, data, (error: unknown) => callback(error ? asUnavailable(error) : null));
  }

  override async destroy(sid: string, callback: Callback = () => {}): Promise<void> {
    await super.destroy(sid, (error: unknown) => callback(error ? asUnavailable(error) : null));
  }

  override createSession(req: Parameters<session.Store['createSession']>[0], data: SessionData) {
    const loaded = super.createSession(req, data);
    this.#known.add(loaded);
    return loaded;
  }
}

/** The same on the embedded store. */
class EmbeddedSessions extends session.Store {
  readonly #store: Store;
  readonly #idleMsOf: IdleTime;
  readonly #known = new KnownSessions();

  constructor(store: Store, idleMsOf: IdleTime) {
    super();
    this.#store = store;
    this.#idleMsOf = idleMsOf;
  }

  override get(sid: string, callback: Callback<SessionData | null>): void {
    const load = async () => {
      const data = parseSession(await this.#store.get(SESSION_PREFIX + sid));
      if (data !== 'unreadable') return data;
      await this.#store.forget(SESSION_PREFIX + sid);
      return null;
    };
    answer(load(), callback);
  }

  override set(sid: string, data: SessionData, callback: Callback = () => {}): void {
    const content = contentOf(data);
    if (this.#known.isWritten(data, content)) {
      callback(null);
      return;
    }
    const save = async () => {
      const value = JSON.stringify(data);
      const isUpdate = this.#known.has(data);
      const written = await update(this.#store, SESSION_PREFIX + sid, this.#idleMsOf(data), (current) =>
        (current !== null) === isUpdate ? { write: value, result: true } : { keep: true, result: false },
      );
      if (!written) throw new SessionEndedError();
      this.#known.wasWritten(data, content);
    };
    answer(save(), callback);
  }

  override touch(sid: string, data: SessionData, callback: Callback = () => {}): void {
    answer(this.#store.prolong(SESSION_PREFIX + sid, this.#idleMsOf(data)), callback);
  }

  override destroy(sid: string, callback: Callback = () => {}): void {
    this.#store.forget(SESSION_PREFIX + sid).then(() => callback(null), callback);
  }

  override createSession(req: Parameters<session.Store['createSession']>[0], data: SessionData) {
    const loaded = super.createSession(req, data);
    this.#known.add(loaded);
    return loaded;
  }
}

/** The express-session store that belongs to each kind of store. */
export const sessionStores: SessionStores = {
  redis: (redis, idleMsOf) => new RedisSessions(redis, idleMsOf),
  embedded: (store, idleMsOf) => new EmbeddedSessions(store, idleMsOf),
};

/** Sessions whose last touch a process remembers; one that drops out is touched once more. */
const MAX_REMEMBERED = 10_000;

/**
 * Lets a process prolong a session once in a while instead of with every request: one write less for each page, which
 * counts when the store is slow.
 *
 * @param everyMs  far less than a session may be idle
 */
export function touchSeldom(store: session.Store, everyMs: number): session.Store {
  const touch = store.touch?.bind(store);
  if (touch === undefined) return store;
  const touched = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: everyMs });
  store.touch = (sid, data, callback) => {
    if (touched.has(sid)) return callback?.();
    touched.set(sid, true);
    touch(sid, data, (error?: unknown) => {
      if (error) touched.delete(sid);
      (callback as ((error?: unknown) => void) | undefined)?.(error);
    });
  };
  return store;
}

/** Calls back outside of the promise, so that what a callback throws is neither swallowed nor answered twice. */
function answer<T>(work: Promise<T>, callback: Callback<T>): void {
  work.then(
    (result) => setImmediate(callback, null, result),
    (error: unknown) => setImmediate(callback, error),
  );
}

/** No cookie lives longer, and values far beyond are no valid `Date`. */
const YEAR_MS = 366 * 24 * 3600_000;
const age = z.number().min(-YEAR_MS).max(YEAR_MS);

/** The fields of a cookie that express-session writes and reads: other types make it throw on every request. */
const StoredCookie = z.object({
  originalMaxAge: age.nullable(),
  maxAge: age.nullish(),
  expires: z.iso.datetime().nullish(),
  path: z
    .string()
    .regex(/^\/[\w/-]*$/)
    .nullish(),
  httpOnly: z.boolean().nullish(),
  secure: z.boolean().nullish(),
  sameSite: z.union([z.boolean(), z.enum(['lax', 'strict', 'none'])]).nullish(),
  partitioned: z.boolean().nullish(),
  priority: z.enum(['low', 'medium', 'high']).nullish(),
});
const StoredSession = z.looseObject({ cookie: StoredCookie });

/**
 * Each request gets a session of its own, which it may change. Of the cookie only the fields above: express-session copies
 * whatever there is, over its own methods and into the browser.
 */
function parseSession(text: string | null): SessionData | null | 'unreadable' {
  if (text === null) return null;
  try {
    const data = JSON.parse(text) as SessionData;
    const { cookie } = StoredSession.parse(data);
    return { ...data, cookie: cookie as unknown as SessionData['cookie'] };
  } catch {
    return 'unreadable';
  }
}

function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
