import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { parseRedisAddress } from '../../../src/store/redis/redis-address.ts';
import { connectRedis, type RedisClient } from '../../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import { StoreUnavailableError } from '../../../src/store/store.ts';
import { createCipher } from '../../../src/vault/cipher.ts';
import type { StoredTokens } from '../../../src/vault/stored-tokens.ts';
import { createTokenVault } from '../../../src/vault/token-vault.ts';
import { HOUR } from '../../support/clock.ts';
import { firstOf } from '../../support/order.ts';
import { freePort, newServerDir, type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilPrinted } from '../../support/server-process.ts';
import { newDataDir, startApp } from '../../support/start-app.ts';
import { anOwner, newTokens, tokensOf } from '../../support/token-builders.ts';

const toStop: { stop(): unknown }[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const each of toStop.splice(0).reverse()) await each.stop();
});

async function startRedis(options: Parameters<typeof startRedisServer>[0] = {}): Promise<RedisServer> {
  const redis = await startRedisServer(options);
  toStop.push(redis);
  return redis;
}

function connected(url: string): RedisClient {
  const redis = connectRedis(parseRedisAddress(url), () => {});
  toStop.push({ stop: () => redis.disconnect() });
  return redis;
}

/** The server as operators run it; nobody waits for it to be ready. */
async function startServer(env: Record<string, string>): Promise<{ server: ServerProcess; origin: string }> {
  const port = String(await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const server = spawnServer({
    PORT: port,
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: 'local.id',
    BITRIX24_CLIENT_SECRET: 'not asked for here',
    BITRIX24_PORTALS: 'http://localhost:1',
    ...env,
  });
  toStop.push({ stop: () => server.kill('SIGKILL') });
  return { server, origin };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}

function statusOf(address: string): Promise<number> {
  return fetch(address).then(
    ({ status }) => status,
    () => 0,
  );
}

describe('the server, when there is no Redis yet', () => {
  // How soon a store answers and is used again is shown in test/contract/redis-away.test.ts.
  it('starts, answers that it is not ready, and is ready once Redis is there', async () => {
    const port = await freePort();
    const { server, origin } = await startServer({ REDIS_URL: `redis://127.0.0.1:${port}` });
    await until(async () => (await statusOf(`${origin}/healthz`)) === 200);

    const before = await Promise.all(
      ['/healthz', '/readyz', '/login'].map((path) => statusOf(origin + path)),
    );
    await startRedis({ port });
    await until(async () => (await statusOf(`${origin}/readyz`)) === 200);

    expect(before).toEqual([200, 503, 503]);
    expect(server.process.exitCode).toBe(null);
    await untilPrinted(server, 'the store is back');
  });
});

describe('readiness', () => {
  it('while new tokens wait to be stored › is denied, and says why; afterwards it is there again', async () => {
    const redis = await startRedis();
    const app = await startApp({ redisUrl: redis.url });
    toStop.push(app);
    const agent = app.agent();
    const readiness = () => agent.request(`${app.origin}/readyz`);
    await app.signIn(agent);
    app.clock.advance(HOUR);
    const held = app.emulator.orderFault({ on: 'token', effect: { type: 'hold', when: 'after' } });
    const page = agent.request(`${app.origin}/companies`);
    await held.reached();
    // Reading goes on, and so does the write that readiness tries; what tokens are stored with does not.
    await redis.client.acl('SETUSER', 'default', '-eval');

    held.release();
    const served = await page;
    const meanwhile = await readiness();
    await redis.client.acl('SETUSER', 'default', '+eval');
    const isReady = until(async () => (await readiness()).status === 200);
    const first = await firstOf({ isReady, 'five seconds': 5_000 });

    expect(served.status).toBe(200);
    expect([meanwhile.status, JSON.parse(meanwhile.text)]).toEqual([
      503,
      { status: 'unavailable', tokens: 'unsaved' },
    ]);
    expect(first).toBe('isReady');
  });
});

describe('a Redis that throws away what it likes', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])('%s is reported when the server starts', async (policy) => {
    const redis = await startRedis({ settings: ['--maxmemory-policy', policy] });
    const { server } = await startServer({ REDIS_URL: redis.url });

    await until(() => server.output().includes('maxmemory-policy'));

    const line = server
      .output()
      .split('\n')
      .find((each) => each.includes('maxmemory-policy'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining(`maxmemory-policy is ${policy}`),
      remedy: expect.stringContaining('noeviction'),
    });
  });
});

describe('a Redis that reads its file', () => {
  it('while it answers LOADING › calls fail before it has read it, and afterwards everything is there', async () => {
    const port = await freePort();
    const dir = newServerDir();
    const first = await startRedisServer({ port, settings: ['--dir', dir] });
    const store = createRedisStore(connected(first.url));
    await store.set('b24:test:kept', 'kept', HOUR);
    await first.client.eval(
      `for n = 1, 3000 do redis.call('SET', 'b24:test:' .. n, string.rep('x', 100)) end`,
      0,
    );
    await first.stop();
    // A millisecond for each key.
    const slow = [
      '--dir',
      dir,
      '--key-load-delay',
      '1000',
      '--loading-process-events-interval-bytes',
      '1024',
    ];
    const starting = startRedis({ port, settings: slow });
    const answers = await watchLoading(port);

    const failing = Promise.allSettled([1, 2, 3].map(() => store.get('b24:test:kept')));
    const endedFirst = await firstOf({ failing, loaded: starting });
    const outcomes = await failing;
    await starting;
    await until(() =>
      store.get('b24:test:kept').then(
        (text) => text === 'kept',
        () => false,
      ),
    );

    expect([answers, endedFirst]).toEqual([expect.stringContaining('LOADING'), 'failing']);
    expect(outcomes).toEqual(
      Array(3).fill({ status: 'rejected', reason: expect.any(StoreUnavailableError) }),
    );
  });

  /** Asks until it answers that it is loading. */
  async function watchLoading(port: number): Promise<string> {
    const { Redis } = await import('ioredis');
    const redis = new Redis(port, '127.0.0.1', { enableReadyCheck: false, retryStrategy: () => 20 });
    redis.on('error', () => {});
    toStop.push({ stop: () => redis.disconnect() });
    let answer = '';
    await until(async () => {
      answer = await redis.get('b24:test:kept').then(String, ({ message }: Error) => message);
      return answer.startsWith('LOADING') || answer === 'kept';
    });
    return answer;
  }
});

describe('processes whose clocks differ by a day', () => {
  it.each([
    ['behind', -24 * HOUR],
    ['ahead', 24 * HOUR],
  ])(
    'one that is %s keeps off a refresh that another has begun: the store says what time it is',
    async (_, ms) => {
      const { url } = await startRedis();
      const cipher = createCipher([Buffer.alloc(32, 'key')]);
      const vault = createTokenVault({ store: createRedisStore(connected(url)), cipher });
      const owner = anOwner();
      await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');
      const grant = (await vault.load(owner)) as StoredTokens;
      await vault.claim(owner, grant, 'one', 10_000);
      const now = Date.now;
      jest.spyOn(Date, 'now').mockImplementation(() => now() + ms);

      const claim = await vault.claim(owner, grant, 'another', 10_000);
      const isStored = await vault.commit(owner, grant, 'one', tokensOf(2));

      expect(claim).toEqual({ outcome: 'busy', leftMs: expect.any(Number) });
      expect(claim.outcome === 'busy' ? claim.leftMs : 0).toBeLessThanOrEqual(10_000);
      expect(isStored).toBe(true);
    },
  );
});
