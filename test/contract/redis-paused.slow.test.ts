import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { HOUR } from '../support/clock.ts';
import { firstOf } from '../support/order.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedisSentinels } from '../support/redis-sentinel.ts';
import { aKey } from '../support/stores.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

/** Longer than a command, a connection and a silence may last. */
const PAUSE_MS = 1500;

/** What a stopped process, a long garbage collection or a lack of processors are to the event loop. */
function blockTheEventLoop(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

const toStop: { stop(): Promise<void> }[] = [];
const opened: RedisClient[] = [];
afterEach(() => {
  for (const redis of opened.splice(0)) redis.disconnect();
});
afterAll(() => Promise.all(toStop.map((each) => each.stop())));

async function started<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const each = await starting;
  toStop.push(each);
  return each;
}

const URLS: [string, () => Promise<string>][] = [
  ['a single Redis', async () => process.env.TEST_REDIS_URL ?? ''],
  ['the master that sentinels name', async () => (await started(startRedisSentinels())).url],
  ['a Cluster', async () => (await started(startRedisCluster())).url],
];

function connected(url: string) {
  const redis = connectRedis(parseRedisAddress(url), () => {});
  opened.push(redis);
  return redis;
}

describe.each(URLS)('commands under way to %s', (_, startRedis) => {
  it('when this process is stopped for longer than they may last › are answered all the same', async () => {
    const redis = connected(await startRedis());
    const [store, key] = [createRedisStore(redis), aKey()];
    await store.set(key, 'value', HOUR);
    let losses = 0;
    for (const event of ['close', '-node', 'reconnecting']) redis.on(event, () => (losses += 1));

    const underWay = Promise.allSettled([
      store.get(key),
      store.replaceIfUnchanged(key, 'value', 'newer', HOUR),
      store.now(),
    ]);
    blockTheEventLoop();

    const answers = await underWay;
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(await store.get(key)).toBe('newer');
    expect(losses).toBe(0);
  });
});

describe('a command that Redis does not answer', () => {
  it('when this process is stopped › fails within a second of its going on', async () => {
    const { port } = new URL(process.env.TEST_REDIS_URL ?? '');
    const proxy = await started(startTcpProxy(Number(port)));
    const redis = connected(`redis://127.0.0.1:${proxy.port}`);
    await redis.ping();
    proxy.blackHole();

    const answer = redis.ping();
    blockTheEventLoop();

    const failed = expect(answer).rejects.toThrow('timed out');
    expect(await firstOf({ failed, 'a second': 1_000 })).toBe('failed');
  });
});
