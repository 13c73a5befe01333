import { Cluster, type Redis } from 'ioredis';
import { KEY_PREFIX, QUARANTINE_MS, quarantineKey, type Store } from '../store.ts';
import { parseRedisMaster, type RedisMaster, type StoreReport } from '../store-report.ts';
import { asUnavailable, type RedisClient } from './redis-connection.ts';
import type { CommandObserver } from './redis-refusal.ts';

/** Each script names one key, so that it runs in a Cluster even while that key's slot is moved to another node. */
const REPLACE_IF_UNCHANGED = `
  if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  if ARGV[3] == 'keep' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
  return 1`;

/** A value that is no counter, or has no lifetime, is replaced: counting begins anew. No INCR, which a limited user may lack. */
const COUNT = `
  local value = redis.pcall('GET', KEYS[1])
  local count = type(value) == 'string' and tonumber(value) or 0
  local left = redis.call('PTTL', KEYS[1])
  if count < 1 or left < 0 then
    redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
    return {1, tonumber(ARGV[1])}
  end
  redis.call('SET', KEYS[1], string.format('%.0f', count + 1), 'KEEPTTL')
  return {count + 1, left}`;

const FORGET_IF_UNCHANGED = `
  if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`;

/** The key does not exist. Its slot chooses the node, so that in a Cluster all replicas use the clock of the same node. */
const CLOCK_KEY = `${KEY_PREFIX}clock`;
const NOW = `return redis.call('TIME')`;

/** The store on Redis: a single one, behind Sentinel, or a Cluster. */
export function createRedisStore(redis: RedisClient, observe: CommandObserver = () => {}): Store {
  /** @param name  of the command; those of scripts are told apart by what they do */
  async function run<T>(name: string, command: Promise<T>): Promise<T> {
    try {
      const answer = await command;
      observe(name, undefined);
      return answer;
    } catch (error) {
      observe(name, error);
      throw asUnavailable(error);
    }
  }

  async function get(key: string): Promise<string | null> {
    try {
      const value = await redis.get(key);
      observe('GET', undefined);
      return value;
    } catch (error) {
      if (!(error as Error).message.startsWith('WRONGTYPE')) return run('GET', Promise.reject(error));
      await moveAside(key);
      return null;
    }
  }

  /** A foreign type cannot be compared with a value, and never becomes readable: it is renamed without a check. */
  async function moveAside(key: string): Promise<void> {
    const target = quarantineKey(key);
    try {
      await redis.pexpire(key, QUARANTINE_MS);
      await redis.rename(key, target);
    } catch (error) {
      // Another process moved it first.
      if (!(error as Error).message.includes('no such key')) await run('RENAME', Promise.reject(error));
    }
  }

  async function now(): Promise<number> {
    // EVAL rather than EVALSHA: nothing to lose by SCRIPT FLUSH or a failover, and the scripts are short.
    const [seconds, microseconds] = (await run('EVAL of the clock', redis.eval(NOW, 1, CLOCK_KEY))) as [
      string,
      string,
    ];
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  async function ping(): Promise<void> {
    await run('SET', redis.set(`${KEY_PREFIX}ping`, '1', 'PX', 1000));
  }

  /** Asks for the clock first: before the Cluster has answered something, its masters are not known. */
  async function mastersAndClock(): Promise<{ masters: Redis[]; clock: number }> {
    const clock = await now();
    return { masters: redis instanceof Cluster ? redis.nodes('master') : [redis], clock };
  }

  return {
    get,
    now,
    ping,
    async set(key, value, lifetimeMs) {
      await run('SET', redis.set(key, value, 'PX', Math.ceil(lifetimeMs)));
    },
    async replaceIfUnchanged(key, expected, value, lifetimeMs) {
      const lifetime = lifetimeMs === 'keep' ? lifetimeMs : Math.ceil(lifetimeMs);
      if (expected !== null) {
        return (await run('EVAL', redis.eval(REPLACE_IF_UNCHANGED, 1, key, expected, value, lifetime))) === 1;
      }
      if (lifetime === 'keep') throw new RangeError('an absent key has no lifetime to keep');
      return (await run('SET', redis.set(key, value, 'PX', lifetime, 'NX'))) === 'OK';
    },
    async count(key, windowMs) {
      const [count, leftMs] = (await run('EVAL', redis.eval(COUNT, 1, key, Math.ceil(windowMs)))) as [
        number,
        number,
      ];
      return { count, leftMs };
    },
    async prolong(key, lifetimeMs) {
      await run('PEXPIRE', redis.pexpire(key, Math.ceil(lifetimeMs)));
    },
    async forget(key) {
      return (await run('DEL', redis.del(key))) === 1;
    },
    async quarantine(key, value) {
      if ((await get(key)) !== value) return;
      // Copied before it is removed, so that nothing is lost if a command in between fails.
      await run('SET', redis.set(quarantineKey(key), value, 'PX', QUARANTINE_MS));
      await run('EVAL', redis.eval(FORGET_IF_UNCHANGED, 1, key, value));
    },
    async leftMs(key) {
      const left = await run('PTTL', redis.pttl(key));
      if (left === -1) return Number.POSITIVE_INFINITY;
      return left < 0 ? null : left;
    },
    async *keys(prefix) {
      const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
      const { masters } = await mastersAndClock();
      for (const master of masters) {
        let cursor = '0';
        do {
          const [next, found] = await run('SCAN', master.scan(cursor, 'MATCH', pattern, 'COUNT', 500));
          yield* found;
          cursor = next;
        } while (cursor !== '0');
      }
    },
    async describe() {
      const startedAt = Date.now();
      const { masters, clock } = await mastersAndClock();
      const clockDifferenceMs = clock - Math.round((startedAt + Date.now()) / 2);
      return {
        kind: kindOf(redis),
        isWritable: await ping().then(
          () => true,
          () => false,
        ),
        clockDifferenceMs,
        masters: await Promise.all(masters.map(describeMaster)),
      };
    },
    onReturn(listener) {
      let wasLost = false;
      redis.on('close', () => {
        wasLost = true;
      });
      redis.on('ready', () => {
        // A replica takes no writes, so the store is not back yet.
        if (!wasLost || (!(redis instanceof Cluster) && redis.isReplica)) return;
        wasLost = false;
        listener();
      });
      // A Cluster is only lost when all its nodes are; when another node takes over for one, it may lack the last writes.
      redis.once('ready', () => redis.on('+node', listener).on('-node', listener));
    },
    async close() {
      redis.disconnect();
    },
  };
}

function kindOf(redis: RedisClient): StoreReport['kind'] {
  if (redis instanceof Cluster) return 'cluster';
  return redis.options.sentinels ? 'sentinel' : 'single';
}

async function describeMaster(redis: Redis): Promise<RedisMaster> {
  const info = await redis.info().catch(() => '');
  const asked = await redis.config('GET', 'save', 'min-replicas-to-write').catch(() => []);
  const pairs = (asked as string[]).flatMap((name, index, all) =>
    index % 2 === 0 ? [[name, all[index + 1]]] : [],
  );
  const { remoteAddress, remotePort } = redis.stream ?? {};
  return parseRedisMaster(`${remoteAddress}:${remotePort}`, info, Object.fromEntries(pairs));
}
