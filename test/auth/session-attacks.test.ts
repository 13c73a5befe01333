import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrowserAgent, cookieOf } from '../support/browser-agent.ts';
import { HOUR, MINUTE } from '../support/clock.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { addressOf, ROUTES } from '../support/routes.ts';
import { sessionIdOf } from '../support/session-app.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

const VIEWS = 1_000;
const AT_ONCE = 20;
/** SESSION_HOURS, as the tests have it. */
const IDLE_MS = 168 * HOUR;
/** Forms that sign somebody out, in whatever way. */
const ENDS_SESSIONS = /^\/(logout|account\/)/;

describe.each(STORE_KINDS)('sessions of people, on the %s store', (kind) => {
  let redis: RedisServer | undefined;
  let app: TestApp;
  beforeAll(async () => {
    // Of our own, so that every key in it is of this test.
    if (kind === 'redis') redis = await startRedisServer();
    app = await startApp({ store: kind, ...(redis ? { redisUrl: redis.url } : {}) });
  });
  afterAll(async () => {
    await app.stop();
    await redis?.stop();
  });

  it('when a thousand visitors look around › leaves no key and no cookie', async () => {
    const paths = ['/', '/companies', '/companies/1', '/account', '/overview', '/exports', '/nowhere'];
    const cookies: string[] = [];
    const before = await keysOf(app);

    for (let view = 0; view < VIEWS; view += AT_ONCE) {
      const visits = Array.from({ length: AT_ONCE }, async (_, n) => {
        const answer = await fetch(`${app.origin}${paths[(view + n) % paths.length]}`, {
          redirect: 'manual',
          headers: { accept: 'text/html' },
        });
        await answer.text();
        cookies.push(...answer.headers.getSetCookie());
      });
      await Promise.all(visits);
    }

    expect(cookies).toEqual([]);
    expect(before).toEqual([]);
    expect(await keysOf(app)).toEqual([]);
  });

  it('when somebody opens everything and sends every form › only a sign-in writes the session', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const key = sessionKeyOf(agent);
    const atFirst = await app.store.get(key);

    const statuses = new Set<number>();
    for (const route of ROUTES.filter(({ path }) => !/^\/(login|bitrix)$/.test(path))) {
      if (route.method === 'POST' && ENDS_SESSIONS.test(route.path)) continue;
      const form =
        route.method === 'POST' ? { form: { name: 'A view', language: 'en', columns: 'title' } } : {};
      const answer = await visitBriefly(agent, app.origin + addressOf(route), form);
      statuses.add(answer);
    }

    expect(statuses).toContain(200);
    expect(atFirst).toContain('"people"');
    expect(await app.store.get(key)).toBe(atFirst);
    await app.signIn(agent, 'manager');
    expect(await app.store.get(key)).toBe(null);
    expect(await app.store.get(sessionKeyOf(agent))).not.toBe(atFirst);
  });

  it('when a browser was idle for as long as it may › its cookie is worth nothing', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const key = sessionKeyOf(agent);
    const left = await app.store.leftMs(key);
    await pass(key, IDLE_MS - MINUTE);
    const justInTime = await agent.request(`${app.origin}/companies`);
    await pass(key, IDLE_MS - MINUTE);
    const again = await agent.request(`${app.origin}/companies`);

    await pass(key, IDLE_MS + MINUTE);
    const late = await agent.request(`${app.origin}/companies`, { headers: { accept: 'application/json' } });

    expect(left).toBeLessThanOrEqual(IDLE_MS);
    expect([justInTime.status, again.status, late.status]).toEqual([200, 200, 401]);
    expect(cookieOf(agent, 'session')).toBeDefined();
  });

  /** Redis goes by a clock of its own, and is told how much of the key's life is over. */
  async function pass(key: string, ms: number): Promise<void> {
    if (redis) {
      // Access that has run out is another matter: it is renewed as people come.
      await redis.client.pexpire(key, Math.max(0, (await redis.client.pttl(key)) - ms));
    } else app.clock.advance(ms);
  }
});

describe('a form', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp();
    agent = app.agent();
    await app.signIn(agent);
  });
  afterAll(() => app.stop());
  afterEach(() => app.emulator.clearRequests());

  /** A portal posts to it from a frame; it reads nothing and changes nothing (frame.test.ts). */
  const forms = ROUTES.filter(({ method, path }) => method === 'POST' && path !== '/bitrix');

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another site that names our origin', { 'sec-fetch-site': 'cross-site', origin: 'OURS' }],
    ['a sibling site', { 'sec-fetch-site': 'same-site' }],
    ['somebody who typed it', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['our host on another port', { origin: 'http://127.0.0.1:1' }],
    ['nowhere', { origin: 'null' }],
    ['somebody who will not say', {}],
  ] as [string, Record<string, string>][])(
    'from %s › is refused by every address that takes one, and changes nothing',
    async (_from, headers) => {
      const before = await recordsOf(app);
      const sent = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value === 'OURS' ? app.origin : value]),
      );

      const answers: [string, number][] = [];
      for (const route of forms) {
        const answer = await agent.request(app.origin + addressOf(route), {
          form: { forget: '1' },
          headers: sent,
        });
        answers.push([route.path, answer.status]);
      }

      expect(forms.length).toBeGreaterThanOrEqual(14);
      expect(answers).toEqual(forms.map(({ path }) => [path, 403]));
      expect(await recordsOf(app)).toEqual(before);
      expect((await agent.request(`${app.origin}/companies`)).status).toBe(200);
    },
  );

  it('that is asked for by GET › is no address, or a page that changes nothing', async () => {
    const before = await recordsOf(app);

    for (const route of forms) await visitBriefly(agent, `${app.origin}${addressOf(route)}?forget=1`);

    // `GET /login` begins a sign-in, which is what it is for.
    const lasting = (records: [string, string][]) =>
      records.filter(([key]) => !key.startsWith('b24:pending:'));
    expect(lasting(await recordsOf(app))).toEqual(lasting(before));
  });
});

async function keysOf(app: TestApp): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of app.store.keys('b24:')) keys.push(key);
  return keys.sort();
}

/** What people have with us; not what is counted or kept by the way. */
async function recordsOf(app: TestApp): Promise<[key: string, text: string][]> {
  const keys = (await keysOf(app)).filter((key) =>
    /^b24:(session|pending|tokens|browsers|preferences|export)/.test(key),
  );
  return Promise.all(keys.map(async (key) => [key, (await app.store.get(key)) ?? ''] as [string, string]));
}

function sessionKeyOf(agent: BrowserAgent): string {
  return `b24:session:${sessionIdOf(`session=${cookieOf(agent, 'session') ?? ''}`)}`;
}

/** A stream of events never ends by itself, so nobody waits for more than its beginning. */
async function visitBriefly(
  agent: BrowserAgent,
  address: string,
  options: { form?: Record<string, string> } = {},
): Promise<number> {
  const cookies = agent.cookies.get(new URL(address).hostname) ?? new Map<string, string>();
  const answer = await fetch(address, {
    method: options.form ? 'POST' : 'GET',
    redirect: 'manual',
    headers: {
      accept: 'text/html',
      'sec-fetch-site': 'same-origin',
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
    ...(options.form ? { body: new URLSearchParams(options.form) } : {}),
  });
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) await answer.body?.cancel();
  else await answer.text();
  return answer.status;
}
