import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { hostileReturnTos } from '../support/hostile-return-tos.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** All of them; `test/journeys/browser-return-to.slow.test.ts` lets Chromium read them too, some each time. */
describe('a sign-in with a hostile returnTo', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp({
      // One address alone may not begin as many sign-ins in a minute.
      trustedProxies: ['127.0.0.1'],
      emulator: { portals: [aPortal({ companies: [] })] },
    });
    agent = app.agent();
    await app.signIn(agent);
  });
  afterAll(() => app.stop());

  it('in each of 500 ways to write one › is told to go on with us', async () => {
    const returnTos = hostileReturnTos(new URL(app.origin).host);
    const ends: unknown[] = [];

    for (const [index, returnTo] of returnTos.entries()) {
      const from = { headers: { 'x-forwarded-for': `192.0.2.${1 + (index % 5)}` } };
      const start = `${app.origin}/login?returnTo=${encodeURIComponent(returnTo)}`;
      const atPortal = await agent.request(start, from);
      const atOurs = await agent.request(atPortal.location ?? '');
      const { status, url, location = '' } = await agent.request(atOurs.location ?? '', from);
      // As a browser reads it.
      const to = URL.canParse(location, url.href) ? new URL(location, url).origin : location;
      ends.push({ returnTo, from: url.pathname, status, to });
    }

    expect(returnTos.length).toBeGreaterThanOrEqual(500);
    const expected = { from: '/bitrix', status: 303, to: app.origin };
    expect(ends).toEqual(returnTos.map((returnTo) => ({ returnTo, ...expected })));
    // Fifteen hundred requests, beside other tests.
  }, 180_000);
});
