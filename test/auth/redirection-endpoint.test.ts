import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrowserAgent, cookieOf } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { MINUTE } from '../support/clock.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    emulator: { portals: [aPortal({ host: 'localhost' }), aPortal({ host: '127.0.0.1' })] },
  });
});
afterAll(() => app.stop());
afterEach(() => {
  app.emulator.clearFaults();
  app.emulator.clearRequests();
  // Whoever failed in one test is asked again in the next.
  app.clock.advance(2_000);
});

describe('GET /bitrix', () => {
  describe('when the authorization response is complete', () => {
    it('answers 303 to where the person wanted to go', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent, { path: '/companies?q=Beta' });

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(303);
      expect(answer.location).toBe('/companies?q=Beta');
      expect((await agent.visit(`${app.origin}/companies`)).text).toContain('Ada Admin');
    });

    it('sends the secret and the code in the body of one POST to the listed authorization server', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      await agent.request(callback.href);

      const asked = app.emulator.requests.filter(({ kind }) => kind === 'token');
      expect(asked).toMatchObject([
        { httpMethod: 'POST', path: '/oauth/token/', grantType: 'authorization_code', status: 200 },
      ]);
    });

    it('starts a new session id, and the old one is dead', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      const before = sessionCookie(agent);

      await agent.request(callback.href);

      const visitorWithOldCookie = app.agent({ headers: { cookie: `session=${before}` } });
      expect(sessionCookie(agent)).not.toBe(before);
      expect((await visitorWithOldCookie.request(`${app.origin}/companies`)).location).toMatch(/^\/login/);
    });

    it('stores the tokens under portal, application and user', async () => {
      const agent = app.agent();
      const { memberId } = app.emulator.portals[0] ?? { memberId: '' };

      await agent.request((await beginSignIn(agent)).href);

      const record = await app.store.get(`b24:tokens:{${memberId}}:${app.client.clientId}:1`);
      expect(JSON.parse(record ?? '{}')).toMatchObject({ v: 1, gen: 1, state: 'ok' });
    });
  });

  describe('when the state or the code is of no use', () => {
    it.each([
      ['the state is missing', { state: undefined }, 400],
      ['the state is empty', { state: '' }, 400],
      ['the state is repeated', { state: ['a', 'b'] }, 400],
      ['the state is too long', { state: 'x'.repeat(5000) }, 400],
      ['the state is unknown', { state: 'A'.repeat(43) }, 403],
      ['the state is not of our making', { state: '<script>' }, 403],
      ['the code is missing', { code: undefined }, 400],
      ['the code is empty', { code: '' }, 400],
      ['the code is repeated', { code: ['a', 'b'] }, 400],
      ['the code is too long', { code: 'x'.repeat(5000) }, 400],
    ])('and %s answers without asking for tokens', async (_case, change, status) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      const answer = await agent.request(changed(callback, change).href);

      expect(answer.status).toBe(status);
      await expectNothingHappened(agent);
    });

    it('answers 403 to a state that was used', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      await agent.request(changed(callback, { code: undefined }).href);

      const again = await agent.request(callback.href);

      expect(again.status).toBe(403);
      await expectNothingHappened(agent);
    });

    it('answers 403 to a state that is ten minutes old', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.clock.advance(10 * MINUTE);

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(403);
      await expectNothingHappened(agent);
    });

    it("answers 403 to another browser's state, and leaves it to its owner", async () => {
      const owner = app.agent();
      const callback = await beginSignIn(owner);
      const stranger = app.agent();
      await beginSignIn(stranger);

      const answer = await stranger.request(callback.href);

      expect(answer.status).toBe(403);
      await expectNothingHappened(stranger);
      expect((await owner.request(callback.href)).status).toBe(303);
    });

    it('sends somebody who is signed in on to the companies', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      await agent.request(callback.href);

      const again = await agent.request(callback.href);

      expect(again).toMatchObject({ status: 303, location: '/companies' });
    });

    it('asks for tokens once when the same address is opened twenty times at once', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      const answers = await Promise.all(Array.from({ length: 20 }, () => agent.request(callback.href)));

      expect(
        answers.filter(({ status, location }) => status === 303 && location === '/companies').length,
      ).toBeGreaterThan(0);
      expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toHaveLength(1);
    });
  });

  describe('when the response names something that is not of this sign-in', () => {
    it.each([
      ['a portal that is not listed', { domain: '127.0.0.9' }],
      ['a portal that looks alike', { domain: 'localhost.evil.example' }],
      ['two portals', { domain: ['localhost', 'localhost'] }],
      ['an unlisted authorization server', { server_domain: 'evil.example' }],
      ['a server with credentials in front', { server_domain: 'localhost@evil.example' }],
      ['a listed host on another port', { server_domain: 'localhost:1' }],
      ['an empty authorization server', { server_domain: '' }],
    ])('such as %s answers 400 and connects to nobody', async (_case, change) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.outgoing.length = 0;

      const answer = await agent.request(changed(callback, change).href);

      expect(answer.status).toBe(400);
      expect(app.outgoing).toEqual([]);
      await expectNothingHappened(agent);
    });

    it('such as another listed portal answers 400, and only the portal of the sign-in is asked whether it has moved', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.outgoing.length = 0;

      const answer = await agent.request(changed(callback, { domain: '127.0.0.1' }).href);

      expect(answer.status).toBe(400);
      expect(app.outgoing.map(({ href }) => href)).toEqual([`${app.emulator.portals[0]?.origin}/rest/`]);
      expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toEqual([]);
      await expectNotSignedIn(agent);
    });

    it('such as another member_id answers 400 and stores nothing', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      const answer = await agent.request(changed(callback, { member_id: 'f'.repeat(32) }).href);

      expect(answer.status).toBe(400);
      await expectNotSignedIn(agent);
    });

    it.each([
      ['another host', 'https://evil.example/rest/'],
      ['another portal of ours', 'http://127.0.0.1:1/rest/'],
      ['another path', 'http://localhost/elsewhere/'],
      ['credentials', 'http://user:pass@localhost/rest/'],
      ['no address', 'not an address'],
    ])(
      'such as a client_endpoint with %s answers 400, stores nothing and calls nobody there',
      async (_case, clientEndpoint) => {
        const agent = app.agent();
        const callback = await beginSignIn(agent);
        app.emulator.orderFault({
          on: 'token',
          effect: { type: 'alter', patch: { client_endpoint: clientEndpoint } },
        });
        app.outgoing.length = 0;

        const answer = await agent.request(changed(callback, {}).href);

        expect(answer.status).toBe(400);
        expect(app.outgoing.map(({ origin }) => origin)).toEqual([app.emulator.authorizationServer]);
        await expectNotSignedIn(agent);
      },
    );

    it('such as the tokens of another user than profile names answers 400', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({ on: 'token', effect: { type: 'alter', patch: { user_id: 7 } } });

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(400);
      await expectNotSignedIn(agent);
    });

    it('such as a code of another portal answers 400 and stores nothing', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      const foreign = app.emulator.portals[1]?.issueCode({ clientId: app.client.clientId, userId: 1 });

      const answer = await agent.request(changed(callback, { code: foreign, member_id: undefined }).href);

      expect(answer.status).toBe(400);
      await expectNotSignedIn(agent);
    });
  });

  describe('when the token answer lacks what only some documents promise', () => {
    it('asks profile who the person is when user_id is missing', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({ on: 'token', effect: { type: 'alter', patch: { user_id: undefined } } });

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(303);
      expect((await agent.visit(`${app.origin}/companies`)).text).toContain('Ada Admin');
    });

    it('signs in without a name when the portal does not answer profile', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({
        on: 'rest',
        restMethod: 'profile',
        times: 9,
        effect: { type: 'drop', when: 'before' },
      });

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(303);
      expect((await agent.visit(`${app.origin}/companies`)).text).toContain('User 1');
    });

    it.each([
      ['no access token', { access_token: undefined }],
      ['an empty refresh token', { refresh_token: '' }],
      ['a member_id that would break a key', { member_id: 'a}:b' }],
    ])('answers 502 to %s and stores nothing', async (_case, patch) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({ on: 'token', effect: { type: 'alter', patch } });

      const answer = await agent.request(changed(callback, { member_id: undefined }).href);

      expect(answer.status).toBe(502);
      await expectNotSignedIn(agent);
    });
  });

  describe('when the authorization server refuses the code', () => {
    it('restarts once by itself when the code came too late', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent, { path: '/companies?q=Alpha' });
      app.clock.advance(31_000);

      const page = await agent.visit(callback.href);

      expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies?q=Alpha`) });
    });

    it('shows a page when the second code is refused too', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({
        on: 'token',
        times: 2,
        effect: { type: 'error', status: 400, error: 'invalid_grant', description: '' },
      });

      const page = await agent.visit(callback.href);

      expect(page.status).toBe(400);
      expect(page.text).toContain('Bitrix24 did not finish the sign-in');
      expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toHaveLength(2);
    });

    it.each([
      ['wrong_client', 200, 502, 'app_misconfigured'],
      ['invalid_client', 400, 502, 'app_misconfigured'],
      ['PAYMENT_REQUIRED', 401, 400, 'code_refused'],
      ['NOT_INSTALLED', 401, 400, 'code_refused'],
      ['user_access_error', 403, 400, 'code_refused'],
      ['invalid_scope', 403, 400, 'code_refused'],
      ['something <b>new</b>', 400, 400, 'code_refused'],
      ['invalid_request', 400, 502, 'portal_refused'],
      ['unsupported_grant_type', 400, 502, 'portal_refused'],
      ['QUERY_LIMIT_EXCEEDED', 503, 503, 'portal_limited'],
      ['internal_server_error', 500, 502, 'portal_failed'],
    ])('with %s (%s) answers %s %s', async (error, wireStatus, status, code) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({
        on: 'token',
        effect: { type: 'error', status: wireStatus, error, description: 'raw text' },
      });

      const answer = await agent.request(callback.href, { headers: { accept: 'application/json' } });

      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
      expect(answer.text).not.toContain('raw text');
      await expectNotSignedIn(agent);
    });

    it.each([
      ['drops the connection', { type: 'drop', when: 'after' }, 502],
      ['answers HTML', { type: 'html', status: 200 }, 502],
      ['answers broken JSON', { type: 'brokenJson' }, 502],
      ['breaks off', { type: 'half' }, 502],
      ['redirects elsewhere', { type: 'redirect', status: 307, to: 'http://127.0.0.1:1/' }, 502],
      ['answers 300 MiB', { type: 'huge', bytes: 300 * 1024 * 1024 }, 502],
      ['answers 500', { type: 'answer', status: 500, body: {} }, 502],
    ] as const)('because it %s answers %s without asking again', async (_case, effect, status) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);
      app.emulator.orderFault({ on: 'token', effect });

      const answer = await agent.request(callback.href);

      expect(answer.status).toBe(status);
      expect(app.emulator.requests.filter(({ kind }) => kind === 'token').length).toBeLessThanOrEqual(1);
      await expectNotSignedIn(agent);
    });

    it('reads error on the redirection endpoint as a refusal', async () => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      const answer = await agent.request(changed(callback, { error: 'access_denied' }).href);

      expect(answer.status).toBe(400);
      await expectNothingHappened(agent);
    });
  });

  describe('when it is not a person who comes', () => {
    it.each([
      ['HEAD', 'HEAD', {}, 200],
      ['a prefetch', 'GET', { 'sec-purpose': 'prefetch' }, 503],
      ['a prerender', 'GET', { 'sec-purpose': 'prefetch;prerender' }, 503],
      ['an old prefetch', 'GET', { purpose: 'prefetch' }, 503],
    ])('%s consumes nothing', async (_case, method, headers, status) => {
      const agent = app.agent();
      const callback = await beginSignIn(agent);

      const early = await agent.request(callback.href, { method, headers });

      expect(early.status).toBe(status);
      expect((await agent.request(callback.href)).status).toBe(303);
    });
  });

  describe('when several tabs sign in at once', () => {
    it('lets twenty finish in reverse order, each where it wanted to go', async () => {
      const agent = app.agent();
      const first = await beginSignIn(agent);
      await agent.request(first.href);
      const tabs = Array.from({ length: 20 }, (_, index) => `/companies/${index + 1}`);
      const callbacks = await Promise.all(tabs.map((path) => beginSignIn(agent, { path })));

      const landed: (string | undefined)[] = [];
      for (const callback of callbacks.reverse()) landed.push((await agent.request(callback.href)).location);

      expect(landed.reverse()).toEqual(tabs);
    });

    it('keeps the newest twenty and forgets older ones', async () => {
      const agent = app.agent();
      const oldest = await beginSignIn(agent);
      for (let tab = 0; tab < 20; tab += 1) {
        app.clock.advance(1);
        await agent.request(`${app.origin}/login?portal=${portalOrigin(0)}`);
      }

      const answer = await agent.request(oldest.href);

      expect(answer.status).toBe(403);
    });
  });
});

/** Goes as far as the portal's redirect back, and does not follow it. */
async function beginSignIn(agent: BrowserAgent, { portal = 0, path = '/companies' } = {}): Promise<URL> {
  const login = await agent.request(
    `${app.origin}/login?portal=${portalOrigin(portal)}&returnTo=${encodeURIComponent(path)}`,
  );
  const authorize = login.location ?? '';
  const form = { login: 'admin', password: 'demo' };
  const signedIn = await agent.request(authorize, { form });
  const redirect = await agent.request(new URL(signedIn.location ?? '', authorize).href);
  app.emulator.clearRequests();
  return new URL(redirect.location ?? '');
}

function portalOrigin(index: number): string {
  return encodeURIComponent(app.emulator.portals[index]?.origin ?? '');
}

/** The same address with some parameters left out, replaced or repeated. */
function changed(callback: URL, change: Record<string, string | string[] | undefined>): URL {
  const url = new URL(callback);
  for (const [name, value] of Object.entries(change)) {
    url.searchParams.delete(name);
    for (const each of [value ?? []].flat()) url.searchParams.append(name, each);
  }
  return url;
}

function sessionCookie(agent: BrowserAgent): string {
  return cookieOf(agent, 'session') ?? '';
}

async function expectNothingHappened(agent: BrowserAgent): Promise<void> {
  expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toEqual([]);
  await expectNotSignedIn(agent);
}

async function expectNotSignedIn(agent: BrowserAgent): Promise<void> {
  expect((await agent.request(`${app.origin}/companies`)).location).toMatch(/^\/login/);
}
