import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, SECRET_MARK, startEmulator } from '../../emulator/index.ts';
import { cookieOf, createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { freePort } from '../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilPrinted, untilReady } from '../support/server-process.ts';
import { newDataDir, STORE_KINDS } from '../support/start-app.ts';

const CLIENT_SECRET = `client${SECRET_MARK}secret`;

let emulator: Emulator;
let running: ServerProcess | undefined;
beforeAll(async () => {
  emulator = await startEmulator({ portals: [aPortal()] });
});
afterAll(() => emulator.stop());
afterEach(async () => {
  await running?.kill('SIGKILL');
});

describe.each(STORE_KINDS)('the server as a process, on the %s store', (store) => {
  it('killed with kill -9 and started again, still knows its people', async () => {
    const { origin, env } = await settings(store);
    const agent = createAgent();
    await start(env, origin);
    await signIn(agent, origin);

    await running?.kill('SIGKILL');
    await start(env, origin);
    const page = await agent.request(`${origin}/companies`);

    expect(page.status).toBe(200);
    expect(page.text).toContain('Ada Admin');
  });

  it('keeps secrets, codes and tokens out of everything it prints', async () => {
    const { origin, env } = await settings(store);
    await start({ ...env, LOG_LEVEL: 'trace' }, origin);

    await signIn(createAgent(), origin);

    if (running) await untilPrinted(running, '"msg":"signed in"');
    expect(running?.output()).not.toContain(SECRET_MARK);
  });
});

/** For NODE_OPTIONS: all that tells the time in that process is wrong by so many milliseconds. */
function wrongClock(byMs: number): string {
  const shift = `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { given.length ? super(...given) : super(Real.now() + ${byMs}); }
      static now() { return Real.now() + ${byMs}; }
    };`;
  return `--import data:text/javascript,${encodeURIComponent(shift)}`;
}

describe('two replicas whose clocks are hours off, one ahead and one behind', () => {
  it('let people in through either, and renew as ever', async () => {
    const { origin, env } = await settings('redis');
    const port = await freePort();
    const behind = spawnServer({ ...env, PORT: String(port), NODE_OPTIONS: wrongClock(-5 * HOUR) });
    emulator.set({ accessTokenLifetimeSeconds: 1 });
    await start({ ...env, NODE_OPTIONS: wrongClock(5 * HOUR) }, origin);
    await untilReady(`http://127.0.0.1:${port}`, behind);
    const [ahead, other] = [origin, `http://127.0.0.1:${port}`];

    const statuses: number[] = [];
    for (const [from, to] of [
      [ahead, other],
      [other, ahead],
    ] as const) {
      const agent = createAgent();
      // From now on the portal knows who this is.
      await signIn(agent, origin);
      const leaving = await agent.request(`${from}/login`);
      const back = await agent.request(leaving.location ?? '');
      const callback = await agent.request((back.location ?? '').replace(origin, to));
      statuses.push(callback.status);
      for (let page = 0; page < 6; page += 1) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        statuses.push((await agent.request(`${page % 2 ? from : to}/companies`)).status);
      }
    }
    await behind.kill('SIGKILL');
    emulator.set({ accessTokenLifetimeSeconds: 3600 });

    expect(statuses).toEqual([303, 200, 200, 200, 200, 200, 200, 303, 200, 200, 200, 200, 200, 200]);
    expect(emulator.requests.filter(({ error }) => error === 'invalid_grant')).toEqual([]);
  }, 60_000);
});

describe('a server without file descriptors to spare', () => {
  it('survives more clients than it can have, and serves again when they are gone', async () => {
    const { origin, env } = await settings('embedded');
    running = spawnServer(env, { descriptors: 128 });
    await untilReady(origin, running);
    const sockets = Array.from({ length: 400 }, () => connect(Number(new URL(origin).port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));

    for (const socket of sockets) socket.destroy();
    await untilReady(origin, running);
    const agent = createAgent();
    await signIn(agent, origin);

    expect((await agent.request(`${origin}/companies`)).status).toBe(200);
    expect(running.process.exitCode).toBe(null);
  });
});

describe('SIGTERM', () => {
  it('when idle ends the process with 0, and does not wait for a connection that a browser keeps', async () => {
    const { origin, env } = await settings('embedded');
    await start(env, origin);
    const browser = new Agent({ keepAlive: true });
    await ask(`${origin}/healthz`, browser);
    const [connection] = Object.values(browser.freeSockets).flat();
    const closed = once(connection as Socket, 'end');

    const code = await running?.kill('SIGTERM');

    // The browser never closes it. How long it takes, two seconds at most, `.ci/docker` measures.
    expect(code).toBe(0);
    await closed;
    browser.destroy();
  });

  it('that comes while it is still starting is heard', async () => {
    const { env } = await settings('embedded');
    const tell = "process.on('newListener', (name) => name === 'SIGTERM' && console.log('hears it'))";
    const starting = spawnServer({ ...env, NODE_OPTIONS: `--import "data:text/javascript,${tell}"` });
    running = starting;
    while (!starting.output().includes('hears it')) await new Promise((resolve) => setTimeout(resolve, 2));
    const hadStarted = starting.output().includes('listening');

    const code = await running.kill('SIGTERM');

    expect([hadStarted, code]).toEqual([false, 0]);
    expect(running.output()).toContain('"msg":"stopped"');
  });

  it('while somebody is on the way in, waits for the exchange of the code and lets them in', async () => {
    const { origin, env } = await settings('embedded');
    const agent = createAgent();
    await start(env, origin);
    const held = emulator.orderFault({ on: 'token', effect: { type: 'hold', when: 'after' } });
    const signingIn = signIn(agent, origin);
    await untilServed(held);

    const ended = running?.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    held.release();
    await signingIn.catch(() => undefined);

    expect(await ended).toBe(0);
    await start(env, origin);
    expect((await agent.request(`${origin}/companies`)).status).toBe(200);
  });

  it('while a renewal is in flight waits for it and stores what it brings', async () => {
    const { origin, env } = await settings('embedded');
    const agent = createAgent();
    emulator.set({ accessTokenLifetimeSeconds: 1 });
    await start(env, origin);
    await signIn(agent, origin);
    const held = emulator.orderFault({
      on: 'token',
      grantType: 'refresh_token',
      effect: { type: 'hold', when: 'after' },
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const leaving = agent.request(`${origin}/companies`).catch(() => undefined);
    await untilServed(held);

    const ended = running?.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 300));
    held.release();
    await leaving;

    expect(await ended).toBe(0);
    emulator.set({ accessTokenLifetimeSeconds: 3600 });
    await start(env, origin);
    expect((await agent.request(`${origin}/companies`)).status).toBe(200);
    expect(emulator.requests.filter(({ error }) => error === 'invalid_grant')).toEqual([]);
  });
});

describe('SIGTERM behind a proxy that keeps its connections', () => {
  it('leaves the request that was on its way over one of them its answer, renewal included', async () => {
    const { origin, env } = await settings('embedded');
    const agent = createAgent();
    const proxy = new Agent({ keepAlive: true, maxSockets: 1 });
    emulator.set({ accessTokenLifetimeSeconds: 1 });
    await start(env, origin);
    await signIn(agent, origin);
    emulator.set({ accessTokenLifetimeSeconds: 3600 });
    const headers = {
      accept: 'application/json',
      cookie: `session=${cookieOf(agent, 'session')}`,
    };
    await ask(`${origin}/healthz`, proxy);
    await new Promise((resolve) => setTimeout(resolve, 1000));

    const ended = running?.kill('SIGTERM');
    await untilRefused(origin);
    const answer = await ask(`${origin}/companies`, proxy, headers);

    expect(answer).toEqual({ status: 200, connection: 'close', isReused: true });
    expect(await ended).toBe(0);
    proxy.destroy();
  });
});

describe('settings that cannot be used', () => {
  it('are all named at once, and no secret is', async () => {
    running = spawnServer({
      PORT: 'x',
      PUBLIC_URL: 'nonsense',
      BITRIX24_CLIENT_SECRET: CLIENT_SECRET,
      TOKEN_KEYS: SECRET_MARK,
    });

    const code = await running.ended;

    expect(code).toBe(1);
    for (const key of ['PORT', 'PUBLIC_URL', 'BITRIX24_CLIENT_ID', 'BITRIX24_PORTALS', 'TOKEN_KEYS']) {
      expect(running.output()).toContain(key);
    }
    expect(running.output()).not.toContain(SECRET_MARK);
    expect(running.output()).not.toContain('    at ');
  });

  it('such as a port that is taken, are explained in one sentence', async () => {
    const { origin, env } = await settings('embedded');
    await start(env, origin);
    const second = spawnServer({ ...env, DATA_DIR: newDataDir() });

    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      'The port is taken by another program. Stop it, or set PORT and PUBLIC_URL.\n',
    );
  });

  it('such as a METRICS_PORT that is taken, are explained the same way, before anybody is let in', async () => {
    const { origin, env } = await settings('embedded');
    const metricsPort = await freePort();
    await start({ ...env, METRICS_PORT: String(metricsPort) }, origin);
    const other = await settings('embedded');
    const second = spawnServer({ ...other.env, METRICS_PORT: String(metricsPort) });

    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      'The port is taken by another program. Stop it, or set METRICS_PORT.\n',
    );
    expect(second.output()).not.toContain('listening');
  });
});

async function settings(store: string) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const clientId = `local.${port}.00000000`;
  emulator.registerClient({
    clientId,
    clientSecret: CLIENT_SECRET,
    redirectUri: `${origin}/bitrix`,
    scope: ['crm', 'user'],
  });
  const env = {
    PORT: String(port),
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: clientId,
    BITRIX24_CLIENT_SECRET: CLIENT_SECRET,
    CACHE_SECONDS: '0',
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
    REDIS_URL: store === 'redis' ? (process.env.TEST_REDIS_URL ?? '') : '',
  };
  return { origin, env };
}

async function start(env: Record<string, string>, origin: string): Promise<void> {
  running = spawnServer(env);
  await untilReady(origin, running);
}

async function signIn(agent: ReturnType<typeof createAgent>, origin: string): Promise<void> {
  const form = await agent.visit(`${origin}/login`);
  await agent.post(form.url.href, { login: 'admin', password: 'demo' });
}

async function ask(address: string, agent: Agent, headers: Record<string, string> = {}) {
  const request = get(address, { agent, headers });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  const { statusCode, headers: answered } = answer;
  return { status: statusCode, connection: answered.connection, isReused: request.reusedSocket };
}

/** Until the process has heard of its signal. */
async function untilRefused(origin: string): Promise<void> {
  const isRefused = () =>
    ask(`${origin}/healthz`, new Agent()).then(
      () => false,
      () => true,
    );
  while (!(await isRefused())) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function untilServed(held: { readonly served: number }): Promise<void> {
  while (held.served === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
