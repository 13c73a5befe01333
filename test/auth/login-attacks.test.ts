import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPendingAuthorizations } from '../../src/auth/pending-authorizations.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { createClock, HOUR, MINUTE } from '../support/clock.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { newDataDir, STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe('the state of a sign-in', () => {
  const clock = createClock();
  let store: Store;
  beforeAll(() => {
    store = openEmbeddedStore(newDataDir(), clock.now);
  });
  afterAll(() => store.close());

  const flow = { portal: 'https://acme.bitrix24.com', returnTo: '/companies', attempt: 1 };
  const flows = () => createPendingAuthorizations({ store, clientId: 'app' });

  it('when it is stored › the record tells where to, but nothing that finishes a sign-in, and lives ten minutes', async () => {
    const state = await flows().start('CANARY-binding', flow);

    const [record] = await recordsWith(state);

    expect(record?.text).not.toContain(state);
    expect(`${record?.key}${record?.text}`).not.toContain('CANARY');
    expect(Object.values(JSON.parse(record?.text ?? '{}'))).toEqual([
      { ...flow, startedAt: expect.any(Number) },
    ]);
    expect(record?.leftMs).toBeLessThanOrEqual(10 * MINUTE);
    expect(record?.leftMs).toBeGreaterThan(9 * MINUTE);
  });

  it('when the same browser is at two applications that share a store › each knows its own only', async () => {
    const state = await flows().start('one browser', flow);
    const other = createPendingAuthorizations({ store, clientId: 'another app' });

    await expect(other.take('one browser', state)).rejects.toThrow('state');

    expect(await flows().take('one browser', state)).toMatchObject(flow);
  });

  /** The record that was written last: there is no other with this single flow. */
  async function recordsWith(state: string) {
    const found: { key: string; text: string; leftMs: number | null }[] = [];
    for await (const key of store.keys('b24:pending:')) {
      const text = (await store.get(key)) ?? '';
      if (Object.keys(JSON.parse(text)).length === 1)
        found.push({ key, text, leftMs: await store.leftMs(key) });
    }
    expect(state).toMatch(/^[\w-]{43}$/);
    return found;
  }
});

describe.each(STORE_KINDS)('a sign-in, on the %s store', (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      store: kind,
      emulator: { portals: [aPortal({ host: 'localhost' }), aPortal({ host: '127.0.0.1' })] },
    });
  });
  afterAll(() => app.stop());
  afterEach(() => app.emulator.clearRequests());

  it('when its address is opened twenty times at once at two replicas › the code is shown once', async () => {
    const replica = await app.replica();
    const agent = app.agent();
    const callback = await goToPortal(app, agent);
    const there = callback.href.replace(app.origin, replica);

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, visit) => agent.request(visit % 2 === 0 ? callback.href : there)),
    );

    expect(exchanges(app)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303, 403]));
    expect(answers.filter(({ status }) => status === 303)).not.toEqual([]);
  });

  it('when it began at another application on the same store › is refused there, and nobody is asked', async () => {
    const other = { clientId: 'local.another.00000000', clientSecret: 'a secret of the other application' };
    const there = await app.replica(other);
    const agent = app.agent();
    const callback = await goToPortal(app, agent);

    // The same host and the same secrets of sessions: the browser is known there as well.
    const refused = await agent.request(callback.href.replace(app.origin, there));

    expect(refused.status).toBe(403);
    expect(exchanges(app)).toEqual([]);
    expect((await agent.request(callback.href)).status).toBe(303);
  });

  it('when the code is of another portal › is refused, and no token is stored', async () => {
    const agent = app.agent();
    const callback = await goToPortal(app, agent);
    const foreign = app.emulator.portals[1]?.issueCode({ clientId: app.client.clientId, userId: 9 }) ?? '';
    callback.searchParams.set('code', foreign);
    callback.searchParams.delete('member_id');

    const answer = await agent.request(callback.href);

    expect(answer.status).toBe(400);
    expect(exchanges(app)).toHaveLength(1);
    expect(await app.store.get(tokenKey(app, 1, 9))).toBe(null);
    expect(await app.store.get(tokenKey(app, 0, 9))).toBe(null);
  });

  it('when somebody signs in, reads and is renewed › only the authorization server sees the client secret', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    app.clock.advance(HOUR);
    await agent.request(`${app.origin}/companies`);
    await agent.request(`${app.origin}/overview`);

    const withSecret = app.emulator.requests.filter(({ params }) => 'client_secret' in params);
    expect(withSecret.map(({ grantType }) => grantType)).toEqual(['authorization_code', 'refresh_token']);
    expect(new Set(withSecret.map(({ host }) => `http://${host}`))).toEqual(
      new Set([app.emulator.authorizationServer]),
    );
    expect(app.emulator.requests.some(({ kind: what }) => what === 'rest')).toBe(true);
  });
});

describe('a browser that is known, when its flow cannot be stored any more', () => {
  it('gets 503 and no redirect', async () => {
    const redis = await startRedisServer();
    const app = await startApp({ redisUrl: redis.url });
    const agent = app.agent();
    const before = await agent.request(`${app.origin}/login`);
    await redis.client.config('SET', 'maxmemory', '1');

    const answer = await agent.request(`${app.origin}/login`);

    expect(before.status).toBe(302);
    expect(answer.status).toBe(503);
    expect(answer.location).toBeUndefined();
    await app.stop();
    await redis.stop();
  });
});

describe('a code that comes back', () => {
  // It lives for 30 s. How soon it is exchanged, `npm run bench -- callback` measures.
  it('when 100 browsers bring one at the same time › all are exchanged before the portal is asked anything', async () => {
    const app = await startApp();
    const agents = Array.from({ length: 100 }, () => app.agent());
    const callbacks = await Promise.all(agents.map((agent) => goToPortal(app, agent)));
    const held = app.emulator.orderFault({
      on: 'token',
      times: 100,
      effect: { type: 'hold', when: 'before' },
    });
    app.outgoing.length = 0;

    const answers = agents.map((agent, index) => agent.request(callbacks[index]?.href ?? ''));
    await held.reached(100);
    const called = new Set(app.outgoing.map(({ origin }) => origin));
    held.release();

    expect([...called]).toEqual([app.emulator.authorizationServer]);
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([303]));
    await app.stop();
  });
});

/** Goes as far as the portal's redirect back, and does not follow it. */
async function goToPortal(app: TestApp, agent: BrowserAgent): Promise<URL> {
  const portal = encodeURIComponent(app.emulator.portals[0]?.origin ?? '');
  const login = await agent.request(`${app.origin}/login?portal=${portal}`);
  const authorize = login.location ?? '';
  const known = await agent.request(authorize, { form: { login: 'admin', password: 'demo' } });
  const redirect = await agent.request(new URL(known.location ?? '', authorize).href);
  app.emulator.clearRequests();
  return new URL(redirect.location ?? '');
}

function exchanges(app: TestApp) {
  return app.emulator.requests.filter(({ kind }) => kind === 'token');
}

function tokenKey(app: TestApp, portal: number, userId: number): string {
  return `b24:tokens:{${app.emulator.portals[portal]?.memberId}}:${app.client.clientId}:${userId}`;
}
