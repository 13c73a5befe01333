import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent, Visit } from '../support/browser-agent.ts';
import { HOUR, MINUTE } from '../support/clock.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

describe.each(STORE_KINDS)('a grant that is over heals itself, on the %s store', (store) => {
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
  });

  it('with one trip to the same address and the same query, and no page in between', async () => {
    app.clock.advance(HOUR);
    app.emulator.portals[0]?.revokeGrants();
    const address = `${app.origin}/companies?q=Альфа+%26+Co&sort=title&order=asc&page=2`;

    const page = await agent.visit(address);

    expect(page.status).toBe(200);
    expect(page.url.href).toBe(new URL(address).href);
    expect(tripsOf(page)).toBe(1);
  });

  it('with two trips at most, then a page says why and asks', async () => {
    refuseForEver();

    const page = await agent.visit(`${app.origin}/companies`);
    const again = await agent.visit(`${app.origin}/companies`);

    expect([page.status, tripsOf(page)]).toEqual([401, 2]);
    expect([again.status, tripsOf(again)]).toEqual([401, 0]);
    expect(again.text).toContain('Bitrix24 no longer lets you in');
    expect(again.text).toContain('<a class="button primary" href="/account">');
    // Another sign-in would not help. Once the portal lets the person in again, so do we.
    app.emulator.clearFaults();
    expect((await agent.visit(`${app.origin}/companies`)).status).toBe(200);
  });

  it('with trips of its own for each address', async () => {
    refuseForEver();
    await agent.visit(`${app.origin}/companies`);

    const other = await agent.visit(`${app.origin}/companies?q=Alpha`);

    expect(tripsOf(other)).toBe(2);
  });

  it('and trips that a person starts are not counted', async () => {
    refuseForEver();
    await agent.visit(`${app.origin}/companies`);
    app.emulator.clearFaults();

    const page = await agent.visit(`${app.origin}/login?returnTo=%2Fcompanies`);

    expect(page).toMatchObject({ status: 200, url: new URL(`${app.origin}/companies`) });
  });

  it('and after a minute the way is free again', async () => {
    refuseForEver();
    await agent.visit(`${app.origin}/companies`);
    app.emulator.clearFaults();
    app.emulator.portals[0]?.revokeGrants();
    app.clock.advance(MINUTE + 1);

    const page = await agent.visit(`${app.origin}/companies`);

    expect([page.status, tripsOf(page)]).toEqual([200, 1]);
  });

  it('and a program is told 401 at once, however often it asks', async () => {
    app.clock.advance(HOUR);
    app.emulator.portals[0]?.revokeGrants();

    const answers = [];
    for (const _time of [1, 2, 3, 4]) {
      const answer = await agent.request(`${app.origin}/companies`, {
        headers: { accept: 'application/json' },
      });
      answers.push([answer.status, JSON.parse(answer.text).error.code]);
    }

    expect(answers).toEqual(answers.map(() => [401, 'sign_in_required']));
  });

  it('while a renewal takes long, the page asks again by itself three times, and a program is told when', async () => {
    app.clock.advance(HOUR);
    const held = app.emulator.orderFault({ on: 'token', effect: { type: 'hold', when: 'after' } });

    const [json, ...pages] = await Promise.all([
      agent.request(`${app.origin}/companies`, { headers: { accept: 'application/json' } }),
      ...[1, 2, 3, 4].map(() => agent.request(`${app.origin}/companies`)),
    ]);
    held.release();

    expect([json.status, json.headers.get('retry-after'), JSON.parse(json.text).error.code]).toEqual([
      503,
      '2',
      'reconnecting',
    ]);
    expect(pages.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(pages.map(({ headers }) => headers.get('refresh')).sort()).toEqual(['2', '2', '2', null]);
    const [stuck] = pages.filter(({ headers }) => headers.get('refresh') === null);
    expect(stuck?.text).toContain('href="/login?returnTo=%2Fcompanies"');
    expect(stuck?.text).toContain('Bitrix24 takes very long');
    expect((await agent.visit(`${app.origin}/companies`)).status).toBe(200);
  });

  /** The portal lets in, and then refuses whatever is asked with the new token. */
  function refuseForEver(): void {
    app.emulator.orderFault({
      on: 'rest',
      times: 50,
      effect: { type: 'error', status: 401, error: 'authorization_error' },
    });
  }

  function tripsOf(page: Visit): number {
    return page.redirects.filter(({ pathname }) => pathname === '/login').length;
  }
});
