import { randomBytes } from 'node:crypto';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import type { Store } from '../../src/store/store.ts';
import { createClock, HOUR } from './clock.ts';
import { type RedisCluster, startRedisCluster } from './redis-cluster.ts';
import { newDataDir, STORE_KINDS } from './start-app.ts';

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

/** Every store that the batteries run on. */
export const BATTERY_KINDS = [...STORE_KINDS, 'cluster'] as const;

export type BatteryKind = (typeof BATTERY_KINDS)[number];

/** A cluster is started on first use, one for each test file; see `stopTestCluster`. */
let cluster: Promise<RedisCluster> | undefined;

export async function openTestStore(kind: BatteryKind): Promise<TestStore> {
  if (kind === 'embedded') return embeddedTestStore();
  if (kind === 'redis') return redisTestStore(process.env.TEST_REDIS_URL ?? '');
  cluster ??= startRedisCluster();
  return redisTestStore((await cluster).url);
}

export async function stopTestCluster(): Promise<void> {
  await (await cluster)?.stop();
  cluster = undefined;
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
    sessions: sessionStores.embedded(store, () => HOUR),
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
  const address = parseRedisAddress(url);
  const redis = connectRedis(address, () => {});
  const store = createRedisStore(redis);
  const opened = [store];
  return {
    store,
    sessions: sessionStores.redis(redis, () => HOUR),
    another() {
      const another = createRedisStore(connectRedis(address, () => {}));
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
