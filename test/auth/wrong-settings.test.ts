import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
let agent: BrowserAgent;
beforeEach(async () => {
  app = await startApp();
  agent = app.agent();
});
afterEach(() => app.stop());

const refusals = () => app.logLines().filter(({ msg }) => msg === 'request refused');

describe('GET /bitrix', () => {
  it('when BITRIX24_AUTHORIZATION_SERVERS lacks the server of the portal › the page says who can mend it, the log names both', async () => {
    app.emulator.orderFault({
      on: 'authorize',
      times: 9,
      effect: { type: 'alter', patch: { server_domain: 'oauth.own.example:8443' } },
    });

    const page = await app.signIn(agent);

    expect(page.status).toBe(400);
    expect(page.text).toContain('Your portal signs in through a server we do not know');
    expect(page.text).not.toMatch(/BITRIX24_|came from another portal/);
    expect(refusals()).toEqual([
      expect.objectContaining({
        errorCode: 'portal_mismatch',
        reason: 'authorization_server',
        why: 'server_domain: the portal names authorization server oauth.own.example:8443, which BITRIX24_AUTHORIZATION_SERVERS lacks',
      }),
    ]);
  });
});

describe('POST /language', () => {
  it('from a page that was opened under another address › page and log name that address and PUBLIC_URL', async () => {
    const { port } = new URL(app.origin);
    const opened = `http://localhost:${port}`;

    const page = await agent.request(`${opened}/language`, {
      headers: { origin: opened },
      form: { language: 'ru' },
    });

    expect(page.status).toBe(403);
    expect(page.text).toContain(`You opened it at ${opened}`);
    expect(page.text).toContain(`set up for ${app.origin}.`);
    expect(page.text).toContain(`href="${app.origin}/"`);
    expect(refusals()).toEqual([
      expect.objectContaining({
        errorCode: 'cross_origin',
        reason: 'other_address',
        why: `the page was opened at ${opened}, PUBLIC_URL is ${app.origin}`,
      }),
    ]);
  });

  it('from another site › the log names that site, the page does not', async () => {
    const page = await agent.request(`${app.origin}/language`, {
      headers: { origin: 'https://evil.example' },
      form: { language: 'ru' },
    });

    expect(page.status).toBe(403);
    expect(page.text).not.toContain('evil.example');
    expect(refusals()).toEqual([
      expect.objectContaining({
        errorCode: 'cross_origin',
        why: `the request does not come from a page of ours: Origin is https://evil.example, PUBLIC_URL is ${app.origin}`,
      }),
    ]);
  });
});

describe('a portal that fails', () => {
  it('has one line of the log when its circuit opens and one when it is well, and failures in between name the cause', async () => {
    await app.signIn(agent);
    const order = app.emulator.orderFault({
      on: 'rest',
      times: Number.POSITIVE_INFINITY,
      effect: { type: 'html', status: 502 },
    });
    for (let visit = 0; visit < 4; visit += 1) await agent.request(`${app.origin}/companies`);
    const refusedAtOnce = app
      .logLines()
      .filter(({ err }) => JSON.stringify(err ?? '').includes('CircuitOpenError'));
    order.cancel();
    app.clock.advance(2_000);
    await agent.request(`${app.origin}/companies`);

    const { origin } = app.emulator.portals[0] ?? {};
    const about = app.logLines().filter((line) => line.origin === origin);
    expect(about.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'a host fails; it is asked once a second from now on'],
      ['warn', 'a host answers again'],
    ]);
    expect(refusedAtOnce.length).toBeGreaterThan(0);
    for (const { err } of refusedAtOnce) {
      expect(err).toMatchObject({ message: expect.stringContaining('answered 502 without readable JSON') });
    }
  });
});
