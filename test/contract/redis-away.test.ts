import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { SessionData } from 'express-session';
import { createPendingAuthorizations } from '../../src/auth/pending-authorizations.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import { type Store, StoreUnavailableError, update } from '../../src/store/store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import type { StoredTokens } from '../../src/vault/stored-tokens.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { HOUR } from '../support/clock.ts';
import { firstOf } from '../support/order.ts';
import { freePort, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { letTimersRun, pass, stopTimers } from '../support/stopped-timers.ts';
import { aKey } from '../support/stores.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { anOwner, newTokens, tokensOf } from '../support/token-builders.ts';

/** Whatever we pass in, none of it may turn up in an error (measured, L7). */
const KEY = 'b24:test:CANARY-key';
const VALUE = 'CANARY-value';
const SID = 'CANARY-sid';

let server: RedisServer | undefined;
let proxy: TcpProxy | undefined;
let toDisconnect: RedisClient[];
beforeEach(() => {
  toDisconnect = [];
});
afterEach(async () => {
  for (const redis of toDisconnect) redis.disconnect();
  await proxy?.stop();
  proxy = undefined;
  await killServer();
});

function connected(url: string): RedisClient {
  const redis = connectRedis(parseRedisAddress(url), () => {});
  toDisconnect.push(redis);
  return redis;
}

async function startServer(options: Parameters<typeof startRedisServer>[0] = {}): Promise<RedisServer> {
  server = await startRedisServer(options);
  return server;
}

async function killServer(): Promise<void> {
  const running = server;
  server = undefined;
  await running?.stop();
}

function aSession(): SessionData {
  return {
    cookie: { originalMaxAge: HOUR, maxAge: HOUR, expires: new Date(Date.now() + HOUR), path: '/' },
    binding: VALUE,
  };
}

type Calls = [name: string, call: () => Promise<unknown>][];

function storeCalls(store: Store): Calls {
  return [
    ['get', () => store.get(KEY)],
    ['set', () => store.set(KEY, VALUE, HOUR)],
    ['replaceIfUnchanged, absent', () => store.replaceIfUnchanged(KEY, null, VALUE, HOUR)],
    ['replaceIfUnchanged, present', () => store.replaceIfUnchanged(KEY, VALUE, VALUE, HOUR)],
    ['update', () => update(store, KEY, HOUR, () => ({ write: VALUE, result: VALUE }))],
    ['prolong', () => store.prolong(KEY, HOUR)],
    ['forget', () => store.forget(KEY)],
    ['quarantine', () => store.quarantine(KEY, VALUE)],
    ['now', () => store.now()],
    ['ping', () => store.ping()],
  ];
}

function sessionCalls(redis: RedisClient): Calls {
  const sessions = sessionStores.redis(redis, () => HOUR);
  const known = sessions.createSession({} as Request, aSession());
  return [
    ['session get', () => promised((done) => sessions.get(SID, done))],
    ['session create', () => promised((done) => sessions.set(SID, aSession(), done))],
    ['session update', () => promised((done) => sessions.set(SID, known, done))],
    ['session touch', () => promised((done) => sessions.touch?.(SID, aSession(), done as () => void))],
    ['session destroy', () => promised((done) => sessions.destroy(SID, done))],
  ];
}

interface Outcome {
  name: string;
  error: unknown;
}

async function runAll(calls: Calls): Promise<Outcome[]> {
  return Promise.all(
    calls.map(async ([name, call]) => {
      const error = await call().then(
        () => undefined,
        (reason) => reason,
      );
      return { name, error };
    }),
  );
}

/** As `runAll`, with a second in which all must fail: afterwards the timers that would end a call stand still. */
async function runForASecond(calls: Calls): Promise<Outcome[]> {
  stopTimers('setTimeout');
  const outcomes = runAll(calls);
  await pass(1_000);
  return outcomes.finally(letTimersRun);
}

function expectAllAway(outcomes: Outcome[]): void {
  const namesOf = (chosen: Outcome[]) => chosen.map(({ name }) => name);
  const leaks = ({ error }: Outcome) =>
    [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error)]
      .join()
      .includes('CANARY');

  expect(namesOf(outcomes.filter(({ error }) => !(error instanceof StoreUnavailableError)))).toEqual([]);
  expect(namesOf(outcomes.filter(leaks))).toEqual([]);
  expect(outcomes[0]?.error).toMatchObject({
    code: 'store_unavailable',
    status: 503,
    retryAfterSeconds: 2,
  });
}

/** Until a write succeeds. */
async function untilBack(store: Store): Promise<void> {
  const isBack = () =>
    store.set(KEY, VALUE, HOUR).then(
      () => true,
      () => false,
    );
  while (!(await isBack())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a Redis that refuses connections', () => {
  it('when it was never there › every call fails within a second, and tells nothing', async () => {
    const redis = connected(`redis://127.0.0.1:${await freePort()}`);

    const outcomes = await runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    expectAllAway(outcomes);
  });

  it('when it comes up later › is used within 2 s', async () => {
    const port = await freePort();
    const store = createRedisStore(connected(`redis://127.0.0.1:${port}`));
    await Promise.allSettled([store.ping()]);

    await startServer({ port });

    expect(await firstOf({ back: untilBack(store), 'two seconds': 2_000 })).toBe('back');
  });
});

describe('a Redis that was killed', () => {
  it('when it is gone › every call fails within a second, and tells nothing', async () => {
    const { url } = await startServer();
    const redis = connected(url);
    await redis.ping();
    await killServer();

    const outcomes = await runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    expectAllAway(outcomes);
  });

  it('when calls were under way › they fail within a second, and tell nothing', async () => {
    const { url, pid } = await startServer();
    const redis = connected(url);
    await redis.ping();
    process.kill(pid, 'SIGSTOP');
    const underWay = runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    process.kill(pid, 'SIGKILL');
    server?.client.disconnect();
    server = undefined;

    expectAllAway(await underWay);
  });

  it('when it is back on its port › is used within 2 s', async () => {
    const { url } = await startServer();
    const store = createRedisStore(connected(url));
    await store.ping();
    await killServer();
    await Promise.allSettled([store.ping()]);

    await startServer({ port: Number(new URL(url).port) });

    expect(await firstOf({ back: untilBack(store), 'two seconds': 2_000 })).toBe('back');
  });
});

describe('a Redis that is frozen', () => {
  it('when it says nothing any more › every call fails within a second, and tells nothing', async () => {
    const { url, pid } = await startServer();
    const redis = connected(url);
    await redis.ping();
    process.kill(pid, 'SIGSTOP');

    const outcomes = await runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    expectAllAway(outcomes);
  });

  it('when it is thawed › is used within 2 s', async () => {
    const { url, pid } = await startServer();
    const store = createRedisStore(connected(url));
    await store.ping();
    process.kill(pid, 'SIGSTOP');
    await Promise.allSettled([store.ping()]);

    process.kill(pid, 'SIGCONT');

    expect(await firstOf({ back: untilBack(store), 'two seconds': 2_000 })).toBe('back');
  });

  it('when it accepted us and never said a word › every call fails within a second', async () => {
    const { url, pid } = await startServer();
    process.kill(pid, 'SIGSTOP');
    const redis = connected(url);

    const outcomes = await runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    expectAllAway(outcomes);
  });
});

describe('a Redis that is out of memory', () => {
  async function startFullServer(): Promise<RedisServer> {
    const full = await startServer();
    await full.client.set('b24:test:filler', Buffer.alloc(3 * 1024 * 1024));
    await full.client.config('SET', 'maxmemory', '1mb');
    return full;
  }

  const WRITES = ['set', 'replaceIfUnchanged, absent', 'update', 'ping', 'session create'];

  it('when it takes no writes › every write fails within a second, and tells nothing', async () => {
    const { url } = await startFullServer();
    const redis = connected(url);
    const calls = [...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)];

    const outcomes = await runForASecond(calls.filter(([name]) => WRITES.includes(name)));

    expect(outcomes).toHaveLength(WRITES.length);
    expectAllAway(outcomes);
  });

  it('when it takes no writes › what is there can be replaced no more, but read and forgotten', async () => {
    const { url, client } = await startServer();
    const store = createRedisStore(connected(url));
    await store.set(KEY, VALUE, HOUR);
    await client.config('SET', 'maxmemory', '1mb');

    const [replacing] = await runAll([
      ['replaceIfUnchanged, present', () => store.replaceIfUnchanged(KEY, VALUE, 'new', HOUR)],
    ]);

    expectAllAway([replacing as Outcome]);
    expect(await store.get(KEY)).toBe(VALUE);
    expect(await store.forget(KEY)).toBe(true);
  });

  it('when there is memory again › is used at once', async () => {
    const { url, client } = await startFullServer();
    const store = createRedisStore(connected(url));
    await Promise.allSettled([store.ping()]);

    await client.config('SET', 'maxmemory', '0');

    expect(await firstOf({ back: untilBack(store), 'half a second': 500 })).toBe('back');
  });
});

describe('a Redis that has become a replica', () => {
  it('when it refuses to write › says so without telling anything', async () => {
    const { url, client } = await startServer();
    const store = createRedisStore(connected(url));
    await store.ping();
    await client.replicaof('127.0.0.1', String(await freePort()));

    const outcomes = await runAll(
      storeCalls(store).filter(([name]) => ['set', 'replaceIfUnchanged, absent', 'ping'].includes(name)),
    );

    expectAllAway(outcomes);
  });

  it('when many try to write › reading goes on, and nobody is told that it is back', async () => {
    const { url, client } = await startServer();
    const store = createRedisStore(connected(url));
    await store.set(KEY, VALUE, HOUR);
    let returns = 0;
    store.onReturn(() => {
      returns += 1;
    });
    await client.replicaof('127.0.0.1', String(await freePort()));

    const before = await connectionsTo(client);
    const reads: Outcome[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      const [read] = await runAll([['get', () => store.get(KEY)], ...storeCalls(store).slice(1, 3)]);
      reads.push(read as Outcome);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    expect(reads.filter(({ error }) => error !== undefined)).toEqual([]);
    // A new connection, for which readers have to wait, is tried now and then, and not for each of 120 writes.
    expect((await connectionsTo(client)) - before).toBeLessThan(30);
    expect(returns).toBe(0);
  });

  it('when it is the master again › is used at once', async () => {
    const { url, client } = await startServer();
    const store = createRedisStore(connected(url));
    await client.replicaof('127.0.0.1', String(await freePort()));
    await Promise.allSettled([store.ping()]);

    await client.replicaof('NO', 'ONE');

    expect(await firstOf({ back: untilBack(store), 'a second': 1_000 })).toBe('back');
  });
});

describe('a connection that went dead', () => {
  it('when nothing comes through it and nobody says so › every call fails within a second', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const redis = connected(`redis://127.0.0.1:${proxy.port}`);
    await redis.ping();
    proxy.blackHole();

    const outcomes = await runForASecond([...storeCalls(createRedisStore(redis)), ...sessionCalls(redis)]);

    expectAllAway(outcomes);
  });

  it('when a new one would work › is given up for it within 2 s', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const store = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    await store.ping();

    proxy.blackHole();

    expect(await firstOf({ back: untilBack(store), 'two seconds': 2_000 })).toBe('back');
  });
});

describe('a connection that is cut after Redis did its work', () => {
  it('when a commit of new tokens was done › it is done once, and known to be', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const cutStore = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    const cipher = createCipher([Buffer.alloc(32, 'key')]);
    const vault = createTokenVault({ store: cutStore, cipher });
    const owner = anOwner();
    await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');
    const grant = (await vault.load(owner)) as StoredTokens;
    proxy.cutInsteadOfAnswer(':1\r\n');

    const isStored = await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(proxy.cuts()).toBe(1);
    expect(isStored).toBe(true);
    expect(await vault.load(owner)).toMatchObject({ generation: 2, accessToken: 'access 2', state: 'ok' });
  });

  it('when a claim was done › it is ours, and known to be', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const cutStore = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    const vault = createTokenVault({ store: cutStore, cipher: createCipher([Buffer.alloc(32, 'key')]) });
    const owner = anOwner();
    await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');
    const grant = (await vault.load(owner)) as StoredTokens;
    proxy.cutInsteadOfAnswer(':1\r\n');

    const claim = await vault.claim(owner, grant, 'one', 10_000);

    expect(proxy.cuts()).toBe(1);
    expect(claim).toMatchObject({ outcome: 'claimed', stragglerMs: 0, tries: 1 });
  });

  it('when a pending authorization was taken › the person goes on with it', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const store = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    const pendingAuthorizations = createPendingAuthorizations({ store, clientId: 'app' });
    const pending = { portal: 'https://acme.bitrix24.com', returnTo: '/companies', attempt: 1 };
    const state = await pendingAuthorizations.start('binding', pending);
    proxy.cutInsteadOfAnswer(':1\r\n');

    const taken = await pendingAuthorizations.take('binding', state);

    expect(proxy.cuts()).toBe(1);
    expect(taken).toMatchObject(pending);
    await expect(pendingAuthorizations.take('binding', state)).rejects.toThrow('state');
  });

  it('when a pending authorization was stored › it is there once', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const store = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    const pendingAuthorizations = createPendingAuthorizations({ store, clientId: 'app' });
    const pending = { portal: 'https://acme.bitrix24.com', returnTo: '/companies', attempt: 1 };
    await store.ping();
    proxy.cutInsteadOfAnswer('+OK');

    const state = await pendingAuthorizations.start('binding', pending);

    expect(proxy.cuts()).toBe(1);
    expect(await pendingAuthorizations.take('binding', state)).toMatchObject(pending);
  });

  it('when a value was set › it is there', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const store = createRedisStore(connected(`redis://127.0.0.1:${proxy.port}`));
    const key = aKey();
    await store.ping();
    proxy.cutInsteadOfAnswer('+OK');

    await store.set(key, 'value', HOUR);

    expect(proxy.cuts()).toBe(1);
    expect(await store.get(key)).toBe('value');
  });

  it('when a session was created › it is known to be', async () => {
    const { url } = await startServer();
    proxy = await startTcpProxy(Number(new URL(url).port));
    const redis = connected(`redis://127.0.0.1:${proxy.port}`);
    const sessions = sessionStores.redis(redis, () => HOUR);
    await redis.ping();
    proxy.cutInsteadOfAnswer('+OK');

    await promised((done) => sessions.set(SID, aSession(), done));

    expect(proxy.cuts()).toBe(1);
    expect(await promised((done) => sessions.get(SID, done))).toMatchObject({ binding: VALUE });
  });
});

/** How many connections a Redis has accepted. */
async function connectionsTo(client: RedisServer['client']): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await client.info('stats'))?.[1]);
}

function promised(work: (done: (error: unknown, result?: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    work((error, result) => (error ? reject(error) : resolve(result)));
  });
}
