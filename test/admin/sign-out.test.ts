import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { STORE_KINDS, type TestApp } from '../support/start-app.ts';
import { admin, contentOf, type Place, placesOf, saveView, startAppAt, statusOf } from './support.ts';

/** Two portals, three people: user 1 and user 7 of the first with a browser each, user 7 with a second one; user 1 of the other. */
describe.each(STORE_KINDS)('on the %s store', (kind) => {
  const places = placesOf(kind);
  let place: Place;
  let app: TestApp;
  let admin1: BrowserAgent;
  let manager: BrowserAgent;
  let lostPhone: BrowserAgent;
  let stranger: BrowserAgent;
  let hosts: string[];
  beforeEach(async () => {
    place = await places.fresh();
    app = await startAppAt(place, {
      emulator: { portals: [aPortal(), aPortal({ host: '127.0.0.1' })] },
      cacheSeconds: 600,
    });
    hosts = app.emulator.portals.map(({ origin }) => new URL(origin).host);
    admin1 = await signedIn('admin');
    manager = await signedIn('manager');
    lostPhone = await signedIn('manager', 0, {
      'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1',
    });
    stranger = await signedIn('admin', 1);
  });
  afterEach(() => app.stop());
  afterAll(() => places.stop());

  async function signedIn(login: string, portal = 0, headers: Record<string, string> = {}) {
    const agent = app.agent({ headers });
    await app.signIn(agent, login, { portal });
    return agent;
  }

  const statuses = async () => [
    await statusOf(app, admin1),
    await statusOf(app, manager),
    await statusOf(app, lostPhone),
    await statusOf(app, stranger),
  ];
  const epochOf = async (userId: number) => {
    const key = `b24:epoch:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:${userId}`;
    return app.store.get(key);
  };

  describe('sign-out', () => {
    it('of one person › ends all their browsers, and nobody else’s', async () => {
      const ran = await admin(place, 'sign-out', '--user', '7', '--portal', hosts[0] ?? '');

      expect(ran).toEqual({ code: 0, text: 'signed out: people: 1, browsers: 2' });
      expect(await statuses()).toEqual([200, 401, 401, 200]);
    });

    it('of one person › begins a new epoch, so that no replica shows what it has kept', async () => {
      const before = [await epochOf(1), await epochOf(7)];

      await admin(place, 'sign-out', '--user', '7', '--portal', hosts[0] ?? '');

      expect(await epochOf(7)).not.toBe(before[1]);
      expect(await epochOf(7)).toMatch(/^[\w-]{12}$/);
      expect(await epochOf(1)).toBe(before[0]);
    });

    it('of one person › removes the counts of their overview', async () => {
      await manager.visit(`${app.origin}/overview`);
      const overviews = async () =>
        (await contentOf(place)).filter(([key]) => key.startsWith('b24:overview:')).length;
      const before = await overviews();

      await admin(place, 'sign-out', '--user', '7', '--portal', hosts[0] ?? '');

      expect([before, await overviews()]).toEqual([1, 0]);
    });

    it('of one person › keeps tokens and saved views: they are back by signing in', async () => {
      await saveView(app, manager, 'Mine');
      await admin(place, 'sign-out', '--user', '7', '--portal', hosts[0] ?? '');

      await app.signIn(manager, 'manager');

      expect((await manager.visit(`${app.origin}/companies`)).text).toContain('Mine');
    });

    it('of a person who is not signed in › is an error: the number may be mistyped', async () => {
      const ran = await admin(place, 'sign-out', '--user', '17', '--portal', hosts[0] ?? '');

      expect(ran).toEqual({ code: 1, text: expect.stringContaining('User 17 of') });
      expect(await statuses()).toEqual([200, 200, 200, 200]);
    });

    it('of a portal › ends the sign-ins of its people only', async () => {
      const ran = await admin(place, 'sign-out', '--portal', hosts[0] ?? '');

      expect(ran).toEqual({ code: 0, text: 'signed out: people: 2, browsers: 3' });
      expect(await statuses()).toEqual([401, 401, 401, 200]);
    });

    it('of a portal that the store does not know › is an error, and says where it stands', async () => {
      const ran = await admin(place, 'sign-out', '--portal', 'acme.bitrix24.com');

      expect(ran).toEqual({
        code: 1,
        text: expect.stringContaining('nothing of a portal acme.bitrix24.com'),
      });
      expect(await statuses()).toEqual([200, 200, 200, 200]);
    });

    it('of all › ends every sign-in, and removes every session', async () => {
      const ran = await admin(place, 'sign-out', '--all');

      expect(ran).toEqual({ code: 0, text: 'signed out: people: 3, browsers: 4; sessions removed: 4' });
      expect(await statuses()).toEqual([401, 401, 401, 401]);
    });

    it.each([[['--all']], [['--portal', 'first']], [['--user', '7', '--portal', 'first']]])(
      'as a dry run, of %j › counts as the real one does, and signs nobody out',
      async (who) => {
        const argv = ['sign-out', ...who.map((each) => (each === 'first' ? (hosts[0] ?? '') : each))];
        const before = await contentOf(place);

        const dry = await admin(place, ...argv, '--dry-run');

        const after = await contentOf(place);
        const real = await admin(place, ...argv);
        expect(dry.text.replaceAll(/Dry run, nothing was changed: |would be /g, '')).toBe(real.text);
        expect(dry.text).toMatch(/^Dry run/);
        expect(after).toEqual(before);
      },
    );
  });

  describe('sessions', () => {
    it('lists people by portal, with their browsers and when those were last seen', async () => {
      const ran = await admin(place, 'sessions');

      const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC';
      const browser = (name: string) => `    ${name}, last seen ${time}, signed in ${time}`;
      expect(ran.code).toBe(0);
      // By name of the portal; of a person's browsers the one first that was seen last.
      expect(ran.text.split('\n')).toEqual([
        `${hosts[1]}: people: 1`,
        '  user 1, browsers: 1',
        expect.stringMatching(browser('unknown browser')),
        `${hosts[0]}: people: 2`,
        '  user 1, browsers: 1',
        expect.stringMatching(browser('unknown browser')),
        '  user 7, browsers: 2',
        expect.stringMatching(browser('Safari on iOS')),
        expect.stringMatching(browser('unknown browser')),
      ]);
    });

    it('shows no token, no id of a session or a browser, and no name', async () => {
      const { text } = await admin(place, 'sessions');

      const content = await contentOf(place);
      const ids = content.flatMap(([key, value]) => {
        if (key.startsWith('b24:session:')) return [key.slice('b24:session:'.length)];
        if (!key.startsWith('b24:browsers:')) return [];
        const entries = JSON.parse(value ?? '') as Record<string, { name: string }>;
        return Object.entries(entries).flatMap(([id, { name }]) => [id, name]);
      });
      expect(ids.length).toBeGreaterThan(8);
      expect([...ids, 'SECRET', 'Ada', 'Max'].filter((each) => text.includes(each))).toEqual([]);
    });

    it('changes nothing, and says so when nobody is signed in', async () => {
      const before = await contentOf(place);
      await admin(place, 'sessions');
      const after = await contentOf(place);
      await admin(place, 'sign-out', '--all');

      const ran = await admin(place, 'sessions');

      expect(after).toEqual(before);
      expect(ran).toEqual({ code: 0, text: 'No person is signed in.' });
    });

    it('leaves a record that cannot be read where it is', async () => {
      const key = 'b24:browsers:{damaged}:client:1';
      await app.store.set(key, 'damaged', 60_000);

      await admin(place, 'sessions');

      expect(await app.store.get(key)).toBe('damaged');
    });
  });

  describe('rekey', () => {
    it('says what it did, as npm run rekey does, and does nothing as a dry run', async () => {
      const dry = await admin(place, 'rekey', '--dry-run');
      const real = await admin(place, 'rekey');

      expect(dry).toEqual({
        code: 0,
        text: '3 token records: 0 would be sealed with the newest key, 3 were already, 0 could not be opened',
      });
      expect(real.text).toBe(dry.text.replace('would be ', ''));
    });

    it('ends with 1 when a record cannot be opened', async () => {
      await app.store.set('b24:tokens:{damaged}:client:1', 'damaged', 60_000);

      const dry = await admin(place, 'rekey', '--dry-run');
      const real = await admin(place, 'rekey');

      expect([dry.code, real.code]).toEqual([1, 1]);
      expect(real.text).toContain('1 could not be opened');
    });
  });
});
