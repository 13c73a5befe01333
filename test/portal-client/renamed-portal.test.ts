import { describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const NEW_HOST = '127.0.0.41';

describe('a portal that was renamed', () => {
  it('to an address that is allowed › the call is repeated there once, and the address is kept', async () => {
    const { app, agent } = await renamed((port) => `http://localhost:${port},http://${NEW_HOST}:${port}`);

    const first = await agent.request(`${app.origin}/companies`);
    const second = await agent.request(`${app.origin}/companies`);

    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.text).toContain('Alpha');
    expect(called(app.emulator.requests)).toEqual([
      ['localhost', 302],
      [NEW_HOST, 200],
      [NEW_HOST, 200],
    ]);
    await app.stop();
  });

  it('to an address that is not › nothing is sent there', async () => {
    const { app, agent } = await renamed((port) => `http://localhost:${port}`);

    const page = await agent.request(`${app.origin}/companies`);

    expect(page.status).toBe(502);
    expect(page.text).toContain(`It sends us to http://${NEW_HOST}:`);
    expect(page.text).toContain('add that address to BITRIX24_PORTALS');
    expect(called(app.emulator.requests)).toEqual([['localhost', 302]]);
    await app.stop();
  });
});

describe('a sign-in at the old address of a portal that was renamed', () => {
  const both = (port: number) => `http://localhost:${port},http://${NEW_HOST}:${port}`;

  it('when both addresses are listed › lets the person in, at the new address', async () => {
    const { app } = await renamed(both);
    const agent = app.agent();

    const page = await signInAtOldAddress(app, agent);

    expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies`) });
    expect(page.text).toContain('Alpha');
    expect((await agent.request(`${app.origin}/account`)).text).toContain(`href="http://${NEW_HOST}:`);
    await app.stop();
  });

  it('when only the old one is listed › refuses, and the log names the new one', async () => {
    const { app } = await renamed((port) => `http://localhost:${port}`);

    const page = await signInAtOldAddress(app, app.agent());

    expect(page.status).toBe(400);
    expect(app.logLines()).toContainEqual(
      expect.objectContaining({
        errorCode: 'portal_mismatch',
        why: expect.stringMatching(`^domain is not that of this sign-in: ${NEW_HOST} came, localhost:`),
      }),
    );
    await app.stop();
  });

  it('when the old address does not redirect › the word of the browser does not count, and no tokens are asked for', async () => {
    const other = aPortal({ host: NEW_HOST });
    const app = await startApp({ emulator: { portals: [aPortal(), other] } });
    app.emulator.orderFault({
      on: 'authorize',
      times: 9,
      effect: { type: 'alter', patch: { domain: NEW_HOST } },
    });

    const page = await app.signIn(app.agent());

    expect(page.status).toBe(400);
    expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toEqual([]);
    await app.stop();
  });
});

async function signInAtOldAddress(app: TestApp, agent: BrowserAgent) {
  const [old = ''] = app.emulator.portals.map(({ origin }) => origin.replace(NEW_HOST, 'localhost'));
  const form = await agent.visit(`${app.origin}/login?portal=${encodeURIComponent(old)}`);
  return agent.post(form.url.href, { login: 'admin', password: 'demo' });
}

/** Somebody is signed in when it happens. */
async function renamed(portals: (port: number) => string) {
  const portalPort = await freePort();
  const app = await startApp({
    emulator: { portals: [aPortal()], portalPort },
    portals: portals(portalPort),
  });
  const agent = app.agent();
  await app.signIn(agent);
  await app.emulator.portals[0]?.renameTo(NEW_HOST);
  app.emulator.clearRequests();
  return { app, agent };
}

function called(requests: readonly { host: string; status: number | null }[]) {
  return requests.map(({ host, status }) => [host.split(':')[0], status]);
}
