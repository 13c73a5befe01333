import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { HOUR, MINUTE } from '../support/clock.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe.each(STORE_KINDS)('renewing the access token, on the %s store', (store) => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp({ store });
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    app.emulator.clearFaults();
    agent = app.agent();
    await app.signIn(agent);
    app.emulator.clearRequests();
  });

  describe('when the hour is over', () => {
    it('renews before the portal has to complain', async () => {
      app.clock.advance(HOUR);

      const page = await agent.visit(`${app.origin}/companies`);

      expect(page.status).toBe(200);
      expect(refreshes()).toHaveLength(1);
      expect(app.emulator.requests.filter(({ error }) => error !== undefined)).toEqual([]);
    });

    it('renews once for fifty readers', async () => {
      app.clock.advance(HOUR);

      const pages = await Promise.all(
        Array.from({ length: 50 }, () => agent.visit(`${app.origin}/companies`)),
      );

      expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200));
      expect(refreshes()).toHaveLength(1);
    });

    it('renews again and again, each time with the newest refresh token', async () => {
      for (let hour = 0; hour < 5; hour += 1) {
        app.clock.advance(HOUR);
        expect((await agent.visit(`${app.origin}/companies`)).status).toBe(200);
      }

      expect(refreshes()).toHaveLength(5);
      expect(refreshes().every(({ status }) => status === 200)).toBe(true);
    });
  });

  describe('when the portal says so earlier than we thought', () => {
    it.each(['expired_token', 'invalid_token', 'EXPIRED_TOKEN'])(
      '%s: renews and repeats the call once',
      async (error) => {
        app.emulator.orderFault({ on: 'rest', effect: { type: 'error', status: 401, error } });

        const page = await agent.visit(`${app.origin}/companies`);

        expect(page.status).toBe(200);
        expect(refreshes()).toHaveLength(1);
        expect(app.emulator.requests.filter(({ restMethod }) => restMethod === 'batch')).toHaveLength(2);
      },
    );

    it('does not renew for ever when the portal refuses every token', async () => {
      app.emulator.orderFault({
        on: 'rest',
        times: 20,
        effect: { type: 'error', status: 401, error: 'expired_token' },
      });

      const page = await agent.visit(`${app.origin}/companies`);

      expect(page.status).toBe(502);
      expect(refreshes()).toHaveLength(1);
    });

    it('does not renew when nobody asks', async () => {
      app.clock.advance(5 * HOUR);

      await agent.visit(`${app.origin}/healthz`);

      expect(refreshes()).toEqual([]);
    });
  });

  describe('when Bitrix24 has ended the grant', () => {
    it('costs a person one trip through the portal back to the same address', async () => {
      app.clock.advance(HOUR);
      app.emulator.portals[0]?.revokeGrants();

      const page = await agent.visit(`${app.origin}/companies?q=Alpha&sort=title`);

      // The portal's own session is kept by the agent, so no login form stands in between.
      expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies?q=Alpha&sort=title`) });
      expect(page.redirects.filter(({ pathname }) => pathname === '/login')).toHaveLength(1);
    });

    it('tells a program 401 sign_in_required', async () => {
      app.clock.advance(HOUR);
      app.emulator.portals[0]?.revokeGrants();

      const answer = await agent.request(`${app.origin}/companies`, {
        headers: { accept: 'application/json' },
      });

      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'sign_in_required' } });
    });

    it('shows a page instead of a loop when it ends right after a sign-in', async () => {
      app.emulator.orderFault({
        on: 'rest',
        times: 50,
        effect: { type: 'error', status: 401, error: 'authorization_error' },
      });

      const page = await agent.visit(`${app.origin}/companies`);

      expect(page.status).toBe(401);
      expect(page.text).toContain('Bitrix24 no longer lets you in');
    });
  });

  describe('when the authorization server is in a mood', () => {
    it.each([
      ['invalid_client', 502],
      ['PAYMENT_REQUIRED', 403],
    ])('and refuses with %s, keeps the tokens', async (error, status) => {
      app.clock.advance(HOUR);
      app.emulator.orderFault({ on: 'token', effect: { type: 'error', status: 400, error } });

      const refused = await agent.request(`${app.origin}/companies`);
      // A server that refuses us all alike is asked again after a second.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const later = await agent.request(`${app.origin}/companies`);

      expect(refused.status).toBe(status);
      expect(later.status).toBe(200);
    });

    it('and answers with the tokens of somebody else, stores them for nobody', async () => {
      app.clock.advance(HOUR);
      app.emulator.orderFault({ on: 'token', effect: { type: 'alter', patch: { user_id: 7 } } });

      const answer = await agent.request(`${app.origin}/companies`, {
        headers: { accept: 'application/json' },
      });

      expect(answer.status).toBe(401);
      expect(await stored()).toMatchObject({ gen: 1, state: 'reauth', why: 'foreign_tokens' });
    });

    it('and takes long, lets the caller go and keeps what comes later', async () => {
      app.clock.advance(HOUR);
      const held = app.emulator.orderFault({ on: 'token', effect: { type: 'hold', when: 'after' } });
      const leaving = new AbortController();
      const caller = fetch(`${app.origin}/companies`, {
        headers: { cookie: cookies() },
        signal: leaving.signal,
      }).catch(() => 'left');
      await until(() => held.served > 0);
      leaving.abort();
      await caller;

      held.release();
      const page = await agent.visit(`${app.origin}/companies`);

      expect(page.status).toBe(200);
      expect(refreshes()).toHaveLength(1);
      expect(await stored()).toMatchObject({ gen: 2, state: 'ok', iid: null });
    });
  });

  describe('when the record in the store is not readable', () => {
    it.each(['not json', '{}', '{"v":2}', '""', 'null'])(
      '(%s) the person signs in again and it is kept aside',
      async (text) => {
        await app.store.set(tokenKey(), text, HOUR);
        app.clock.advance(2 * MINUTE);

        const page = await agent.visit(`${app.origin}/companies`);

        expect(page.status).toBe(200);
        expect(page.redirects.some(({ pathname }) => pathname === '/login')).toBe(true);
        expect(await app.store.get(`b24:quarantine:${tokenKey().slice(4)}`)).toBe(text);
      },
    );

    it('because it belongs to somebody else, opens for nobody', async () => {
      await app.signIn(app.agent(), 'manager');
      await app.store.set(tokenKey(1), (await app.store.get(tokenKey(7))) ?? '', HOUR);

      const answer = await agent.request(`${app.origin}/companies`, {
        headers: { accept: 'application/json' },
      });

      expect(answer.status).toBe(401);
    });
  });

  function refreshes() {
    return app.emulator.requests.filter(({ grantType }) => grantType === 'refresh_token');
  }

  function tokenKey(userId = 1): string {
    return `b24:tokens:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:${userId}`;
  }

  async function stored(): Promise<unknown> {
    return JSON.parse((await app.store.get(tokenKey())) ?? 'null');
  }

  function cookies(): string {
    return [...(agent.cookies.get('127.0.0.1') ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }
});

/** Waits for something that another party is about to do. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
