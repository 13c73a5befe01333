import { randomBytes } from 'node:crypto';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { connectRedis, createRedisStore } from '../../src/store/redis-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import type { Store } from '../../src/store/store.ts';
import { createClock } from './clock.ts';
import { newDataDir, type StoreKind } from './start-app.ts';

/** One of the two stores, and what a battery of tests may do to it that the app may not. */
export interface TestStore {
  store: Store;
  sessions: ReturnType<typeof sessionStores.redis>;
  /** As another process would have it: on the same data, with a connection of its own. Closed with this one. */
  another(options?: { clock?: () => number }): Store;
  /** Lets this much time pass for a key, without waiting. */
  pass(key: string, ms: number): Promise<void>;
  /** How long a key has still to live. */
  leftMs(key: string): Promise<number>;
  close(): Promise<void>;
}

export function openTestStore(kind: StoreKind): TestStore {
  return kind === 'redis' ? redisTestStore(process.env.TEST_REDIS_URL ?? '') : embeddedTestStore();
}

/** A key of its own for each test. */
export function aKey(name = 'key'): string {
  return `b24:test:${randomBytes(9).toString('hex')}:${name}`;
}

function embeddedTestStore(): TestStore {
  const clock = createClock();
  const dataDir = newDataDir();
  const store = openEmbeddedStore(dataDir, clock.now);
  const opened = [store];
  return {
    store,
    sessions: sessionStores.embedded(store),
    another(options = {}) {
      const another = openEmbeddedStore(dataDir, options.clock ?? clock.now);
      opened.push(another);
      return another;
    },
    async pass(_key, ms) {
      clock.advance(ms);
    },
    /** The store does not tell, so this asks an instance whose clock runs ahead where the value ends. */
    async leftMs(key) {
      let ahead = 0;
      const from = clock.now();
      const looking = openEmbeddedStore(dataDir, () => from + ahead);
      opened.push(looking);
      let [alive, ended] = [0, 1000 * 24 * 3600_000];
      while (ended - alive > 1) {
        ahead = Math.floor((alive + ended) / 2);
        if ((await looking.get(key)) === null) ended = ahead;
        else alive = ahead;
      }
      return ended;
    },
    async close() {
      for (const one of opened) await one.close();
    },
  };
}

function redisTestStore(url: string): TestStore {
  const redis = connectRedis(url, () => {});
  const store = createRedisStore(redis);
  const opened = [store];
  return {
    store,
    sessions: sessionStores.redis(redis),
    another() {
      const another = createRedisStore(connectRedis(url, () => {}));
      opened.push(another);
      return another;
    },
    async pass(key, ms) {
      await redis.pexpire(key, Math.max(0, (await redis.pttl(key)) - ms));
    },
    leftMs: (key) => redis.pttl(key),
    async close() {
      for (const one of opened) await one.close();
    },
  };
}
