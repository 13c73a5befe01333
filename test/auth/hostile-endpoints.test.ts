import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { freePort } from '../support/redis-server.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { startTrap, type Trap } from '../support/trap.ts';

/** Addresses of a portal's REST that lead to the trap, or would lead there if they were read carelessly. */
const ENDPOINTS = [
  'http://127.0.0.1:TRAP/rest/',
  'http://localhost:TRAP/rest/',
  'http://LOCALHOST:TRAP/rest/',
  'http://localhost.:TRAP/rest/',
  'http://127.1:TRAP/rest/',
  'http://2130706433:TRAP/rest/',
  'http://0x7f000001:TRAP/rest/',
  'http://0177.0.0.1:TRAP/rest/',
  'http://0:TRAP/rest/',
  'http://127.0.0.66:TRAP/rest/',
  'http://[::1]:TRAP/rest/',
  'http://[::ffff:127.0.0.1]:TRAP/rest/',
  'http://[0:0:0:0:0:ffff:7f00:1]:TRAP/rest/',
  'https://localhost:TRAP/rest/',
  'https://127.0.0.1:TRAP/rest/',
  'http://PORTAL@127.0.0.1:TRAP/rest/',
  'http://localhost@127.0.0.1:TRAP/rest/',
  'http://user:password@localhost:TRAP/rest/',
  'http://PORTAL%40127.0.0.1:TRAP/rest/',
  'http://127.0.0.1:TRAP\\@PORTAL/rest/',
  'http://127.0.0.1:TRAP#@PORTAL/rest/',
  'http://127.0.0.1:TRAP?@PORTAL/rest/',
  'http://127.0.0.1:TRAP/rest/#PORTAL/rest/',
  'http://127.0.0.1:TRAP//PORTAL/rest/',
  'http://127.0.0.1:TRAP/PORTAL/../rest/',
  '//127.0.0.1:TRAP/rest/',
  '\\\\127.0.0.1:TRAP\\rest\\',
  'http:127.0.0.1:TRAP/rest/',
  'http:/\\127.0.0.1:TRAP/rest/',
  'http:\\\\127.0.0.1:TRAP\\rest\\',
  ' http://127.0.0.1:TRAP/rest/',
  'ht\ttp://127.0.0.1:\tTRAP/rest/',
  'http://\u2460\u2461\u2466.0.0.1:TRAP/rest/',
  'http://127\u30020\u30020\u30021:TRAP/rest/',
  'http://\uff4cocalhost:TRAP/rest/',
  'http://%6c%6f%63alhost:TRAP/rest/',
  'ws://127.0.0.1:TRAP/rest/',
  'ftp://127.0.0.1:TRAP/rest/',
  'http://127.0.0.1:TRAP',
  '127.0.0.1:TRAP/rest/',
];

/** A page for which the portal is not asked. */
const ASKS_NOTHING = { path: '/exports' };

let trap: Trap;
let app: TestApp;
beforeAll(async () => {
  trap = await startTrap();
  app = await startApp({ emulator: { portals: [aPortal({ host: 'localhost' })] } });
});
afterAll(async () => {
  await app.stop();
  await trap.stop();
});
afterEach(() => app.emulator.clearFaults());

describe.each(ENDPOINTS.map((text, index) => [`${index + 1}: ${JSON.stringify(text)}`, text]))(
  'an address of REST such as %s',
  (_name, written) => {
    let agent: BrowserAgent;
    let endpoint: string;
    beforeEach(() => {
      agent = app.agent();
      endpoint = written.replaceAll('TRAP', String(trap.port)).replaceAll('PORTAL', portal().host);
    });
    afterEach(() => {
      expect(trap.connections()).toBe(0);
    });

    it('when it comes with a sign-in › signs nobody in, and is not called', async () => {
      app.emulator.orderFault({
        on: 'token',
        effect: { type: 'alter', patch: { client_endpoint: endpoint } },
      });

      const answer = await app.signIn(agent);

      expect([answer.status, answer.url.pathname]).toEqual([400, '/bitrix']);
    });

    it('when it comes with a renewed token › is left aside, and the portal is asked where it was', async () => {
      await app.signIn(agent, 'admin', ASKS_NOTHING);
      app.clock.advance(2 * HOUR);
      app.emulator.clearRequests();
      app.emulator.orderFault({
        on: 'token',
        grantType: 'refresh_token',
        effect: { type: 'alter', patch: { client_endpoint: endpoint } },
      });

      const page = await agent.request(`${app.origin}/companies`);

      expect(page.status).toBe(200);
      expect(app.emulator.requests.map(({ kind }) => kind)).toEqual(['token', 'rest']);
    });

    it('when it was written into the store › is not called', async () => {
      await app.signIn(agent, 'admin', ASKS_NOTHING);
      const key = `b24:tokens:{${portal().memberId}}:${app.client.clientId}:1`;
      const record = JSON.parse((await app.store.get(key)) ?? '{}') as Record<string, unknown>;
      await app.store.set(key, JSON.stringify({ ...record, ep: endpoint }), HOUR);

      const page = await agent.request(`${app.origin}/companies`);

      expect(page.status).toBe(400);
    });
  },
);

/** Addresses that a header can hold. */
const LOCATIONS = ENDPOINTS.filter((text) => /^[ -~]*$/.test(text));

describe('a portal that says it has moved', () => {
  let agent: BrowserAgent;
  beforeAll(async () => {
    agent = app.agent();
    await app.signIn(agent);
  });

  it.each(LOCATIONS)('to %j › is not followed', async (written) => {
    const to = written.replaceAll('TRAP', String(trap.port)).replaceAll('PORTAL', portal().host);
    app.emulator.orderFault({ on: 'rest', effect: { type: 'redirect', status: 302, to } });

    const page = await agent.request(`${app.origin}/companies`);

    expect([page.status, trap.connections()]).toEqual([502, 0]);
  });
});

describe('the trap itself', () => {
  it('when its address is listed › is where a portal leads that has moved there', async () => {
    const portalPort = await freePort();
    const open = await startApp({
      emulator: { portals: [aPortal()], portalPort },
      portals: `http://localhost:${portalPort},http://127.0.0.1:${trap.port}`,
    });
    const agent = open.agent();
    await open.signIn(agent);
    const to = `http://127.0.0.1:${trap.port}/rest/batch`;
    open.emulator.orderFault({ on: 'rest', effect: { type: 'redirect', status: 302, to } });

    const page = await agent.request(`${open.origin}/companies`);

    expect(page.status).toBe(502);
    expect(trap.connections()).toBeGreaterThan(0);
    await open.stop();
  });
});

function portal(): { host: string; memberId: string } {
  const [{ origin, memberId } = { origin: '', memberId: '' }] = app.emulator.portals;
  return { host: new URL(origin).host, memberId };
}
