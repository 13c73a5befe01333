import type session from 'express-session';
import { type Store, StoreUnavailableError } from '../store/store.ts';

/** Whom to tell how long the store takes. */
export interface StoreObserver {
  took(operation: string, ms: number): void;
  /** The store was away, or refused to write. */
  failed(operation: string): void;
}

/** The same store, watched. Walks over many keys take as long as there are keys, so they tell nothing. */
export function watchStore(store: Store, observer: StoreObserver): Store {
  async function watched<T>(operation: string, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work;
    } catch (error) {
      if (error instanceof StoreUnavailableError) observer.failed(operation);
      throw error;
    } finally {
      observer.took(operation, performance.now() - startedAt);
    }
  }

  return {
    get: (key) => watched('get', store.get(key)),
    set: (key, value, lifetimeMs) => watched('set', store.set(key, value, lifetimeMs)),
    replaceIfUnchanged: (key, expected, value, lifetimeMs) =>
      watched('replace_if_unchanged', store.replaceIfUnchanged(key, expected, value, lifetimeMs)),
    count: (key, windowMs) => watched('count', store.count(key, windowMs)),
    prolong: (key, lifetimeMs) => watched('prolong', store.prolong(key, lifetimeMs)),
    forget: (key) => watched('forget', store.forget(key)),
    quarantine: (key, value) => watched('quarantine', store.quarantine(key, value)),
    leftMs: (key) => watched('left_ms', store.leftMs(key)),
    now: () => watched('now', store.now()),
    ping: () => watched('ping', store.ping()),
    keys: (prefix) => store.keys(prefix),
    onReturn: (listener) => store.onReturn(listener),
    describe: () => store.describe(),
    close: () => store.close(),
  };
}

type Callback<T> = (error: unknown, result?: T) => void;

/**
 * Watches sessions, which every page reads, and which on Redis go a way of their own. Changes `sessions` itself:
 * express-session looks at more of a store than its methods.
 */
export function watchSessions(sessions: session.Store, observer: StoreObserver): session.Store {
  function watched<T>(operation: string, callback: Callback<T> | undefined): Callback<T> {
    const startedAt = performance.now();
    return (error, result) => {
      if (error instanceof StoreUnavailableError) observer.failed(operation);
      observer.took(operation, performance.now() - startedAt);
      callback?.(error, result);
    };
  }

  const get = sessions.get.bind(sessions);
  const set = sessions.set.bind(sessions);
  const destroy = sessions.destroy.bind(sessions);
  sessions.get = (id, callback) => get(id, watched('session_get', callback));
  sessions.set = (id, data, callback) => set(id, data, watched('session_set', callback));
  sessions.destroy = (id, callback) => destroy(id, watched('session_destroy', callback));
  return sessions;
}
