import type session from 'express-session';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import type { Readiness } from '../web/health.ts';
import { PREFIX, seconds } from './names.ts';

/** Is told how long the store takes. */
export interface StoreObserver {
  took(operation: string, ms: number): void;
  /** The store was away, or refused to write. */
  failed(operation: string): void;
}

/** From a Redis on the same network to the second after which a store counts as away. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1];

export interface StoreMetrics {
  observer: StoreObserver;
  /** Sets the gauges. */
  update(readiness: Readiness): void;
}

/** How long the store takes, and whether the process can serve with it. */
export function measureStore(registry: Registry): StoreMetrics {
  const registers = [registry];
  const took = new Histogram({
    name: `${PREFIX}store_operation_duration_seconds`,
    help: 'Operations of the store, those that failed included.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers,
  });
  const failures = new Counter({
    name: `${PREFIX}store_failures_total`,
    help: 'Operations that failed because the store was away or refused to write.',
    labelNames: ['operation'],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name: PREFIX + name, help, registers });
  const isReachable = gauge('store_reachable', '1 when the store took a write just now, else 0.');
  const areUnsaved = gauge(
    'tokens_unsaved',
    '1 while new tokens are held in memory that the store has not taken yet.',
  );
  const isReady = gauge('ready', '1 when /readyz would answer 200, else 0.');
  return {
    observer: {
      took: (operation, ms) => took.observe({ operation }, seconds(ms)),
      failed: (operation) => failures.inc({ operation }),
    },
    update({ isStopping, isStoreWritable, areTokensSaved }) {
      isReachable.set(Number(isStoreWritable));
      areUnsaved.set(Number(!areTokensSaved));
      isReady.set(Number(!isStopping && isStoreWritable && areTokensSaved));
    },
  };
}

/** The same store, watched. `keys` is not: it takes as long as there are keys. */
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
 * Watches the session store, which every page reads, and which on Redis does not go through `Store`. Changes `sessions`
 * itself: express-session uses more of a store than these methods.
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
