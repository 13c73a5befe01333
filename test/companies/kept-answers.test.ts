import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany } from '../support/builders.ts';
import { MINUTE } from '../support/clock.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

const SECOND = 1_000;
const JSON_HEADERS = { headers: { accept: 'application/json' } };
/** Until a process hears what another one has noted. */
const HEARD_MS = 1_100;

describe.each(STORE_KINDS)('answers that are kept, on the %s store', (store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({ store, cacheSeconds: 30 });
  });
  afterEach(() => app.stop());

  async function signedIn(login = 'admin'): Promise<BrowserAgent> {
    const agent = app.agent();
    await app.signIn(agent, login, { path: '/companies' });
    app.emulator.clearRequests();
    return agent;
  }

  const list = (agent: BrowserAgent, query = '') => agent.request(`${app.origin}/companies${query}`);
  const asked = () => app.emulator.requests.filter(({ kind }) => kind === 'rest').length;
  const rename = (title: string) =>
    app.emulator.portals[0]?.putCompany(aCompany({ ID: '1', TITLE: title, ASSIGNED_BY_ID: '1' }));
  async function untilAsked(times: number): Promise<void> {
    while (asked() < times || app.emulator.requests.some(({ status }) => status === null)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // What has arrived at the portal is not yet kept here.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  it('when they are young › are shown without asking the portal, and say nothing of it', async () => {
    const admin = await signedIn();
    rename('Renamed');
    app.clock.advance(29 * SECOND);

    const page = await list(admin);

    expect(page.text).toContain('Alpha');
    expect(page.text).not.toContain('class="age');
    expect(asked()).toBe(0);
  });

  it('when they are older › are shown at once with their age, and a new one is fetched', async () => {
    const admin = await signedIn();
    rename('Renamed');
    app.clock.advance(3 * MINUTE);

    const first = await list(admin);
    await untilAsked(1);
    const second = await list(admin);

    expect(first.text).toContain('Alpha');
    expect(first.text).toContain('As it was 3 minutes ago. A newer version is on its way.');
    expect(second.text).toContain('Renamed');
    expect(second.text).not.toContain('class="age');
    expect(asked()).toBe(1);
  });

  it('when they are older than ten minutes › are not shown', async () => {
    const admin = await signedIn();
    rename('Renamed');
    app.clock.advance(11 * MINUTE);

    const page = await list(admin);

    expect(page.text).toContain('Renamed');
    expect(page.text).not.toContain('Alpha');
  });

  it.each([
    ['limits us', { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' }, 'asks us to wait a little'],
    ['is away', { type: 'html', status: 502 }, 'does not answer just now'],
  ] as const)('when the portal %s › the last known is shown and says so', async (_case, effect, words) => {
    const admin = await signedIn();
    app.clock.advance(2 * MINUTE);
    app.emulator.orderFault({ on: 'rest', times: 50, effect });
    await list(admin);
    await untilText(words);

    const page = await list(admin);

    expect(page.status).toBe(200);
    expect(page.text).toContain('Alpha');
    expect(page.text).toContain('As it was 2 minutes ago');
    expect(page.text).toContain(words);

    async function untilText(text: string): Promise<void> {
      while (!(await list(admin)).text.includes(text))
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('when nothing is kept and the portal is away › there is a page that says so', async () => {
    const admin = await signedIn();
    app.emulator.orderFault({ on: 'rest', times: 50, effect: { type: 'html', status: 502 } });

    const page = await list(admin, '?q=Beta');

    expect(page.status).toBe(502);
  });

  it('when the reader chooses another language › are shown in that one', async () => {
    const admin = await signedIn();
    const russian = await admin.request(`${app.origin}/companies`, { headers: { 'accept-language': 'ru' } });

    const english = await list(admin);

    expect(russian.text).toContain('data-label="Ответственный"');
    expect(english.text).toContain('data-label="Responsible"');
    expect(asked()).toBe(0);
  });

  it('tell a program when they were true', async () => {
    const admin = await signedIn();
    const from = app.clock.now();
    app.clock.advance(20 * SECOND);

    const answer = await admin.request(`${app.origin}/companies`, JSON_HEADERS);

    const { asOf } = JSON.parse(answer.text) as { asOf: string };
    expect(Date.parse(asOf)).toBeLessThanOrEqual(from);
    expect(Date.parse(asOf)).toBeGreaterThan(from - 10 * SECOND);
  });

  it('when two hundred ask for one page at once › the portal is asked once', async () => {
    const admin = await signedIn();

    const pages = await Promise.all(
      Array.from({ length: 200 }, () => admin.request(`${app.origin}/companies?q=a`, JSON_HEADERS)),
    );

    expect(pages.filter(({ status }) => status === 200)).toHaveLength(200);
    expect(asked()).toBe(1);
  });

  describe('are never shown to anybody else', () => {
    it('at the same portal, whatever rights they have', async () => {
      await signedIn('admin');
      const manager = app.agent();

      const page = await app.signIn(manager, 'manager');

      expect(page.text).toContain('Beta');
      expect(page.text).not.toContain('Alpha');
    });

    it('nor to the same person after a sign-out and a new sign-in', async () => {
      const admin = await signedIn();
      rename('Renamed');
      await admin.post(`${app.origin}/logout`);

      const page = await admin.visit(`${app.origin}/login`);

      expect(page.url.pathname).toBe('/companies');
      expect(page.text).toContain('Renamed');
    });
  });

  describe('after a refusal', () => {
    it('are not shown any more, those of other questions included', async () => {
      const admin = await signedIn();
      await list(admin, '?q=Alpha');
      app.emulator.portals[0]?.setUser(1, { crm: 'none' });

      const refused = await list(admin, '?q=Gamma');
      const pages = [await list(admin), await list(admin, '?q=Alpha'), await list(admin, '?q=Gamma')];

      expect(refused.status).toBe(403);
      expect(pages.map(({ status }) => status)).toEqual([403, 403, 403]);
      for (const { text } of pages) expect(text).not.toContain('class="companies"');
    });

    it('are not shown by another replica either, once it has heard', async () => {
      const admin = await signedIn();
      const replica = await app.replica();
      expect((await admin.request(`${replica}/companies`)).text).toContain('Alpha');
      app.emulator.portals[0]?.setUser(1, { crm: 'none' });
      await list(admin, '?q=Gamma');
      app.clock.advance(HEARD_MS);

      const page = await admin.request(`${replica}/companies`);

      expect(page.status).toBe(403);
    });

    it('that comes while an older one is under way, the older one is not kept', async () => {
      const admin = await signedIn();
      const held = app.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'after' } });
      const slow = list(admin, '?q=Alpha');
      while (!app.emulator.requests.some(({ kind }) => kind === 'rest'))
        await new Promise((resolve) => setTimeout(resolve, 5));
      app.emulator.portals[0]?.setUser(1, { crm: 'none' });
      await list(admin, '?q=Gamma');
      held.release();
      await slow;

      const page = await list(admin, '?q=Alpha');

      expect(page.status).toBe(403);
    });
  });
});

describe('the words of a portal', () => {
  it('when a second page is shown › are not asked for again', async () => {
    const app = await startApp({ cacheSeconds: 30 });
    const agent = app.agent();
    await app.signIn(agent);
    const first = app.emulator.requests.at(-1)?.commands;
    app.emulator.clearRequests();

    await agent.request(`${app.origin}/companies?q=a`);

    const colleagues = Array.from({ length: 4 }, () => 'user.get');
    const dictionaries = Array.from({ length: 3 }, () => 'crm.status.list');
    expect(first).toEqual(['crm.company.list', 'user.get', ...dictionaries, ...colleagues]);
    expect(app.emulator.requests.map(({ commands }) => commands)).toEqual([['crm.company.list', 'user.get']]);
    await app.stop();
  });
});
