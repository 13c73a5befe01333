import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type BrowserAgent, cookieOf, type Visit } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { DAY, HOUR, MINUTE } from '../support/clock.ts';
import { STORE_KINDS_IN_TURN, startApp, type TestApp } from '../support/start-app.ts';
import { letTimersRun, pass, stopTimers } from '../support/stopped-timers.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

/** Enough to catch a mistake; the full 200 are a scenario of test/chaos. */
const RACES = 10;

describe.each(STORE_KINDS_IN_TURN)('/account on the %s store', (store) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      store,
      emulator: {
        portals: [
          aPortal({ host: 'localhost' }),
          aPortal({
            host: '127.0.0.2',
            users: [
              aUser({ id: 1, login: 'admin', name: 'Otto', lastName: 'Other', crm: 'all' }),
              aUser({ id: 2, login: 'second', name: 'Sam', lastName: 'Second', crm: 'all' }),
            ],
            companies: [aCompany({ ID: '1', TITLE: 'Of the other portal' })],
          }),
        ],
      },
    });
  });
  afterAll(() => app.stop());
  afterEach(() => {
    letTimersRun();
    app.emulator.clearFaults();
  });

  const as = (agent: BrowserAgent) => on(agent, () => app.origin);

  describe('GET /account', () => {
    describe('when nobody is signed in', () => {
      it('leads a person through the sign-in and back', async () => {
        const answer = await app.agent().request(`${app.origin}/account`);

        expect(answer).toMatchObject({ status: 303, location: '/login?returnTo=%2Faccount' });
      });

      it('answers a program 401', async () => {
        const answer = await as(app.agent()).account();

        expect(answer).toMatchObject({ status: 401, body: { error: { code: 'sign_in_required' } } });
      });
    });

    describe('when an administrator is signed in', () => {
      it('tells a program who, with which rights, since when, and where', async () => {
        const agent = app.agent({ headers: { 'user-agent': FIREFOX } });
        await signInAfresh(agent);

        const { body } = await as(agent).account();

        const portal = app.emulator.portals[0];
        const recently = expect.stringMatching(/^2\d{3}-\d\d-\d\dT/);
        expect(body).toEqual({
          person: {
            id: expect.any(String),
            memberId: portal?.memberId,
            userId: 1,
            name: 'Ada Admin',
            portal: portal?.origin,
            since: recently,
          },
          rights: { isAdministrator: true, scope: ['crm', 'user'], mayReadCompanies: true },
          problem: null,
          access: { state: 'ok', since: recently, renewedAt: null, lastError: null },
          browsers: [
            {
              id: expect.any(String),
              browser: 'Firefox',
              system: 'Linux',
              agent: FIREFOX,
              since: recently,
              seen: recently,
              isThis: true,
            },
          ],
          others: [],
        });
      });

      it.each([
        ['en', ['Ada Admin', 'User 1', 'Portal administrator', 'This browser', 'None since you signed in']],
        ['ru', ['Ada Admin', 'Пользователь 1', 'Администратор портала', 'Этот браузер', 'не было']],
      ])('tells a person in %s', async (language, texts) => {
        const agent = app.agent({ headers: { 'accept-language': language } });
        await signInAfresh(agent);

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.status).toBe(200);
        for (const text of texts) expect(page.text).toContain(text);
        expect(page.text).toContain(`href="${app.emulator.portals[0]?.origin}/"`);
      });

      it('asks the portal once', async () => {
        const agent = app.agent();
        await signInAfresh(agent);
        app.emulator.clearRequests();

        await as(agent).account();

        expect(app.emulator.requests.map(({ path }) => path)).toEqual(['/rest/batch']);
      });
    });

    describe('when somebody has fewer rights', () => {
      it('says that a manager is no administrator and may read companies', async () => {
        const agent = app.agent();
        await signInAfresh(agent, 'manager');

        const { body } = await as(agent).account();

        expect(body.rights).toMatchObject({ isAdministrator: false, mayReadCompanies: true });
      });

      it('says that a guest may not, and what to do', async () => {
        const agent = app.agent();
        await signInAfresh(agent, 'guest');

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.text).toContain('No: you have no right to read companies');
        expect(page.text).toContain('Ask the portal’s administrator for the right');
      });
    });

    describe('when the portal is in trouble', () => {
      it.each([
        ['answers a page', { type: 'html', status: 502 }, 'Bitrix24 did not answer sensibly'],
        ['hangs up', { type: 'drop', when: 'before' }, 'Bitrix24 did not answer sensibly'],
        ['asks for money', { type: 'error', status: 402, error: 'PAYMENT_REQUIRED' }, 'is not paid for'],
      ] as const)('and %s, the page comes all the same', async (_case, effect, text) => {
        const agent = app.agent();
        await signInAfresh(agent);
        app.emulator.orderFault({ on: 'rest', times: 9, effect });

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.status).toBe(200);
        expect(page.text).toContain('The portal could not be asked just now');
        expect(page.text).toContain(text);
        expect(page.text).toContain('This browser');
      });

      it('and limits us, the page comes all the same', async () => {
        // Its own, because the limit that it learns holds for ten minutes.
        const own = await startApp({ store });
        const agent = own.agent();
        await own.signIn(agent, 'admin', { path: '/account' });
        const effect = { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' } as const;
        own.emulator.orderFault({ on: 'rest', times: 9, effect });

        const page = await agent.visit(`${own.origin}/account`);

        expect(page.status).toBe(200);
        expect(page.text).toContain('Bitrix24 asks for a short pause');
        await own.stop();
      });

      it('and does not answer, the page comes after three seconds', async () => {
        const agent = app.agent();
        await signInAfresh(agent);
        const held = app.emulator.orderFault({
          on: 'rest',
          times: 9,
          effect: { type: 'hold', when: 'before' },
        });
        stopTimers('setTimeout');

        const visit = agent.visit(`${app.origin}/account`);
        await held.reached();
        await pass(3_000);
        const page = await visit;

        expect(page.status).toBe(200);
        expect(page.text).toContain('Bitrix24 takes too long');
      });

      it('and has ended the access, says so and offers a new sign-in', async () => {
        const agent = app.agent();
        await signInAfresh(agent, 'manager');
        app.emulator.portals[0]?.revokeGrants(7);

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.status).toBe(200);
        expect(page.text).toContain('href="/login?returnTo=%2Faccount"');
        expect(page.text).toContain('Signing in again brings a new one.');
        expect(page.text).toContain('The access was withdrawn or ran out');
        expect((await as(agent).account()).body.access).toMatchObject({
          state: 'reauth',
          lastError: { code: 'invalid_grant' },
        });
      });

      it.each([
        ['INVALID_SCOPE', 'asks for more than its card allows'],
        ['PAYMENT_REQUIRED', 'The application is not paid for on the portal'],
        ['something_new', 'tell your administrator the code below'],
      ])('and a renewal fails with %s, says what that means and what to do', async (error, text) => {
        const agent = app.agent();
        await signInAfresh(agent, 'guest');
        app.clock.advance(2 * HOUR);
        app.emulator.orderFault({ on: 'token', times: 9, effect: { type: 'error', status: 400, error } });

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.status).toBe(200);
        expect(page.text).toContain(text);
        expect(page.text).toContain(`<code>${error.toLowerCase()}</code>`);
      });

      it('and a renewal has succeeded, says when', async () => {
        const agent = app.agent();
        await signInAfresh(agent);
        app.clock.advance(2 * HOUR);

        const { body } = await as(agent).account();

        expect(body.access).toMatchObject({ state: 'ok', lastError: null });
        expect(Date.parse(body.access?.renewedAt ?? '')).toBeGreaterThan(
          Date.parse(body.access?.since ?? ''),
        );
      });
    });

    describe('when a browser gives a hostile name', () => {
      it('shows it as text, and no more than 300 characters of it', async () => {
        const agent = app.agent({
          headers: { 'user-agent': `<img src=x onerror=alert(1)>"'${'x'.repeat(1000)}` },
        });
        await signInAfresh(agent);

        const page = await agent.visit(`${app.origin}/account`);

        expect(page.text).toContain('Unknown browser');
        expect(page.text).toContain('&lt;img src=x onerror=alert(1)&gt;');
        expect(page.text).not.toContain('<img src=x');
        expect(page.text).not.toContain('x'.repeat(300));
      });
    });
  });

  describe('several browsers of one person', () => {
    it('are listed, the most recently seen first, each with its name', async () => {
      const [here, phone] = await twoBrowsers();

      const { body } = await as(here).account();

      expect(body.browsers.map(({ system, isThis }) => [system, isThis])).toEqual([
        ['iOS', false],
        ['Linux', true],
      ]);
      expect((await as(phone).account()).body.browsers.find(({ isThis }) => isThis)?.system).toBe('iOS');
    });

    it('are seen again when they come back after a while', async () => {
      const [here, phone] = await twoBrowsers();
      const before = (await as(here).account()).body.browsers.find(({ isThis }) => !isThis);
      app.clock.advance(6 * MINUTE);

      await as(phone).companies();

      const after = (await as(here).account()).body.browsers.find(({ isThis }) => !isThis);
      expect(Date.parse(after?.seen ?? '') - Date.parse(before?.seen ?? '')).toBeGreaterThan(5 * MINUTE);
      expect(after?.since).toBe(before?.since);
    });

    it('are one when several tabs of it sign in at once', async () => {
      await app.store.forget(recordKey(7));
      const agent = app.agent();
      await signInAfresh(agent, 'manager');
      const paths = Array.from({ length: 20 }, (_, index) => `/companies/${index + 1}`);
      const callbacks = await Promise.all(paths.map((path) => beginSignIn(agent, path)));

      const landed = [];
      for (const callback of callbacks.reverse()) landed.push((await agent.request(callback)).location);

      expect(landed.reverse()).toEqual(paths);
      const { body } = await as(agent).account();
      expect(body.browsers).toHaveLength(1);
      expect(body.others).toEqual([]);
    });

    it('are one even when the tabs overtake one another', async () => {
      await app.store.forget(recordKey(9));
      const agent = app.agent();
      await signInAfresh(agent, 'guest');
      const callbacks = await Promise.all(['/a', '/b', '/c'].map((path) => beginSignIn(agent, path)));

      await Promise.all(callbacks.map((callback) => agent.request(callback)));

      const { status, body } = await as(agent).account();
      expect(status).toBe(200);
      expect(body.browsers).toHaveLength(1);
    });

    it('are at most fifty: the least recently seen makes room', async () => {
      const first = app.agent();
      await signInAfresh(first, 'guest');
      for (let browser = 0; browser < 50; browser += 1) {
        app.clock.advance(1000);
        await signInAfresh(app.agent(), 'guest');
      }

      expect((await as(first).account()).status).toBe(401);
    });

    it('need one place each, however often they sign in', async () => {
      const [here, phone] = await twoBrowsers();
      app.clock.advance(1000);
      for (let time = 0; time < 50; time += 1)
        await phone.visit(`${app.origin}/login?portal=${portalOf(0)}&returnTo=/nowhere`);

      expect((await as(here).account()).body.browsers).toHaveLength(2);
    });
  });

  describe('POST /account/sign-out-browser', () => {
    it('ends exactly that browser, at once, on another replica too', async () => {
      const [here, phone] = await twoBrowsers();
      const replica = await app.replica();
      expect((await on(phone, () => replica).companies()).status).toBe(200);

      await signOutTheOther(here);

      expect((await on(phone, () => replica).companies()).status).toBe(401);
      expect((await as(phone).companies()).status).toBe(401);
      expect((await as(here).companies()).status).toBe(200);
    });

    it('tells the other browser what happened, and asks before it signs in again', async () => {
      const [here, phone] = await twoBrowsers();
      await signOutTheOther(here);

      const page = await phone.visit(`${app.origin}/companies?q=Alpha`);

      expect(page.url.pathname + page.url.search).toBe('/?returnTo=%2Fcompanies%3Fq%3DAlpha');
      expect(page.text).toContain('You were signed out of this browser');
      expect(page.text).not.toContain('class="person"');
    });

    it('asks as often as somebody comes back to a page', async () => {
      const [here, phone] = await twoBrowsers();
      await signOutTheOther(here);

      const answers = [];
      for (let visit = 0; visit < 4; visit += 1)
        answers.push((await phone.request(`${app.origin}/companies`)).location);

      expect(new Set(answers)).toEqual(new Set(['/?returnTo=%2Fcompanies']));
    });

    it('lets that browser sign in again', async () => {
      const [here, phone] = await twoBrowsers();
      await signOutTheOther(here);

      await phone.visit(`${app.origin}/login?portal=${portalOf(0)}`);

      expect((await as(phone).companies()).status).toBe(200);
      expect((await as(here).account()).body.browsers).toHaveLength(2);
    });

    it.each([
      ['of somebody else', (foreign: string) => foreign],
      ['that nobody has', () => 'nobody'],
      ['that is none', () => '__proto__'],
    ])('of a browser %s changes nothing', async (_case, pick) => {
      const [here, phone] = await twoBrowsers('manager');
      const stranger = app.agent();
      await signInAfresh(stranger, 'guest');
      const foreign = (await as(stranger).account()).body.browsers[0]?.id ?? '';

      const page = await here.post(`${app.origin}/account/sign-out-browser`, { browser: pick(foreign) });

      expect(page.url.pathname).toBe('/account');
      for (const agent of [here, phone, stranger]) expect((await as(agent).account()).status).toBe(200);
    });

    it('from another site answers 403 and ends nothing', async () => {
      const [here, phone] = await twoBrowsers();
      const { body } = await as(here).account();

      const answer = await here.request(`${app.origin}/account/sign-out-browser`, {
        form: { browser: body.browsers.find(({ isThis }) => !isThis)?.id ?? '' },
        headers: { origin: 'https://evil.example' },
      });

      expect(answer.status).toBe(403);
      expect((await as(phone).companies()).status).toBe(200);
    });

    it(`against a request that is under way: ${RACES} times, nobody comes back`, async () => {
      const here = app.agent();
      await signInAfresh(here, 'manager');
      let revived = 0;
      for (let race = 0; race < RACES; race += 1) {
        const other = app.agent();
        await signInAfresh(other, 'manager');
        const { body } = await as(other).account();
        const id = body.browsers.find(({ isThis }) => isThis)?.id ?? '';
        // From here on every request notes that its browser was seen.
        app.clock.advance(6 * MINUTE);

        await Promise.all([
          as(other).companies(),
          here.post(`${app.origin}/account/sign-out-browser`, { browser: id }),
          as(other).companies(),
        ]);

        const { status } = await as(other).companies();
        const listed = (await as(here).account()).body.browsers.some((browser) => browser.id === id);
        if (status !== 401 || listed) revived += 1;
      }

      expect(revived).toBe(0);
    });
  });

  describe('POST /account/sign-out-everywhere', () => {
    it('ends every browser of this person, this one included, and nobody else', async () => {
      const [here, phone] = await twoBrowsers();
      const [sameIdElsewhere, colleague] = [app.agent(), app.agent()];
      await app.signIn(sameIdElsewhere, 'admin', { portal: 1 });
      await signInAfresh(colleague, 'manager');

      const page = await signOutEverywhere(here);

      expect(page.url.href).toBe(`${app.origin}/`);
      expect(page.text).toContain('You are signed out here');
      for (const agent of [here, phone]) expect((await as(agent).companies()).status).toBe(401);
      for (const agent of [sameIdElsewhere, colleague])
        expect((await as(agent).companies()).status).toBe(200);
    });

    it('leaves the other people of this browser signed in, and acts as none of them unasked', async () => {
      const agent = app.agent();
      await app.signIn(agent, 'admin', { portal: 1 });
      await signInAfresh(agent);

      const page = await signOutEverywhere(agent);

      expect(page.text).toContain('Continue as Otto Other');
      expect((await as(agent).companies()).status).toBe(401);
      const other = /name="person" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
      await agent.post(`${app.origin}/account/switch`, { person: other });
      expect((await as(agent).companies()).titles).toEqual(['Of the other portal']);
    });

    it('by GET answers 404 and ends nothing', async () => {
      const agent = app.agent();
      await signInAfresh(agent);

      const answer = await agent.request(`${app.origin}/account/sign-out-everywhere`);

      expect(answer.status).toBe(404);
      expect((await as(agent).companies()).status).toBe(200);
    });
  });

  describe('POST /logout', () => {
    it('takes this browser off the list of the others', async () => {
      const [here, phone] = await twoBrowsers();

      await phone.post(`${app.origin}/logout`);

      expect((await as(here).account()).body.browsers).toHaveLength(1);
    });

    it('ends the sign-ins of every person of this browser', async () => {
      const [agent, elsewhere] = [app.agent(), app.agent()];
      await app.signIn(agent, 'second', { portal: 1 });
      await app.signIn(elsewhere, 'second', { portal: 1 });
      await signInAfresh(agent);
      const before = (await as(elsewhere).account()).body.browsers.length;

      await agent.post(`${app.origin}/logout`);

      expect((await as(elsewhere).account()).body.browsers).toHaveLength(before - 1);
      expect((await as(agent).companies()).status).toBe(401);
      expect((await agent.visit(app.origin)).text).not.toContain('Continue as');
    });

    it('with forget=1 sends other browsers through Bitrix24 again', async () => {
      const [here, phone] = await twoBrowsers();

      // Whoever has only just come from Bitrix24 is shown a page first.
      app.clock.advance(2 * MINUTE);

      await here.post(`${app.origin}/logout`, { forget: '1' });

      expect((await as(phone).companies()).status).toBe(401);
      const page = await phone.visit(`${app.origin}/companies`);
      expect(page.redirects.map(({ pathname }) => pathname)).toContain('/oauth/authorize/');
      expect(page.text).toContain('Alpha');
    });

    it('with forget=1 forgets nothing for a browser that was signed out from elsewhere', async () => {
      const [here, phone] = await twoBrowsers();
      await signOutTheOther(here);

      await phone.post(`${app.origin}/logout`, { forget: '1' });

      expect((await as(here).companies()).status).toBe(200);
    });
  });

  describe('several people in one browser', () => {
    it('a second sign-in keeps the first', async () => {
      const agent = await inBoth();

      const { body } = await as(agent).account();

      expect(body.person).toMatchObject({ name: 'Otto Other', userId: 1 });
      expect(body.others).toMatchObject([{ name: 'Ada Admin', userId: 1, isSignedIn: true }]);
    });

    it('a switch brings the companies of the right portal, under a new session id', async () => {
      const agent = await inBoth();
      const [before, cookie] = [await as(agent).companies(), sessionCookie(agent)];

      const page = await switchTo(agent);

      expect(before.titles).toEqual(['Of the other portal']);
      expect(page.url.pathname).toBe('/companies');
      expect((await as(agent).companies()).titles).toEqual(['Gamma', 'Beta', 'Alpha']);
      expect(sessionCookie(agent)).not.toBe(cookie);
    });

    it('signing in as the same person again replaces the entry', async () => {
      const agent = await inBoth();

      await agent.visit(`${app.origin}/login?portal=${portalOf(0)}`);

      const { body } = await as(agent).account();
      expect([body.person, ...body.others].map(({ name }) => name)).toEqual(['Ada Admin', 'Otto Other']);
      expect(body.browsers.filter(({ isThis }) => isThis)).toHaveLength(1);
    });

    it('two users of one portal are never mixed', async () => {
      const agent = app.agent();
      await signInAfresh(agent, 'manager');
      await signInAfresh(agent, 'admin');
      const admin = await as(agent).companies();

      await switchTo(agent);

      expect(admin.titles).toEqual(['Gamma', 'Beta', 'Alpha']);
      expect((await as(agent).companies()).titles).toEqual(['Beta']);
    });

    it('when a page is asked for again › the record of sign-ins is read once, after the session', async () => {
      const agent = await inBoth();
      await as(agent).companies();
      const asked = jest.spyOn(app.store, 'get');

      await as(agent).companies();

      const kinds = asked.mock.calls.map(([key]) => key.split(':')[1]);
      asked.mockRestore();
      expect(kinds.filter((kind) => kind === 'browsers')).toHaveLength(1);
      // On Redis the session store does not use this interface.
      expect(kinds.slice(0, 2)).toEqual(store === 'redis' ? ['browsers', 'tokens'] : ['session', 'browsers']);
    });

    it('when the session names another than before, under the same cookie › it is they who are asked about', async () => {
      const agent = await inBoth();
      const before = await as(agent).account();
      const key = `b24:session:${
        decodeURIComponent(sessionCookie(agent) ?? '')
          .slice(2)
          .split('.')[0]
      }`;
      const session = JSON.parse((await app.store.get(key)) ?? '');
      await app.store.set(key, JSON.stringify({ ...session, people: session.people.reverse() }), HOUR);

      const after = await as(agent).account();

      expect(before.body.person.name).toBe('Otto Other');
      expect(after.body.person.name).toBe('Ada Admin');
      expect((await as(agent).account()).body.others).toMatchObject([
        { name: 'Otto Other', isSignedIn: true },
      ]);
    });

    it('at most ten stay; the least recently used is signed out', async () => {
      const crowd = Array.from({ length: 11 }, (_, index) =>
        aUser({ id: 100 + index, login: `user${index}`, name: `N${index}`, lastName: '', crm: 'all' }),
      );
      const crowded = await startApp({ store, emulator: { portals: [aPortal({ users: crowd })] } });
      const [agent, first] = [crowded.agent(), crowded.agent()];
      await crowded.signIn(first, 'user0');
      for (const { login } of crowd) {
        agent.cookies.delete('localhost');
        await crowded.signIn(agent, login);
      }

      const { body } = await on(agent, () => crowded.origin).account();
      const left = (await on(first, () => crowded.origin).account()).body.browsers;
      await crowded.stop();

      expect([body.person, ...body.others].map(({ name }) => name)).toEqual(
        Array.from({ length: 10 }, (_, index) => `N${10 - index}`),
      );
      expect(left).toHaveLength(1);
    });

    it('GET /login without a portal means the one that is in use', async () => {
      const agent = await inBoth();

      const answer = await agent.request(`${app.origin}/login`);

      expect(answer.location).toContain(`${app.emulator.portals[1]?.origin}/oauth/authorize/`);
    });
  });

  describe('POST /account/switch', () => {
    it('to somebody who was signed out elsewhere leads to the sign-in at their portal', async () => {
      const agent = await inBoth();
      const elsewhere = app.agent();
      await signInAfresh(elsewhere);
      await signOutEverywhere(elsewhere);
      const { body } = await as(agent).account();

      const answer = await agent.request(`${app.origin}/account/switch`, {
        form: { person: body.others[0]?.id ?? '' },
        headers: { 'sec-fetch-site': 'same-origin' },
      });

      expect(body.others).toMatchObject([{ name: 'Ada Admin', isSignedIn: false }]);
      expect(answer).toMatchObject({
        status: 303,
        location: `/login?portal=${portalOf(0)}&returnTo=%2Fcompanies`,
      });
      expect((await as(agent).companies()).titles).toEqual(['Of the other portal']);
    });

    it.each(['', 'nobody', '__proto__'])('to "%s" changes nothing', async (person) => {
      const agent = await inBoth();

      const page = await agent.post(`${app.origin}/account/switch`, { person });

      expect(page.url.pathname).toBe('/account');
      expect((await as(agent).companies()).titles).toEqual(['Of the other portal']);
    });

    it('to somebody of another browser changes nothing', async () => {
      const [agent, stranger] = [await inBoth(), app.agent()];
      await signInAfresh(stranger, 'manager');
      const { body } = await as(stranger).account();

      await agent.post(`${app.origin}/account/switch`, { person: body.person.id });

      expect((await as(agent).companies()).titles).toEqual(['Of the other portal']);
    });

    it('goes to a page of ours and nowhere else', async () => {
      const agent = await inBoth();

      const page = await switchTo(agent, { returnTo: 'https://evil.example/' });

      expect(page.url.href).toBe(`${app.origin}/companies`);
    });

    it('from another site answers 403 and switches nothing', async () => {
      const agent = await inBoth();
      const { body } = await as(agent).account();

      const answer = await agent.request(`${app.origin}/account/switch`, {
        form: { person: body.others[0]?.id ?? '' },
        headers: { origin: 'https://evil.example' },
      });

      expect(answer.status).toBe(403);
      expect((await as(agent).companies()).titles).toEqual(['Of the other portal']);
    });
  });

  describe('a page that was shown before another tab switched', () => {
    it.each([
      ['/account/sign-out-everywhere', {}],
      ['/logout', { forget: '1' }],
    ])('by %s does nothing to who is in use now', async (path, form) => {
      const agent = await inBoth();
      const { body: shown } = await as(agent).account();
      await switchTo(agent);

      const page = await agent.post(app.origin + path, { person: shown.person.id, ...form });

      expect(page.url.pathname).toBe('/account');
      expect((await as(agent).companies()).titles).toEqual(['Gamma', 'Beta', 'Alpha']);
    });

    it('by /account/sign-out-browser does nothing to them either', async () => {
      const [agent, other] = [await inBoth(), await inBoth()];
      const { body: shown } = await as(agent).account();
      await switchTo(agent);

      await agent.post(`${app.origin}/account/sign-out-browser`, {
        browser: shown.browsers.find(({ isThis }) => !isThis)?.id ?? '',
      });

      await switchTo(other);
      expect((await as(other).companies()).titles).toEqual(['Gamma', 'Beta', 'Alpha']);
    });
  });

  describe('POST /account/leave', () => {
    it('signs out one who is not in use, and leaves the page as it is', async () => {
      const agent = await inBoth();
      const { body } = await as(agent).account();

      const page = await agent.post(`${app.origin}/account/leave`, { person: body.others[0]?.id ?? '' });

      expect(page.url.pathname).toBe('/account');
      expect((await as(agent).account()).body).toMatchObject({ person: { name: 'Otto Other' }, others: [] });
    });

    it('signs out the one in use, and asks who it shall be', async () => {
      const agent = await inBoth();
      const { body } = await as(agent).account();

      const page = await agent.post(`${app.origin}/account/leave`, { person: body.person.id });

      expect(page.url.href).toBe(`${app.origin}/`);
      expect(page.text).toContain('Continue as Ada Admin');
      expect((await as(agent).companies()).status).toBe(401);
    });

    it('frees the list of browsers', async () => {
      const [agent, elsewhere] = [await inBoth(), app.agent()];
      await signInAfresh(elsewhere);
      const before = (await as(elsewhere).account()).body.browsers.length;
      const { body } = await as(agent).account();

      await agent.post(`${app.origin}/account/leave`, { person: body.others[0]?.id ?? '' });

      expect((await as(elsewhere).account()).body.browsers).toHaveLength(before - 1);
    });
  });

  describe('GET /account/add', () => {
    it('shows the ways in to somebody who is in, new portals first, and keeps where to go', async () => {
      const agent = app.agent();
      await signInAfresh(agent);

      const page = await agent.visit(`${app.origin}/account/add?returnTo=%2Faccount`);

      expect(page.text).toContain('Sign in to another portal');
      const links = [...page.text.matchAll(/href="\/login\?portal=([^&"]+)&(?:amp;)?returnTo=%2Faccount"/g)];
      expect(links.map(([, portal]) => portal)).toEqual([portalOf(1), portalOf(0)]);
    });

    it('sends a visitor to the sign-in page', async () => {
      const answer = await app.agent().request(`${app.origin}/account/add`);

      expect(answer).toMatchObject({ status: 303, location: '/' });
    });
  });

  describe('the record of browsers', () => {
    it('is not made by visitors, who get no cookie either', async () => {
      const [before, agent] = [await browserRecords(), app.agent()];

      for (const path of ['/', '/account', '/account/add', '/companies'])
        await agent.request(app.origin + path);

      expect(await browserRecords()).toEqual(before);
      expect([...(agent.cookies.get('127.0.0.1') ?? [])]).toEqual([]);
    });

    it.each(['not JSON', '[]', '{"x":1}', '{"x":{"name":"n","since":"?","seen":"?","agent":""}}'])(
      'when it is %s lists nobody, and is put aside',
      async (text) => {
        const agent = app.agent();
        await signInAfresh(agent, 'guest');
        await app.store.set(recordKey(9), text, DAY);

        const page = await agent.visit(`${app.origin}/companies`);

        expect(page).toMatchObject({ status: 200, url: expect.objectContaining({ pathname: '/' }) });
        expect(await app.store.get(`b24:quarantine:${recordKey(9).slice(4)}`)).toBe(text);
        await signInAfresh(agent, 'guest');
        expect((await as(agent).account()).body.browsers).toHaveLength(1);
      },
    );

    it('ends with the longest session there can be', async () => {
      const agent = app.agent();
      await signInAfresh(agent);
      for (let day = 0; day < 29; day += 1) {
        app.clock.advance(DAY);
        await as(agent).companies();
      }
      const late = await as(agent).companies();
      app.clock.advance(2 * DAY);

      expect(late.status).toBe(200);
      expect((await as(agent).companies()).status).toBe(401);
    });
  });

  /** As somebody whose Bitrix24 remembers nobody. */
  async function signInAfresh(agent: BrowserAgent, login = 'admin'): Promise<Visit> {
    agent.cookies.delete('localhost');
    // Where the portal is not asked for anything.
    return app.signIn(agent, login, { path: '/exports' });
  }

  /** One person at a desk and with a phone, and nowhere else. */
  async function twoBrowsers(login = 'admin'): Promise<[here: BrowserAgent, phone: BrowserAgent]> {
    const ids: Record<string, number> = { admin: 1, manager: 7 };
    await app.store.forget(recordKey(ids[login] ?? 0));
    const here = app.agent({ headers: { 'user-agent': FIREFOX } });
    const phone = app.agent({ headers: { 'user-agent': IPHONE } });
    await signInAfresh(here, login);
    app.clock.advance(1000);
    await signInAfresh(phone, login);
    return [here, phone];
  }

  /** Signed in at both portals; the second is in use. */
  async function inBoth(): Promise<BrowserAgent> {
    const agent = app.agent();
    await signInAfresh(agent);
    await app.signIn(agent, 'admin', { portal: 1 });
    return agent;
  }

  async function signOutTheOther(agent: BrowserAgent): Promise<void> {
    const { body } = await as(agent).account();
    const browser = body.browsers.find(({ isThis }) => !isThis)?.id ?? '';
    await agent.post(`${app.origin}/account/sign-out-browser`, { browser });
  }

  async function signOutEverywhere(agent: BrowserAgent): Promise<Visit> {
    const { body } = await as(agent).account();
    return agent.post(`${app.origin}/account/sign-out-everywhere`, { person: body.person.id });
  }

  async function switchTo(agent: BrowserAgent, form: Record<string, string> = {}): Promise<Visit> {
    const { body } = await as(agent).account();
    return agent.post(`${app.origin}/account/switch`, { person: body.others[0]?.id ?? '', ...form });
  }

  /** As far as the portal's redirect back, which is not followed. */
  async function beginSignIn(agent: BrowserAgent, path: string): Promise<string> {
    const start = `${app.origin}/login?portal=${portalOf(0)}&returnTo=${encodeURIComponent(path)}`;
    const login = await agent.request(start);
    return (await agent.request(login.location ?? '')).location ?? '';
  }

  function portalOf(index: number): string {
    return encodeURIComponent(app.emulator.portals[index]?.origin ?? '');
  }

  function recordKey(userId: number): string {
    return `b24:browsers:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:${userId}`;
  }

  /** Redis can be asked for them; others on it have portals of their own. */
  async function browserRecords(): Promise<string[]> {
    const found = app.emulator.portals.map(({ memberId }) => app.redis?.keys(`b24:browsers:{${memberId}}:*`));
    return (await Promise.all(found)).flatMap((keys) => keys ?? []).sort();
  }

  function sessionCookie(agent: BrowserAgent): string | undefined {
    return cookieOf(agent, 'session');
  }
});

interface Person {
  id: string;
  name: string;
  userId: number;
  isSignedIn?: boolean;
}

interface Account {
  person: Person;
  rights: unknown;
  access: { state: string; since: string; renewedAt: string | null } | null;
  browsers: { id: string; system: string; seen: string; since: string; isThis: boolean }[];
  others: Person[];
}

/** What a program sees that has this browser's cookies. */
function on(agent: BrowserAgent, origin: () => string) {
  const ask = async (path: string) => {
    const answer = await agent.request(origin() + path, { headers: { accept: 'application/json' } });
    return { status: answer.status, body: JSON.parse(answer.text) };
  };
  return {
    account: () => ask('/account') as Promise<{ status: number; body: Account }>,
    async companies() {
      const { status, body } = await ask('/companies');
      const titles = ((body.companies ?? []) as { title: string }[]).map(({ title }) => title);
      return { status, titles };
    },
  };
}
