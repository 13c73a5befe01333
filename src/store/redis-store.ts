import { Redis, type RedisOptions } from 'ioredis';
import { QUARANTINE_MS, quarantineKey, type Store, StoreUnavailableError } from './store.ts';

/** Compares and writes in one step; one key, so that it works in a Cluster. */
const REPLACE_IF_UNCHANGED = `
  if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  if ARGV[3] == 'keep' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
  return 1`;

/** Moves a value aside if it is still the one that was looked at; both keys share their hash tag, and so their slot. */
const QUARANTINE = `
  if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  redis.call('RENAME', KEYS[1], KEYS[2])
  return redis.call('PEXPIRE', KEYS[2], ARGV[2])`;

/**
 * The settings that keep answers under a second whether Redis refuses, is silent or frozen (measured, L2), while the
 * connection itself is tried again for ever.
 */
const CONNECTION = {
  commandTimeout: 500,
  connectTimeout: 1000,
  // A connection that went silent without a word is given up for a new one.
  socketTimeout: 1000,
  maxRetriesPerRequest: 1,
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 1000),
  // A master that became a replica after a failover answers READONLY: connect anew, and send the command again.
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
} satisfies RedisOptions;

/** Opens the connection; it need not succeed for the process to start. */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, CONNECTION);
  redis.on('error', onError);
  return redis;
}

/** The store on a single Redis. */
export function createRedisStore(redis: Redis): Store {
  /** An error of ioredis carries `command.args`, that is our values (L7): nothing of it but its first word goes on. */
  async function run<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      throw new StoreUnavailableError((error as Error).message.split(' ', 1)[0] ?? 'unknown');
    }
  }

  async function get(key: string): Promise<string | null> {
    try {
      return await redis.get(key);
    } catch (error) {
      if (!(error as Error).message.startsWith('WRONGTYPE')) return run(Promise.reject(error));
      await moveAside(key);
      return null;
    }
  }

  /** A foreign type cannot be compared with anything, and never becomes right: it goes as it is. */
  async function moveAside(key: string): Promise<void> {
    const target = quarantineKey(key);
    try {
      await redis.pexpire(key, QUARANTINE_MS);
      await redis.rename(key, target);
    } catch (error) {
      // Somebody else moved it first.
      if (!(error as Error).message.includes('no such key')) await run(Promise.reject(error));
    }
  }

  return {
    get,
    async quarantine(key, value) {
      await run(redis.eval(QUARANTINE, 2, key, quarantineKey(key), value, QUARANTINE_MS));
    },
    async set(key, value, lifetimeMs) {
      await run(redis.set(key, value, 'PX', Math.ceil(lifetimeMs)));
    },
    async replaceIfUnchanged(key, expected, value, lifetimeMs) {
      const lifetime = lifetimeMs === 'keep' ? 'keep' : Math.ceil(lifetimeMs);
      if (expected === null) return (await run(redis.set(key, value, 'PX', Number(lifetime), 'NX'))) === 'OK';
      // EVAL rather than EVALSHA: nothing to lose by SCRIPT FLUSH or a failover, and the script is short.
      const written = await run(redis.eval(REPLACE_IF_UNCHANGED, 1, key, expected, value, lifetime));
      return written === 1;
    },
    async prolong(key, lifetimeMs) {
      await run(redis.pexpire(key, Math.ceil(lifetimeMs)));
    },
    async forget(key) {
      return (await run(redis.del(key))) === 1;
    },
    async now() {
      const [seconds, microseconds] = await run(redis.time());
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    },
    async ping() {
      await run(redis.set('b24:ping', '1', 'PX', 1000));
    },
    onReturn(listener) {
      let wasLost = false;
      redis.on('close', () => {
        wasLost = true;
      });
      redis.on('ready', () => {
        if (wasLost) listener();
        wasLost = false;
      });
    },
    async close() {
      redis.disconnect();
    },
  };
}
