import { describe, expect, it } from '@jest/globals';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { startApp } from '../support/start-app.ts';

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
