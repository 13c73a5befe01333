import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

/** What one tab of a browser does to another. */
describe.each(STORE_KINDS)('two tabs of one browser, on the %s store', (store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({
      store,
      emulator: { portals: [aPortal(), aPortal({ host: '127.0.0.2' }), aPortal({ host: '127.0.0.3' })] },
    });
  });
  afterEach(() => app.stop());

  it('a slow page does not bring back the session that another tab has replaced', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const held = app.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' } });
    const slow = agent.request(`${app.origin}/companies`);
    await held.reached();

    await app.signIn(agent, 'admin', { portal: 1 });
    held.release();
    await slow;

    expect((await agent.request(`${app.origin}/companies`)).status).toBe(200);
  });

  it('a sign-out in one tab while another signs in leads to no circle when that grant ends', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    await app.signIn(agent, 'admin', { portal: 1 });
    // The one tab is at the portal …
    const login = await agent.request(
      `${app.origin}/login?portal=${encodeURIComponent(app.emulator.portals[2]?.origin ?? '')}`,
    );
    const back = await agent.request(login.location ?? '', { form: { login: 'admin', password: 'demo' } });
    const callback = await agent.request(new URL(back.location ?? '', login.location).href);
    // … while the other leaves.
    const account = await agent.request(`${app.origin}/account`, { headers: { accept: 'application/json' } });
    await agent.post(`${app.origin}/account/leave`, { person: JSON.parse(account.text).person.id });
    const arrived = await agent.request(callback.location ?? '');
    app.emulator.portals[2]?.revokeGrants();
    app.clock.advance(HOUR);

    const page = await agent.visit(`${app.origin}/companies`);

    expect(arrived).toMatchObject({ status: 303, location: '/companies' });
    expect(page.status).toBe(200);
  });

  it('tokens are not said to be forgotten by somebody who was signed out from elsewhere', async () => {
    const [here, phone] = [app.agent(), app.agent()];
    await app.signIn(here);
    await app.signIn(phone);
    const account = await phone.request(`${app.origin}/account`, { headers: { accept: 'application/json' } });
    await phone.post(`${app.origin}/account/sign-out-everywhere`, {
      person: JSON.parse(account.text).person.id,
    });

    const answer = await here.post(`${app.origin}/logout`, { forget: '1' });

    expect(answer.status).toBe(401);
  });
});

describe('the redirection endpoint under another spelling', () => {
  it.each(['/bitrix/', '/BITRIX'])(
    '%s is not used up by a HEAD, and shows neither code nor state',
    async (path) => {
      const app = await startApp();
      const agent = app.agent();
      const login = await agent.request(`${app.origin}/login`);
      const state = new URL(login.location ?? '').searchParams.get('state') ?? '';
      const address = `${app.origin}${path}?code=some-code&state=${state}`;

      await agent.request(address, { method: 'HEAD' });
      const stranger = await createAgent().request(address);
      const own = await agent.request(address);

      expect([stranger.status, own.status]).toEqual([403, 303]);
      expect(stranger.text).not.toContain(state);
      expect(stranger.text).not.toContain('some-code');
      await app.stop();
    },
  );
});
