import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CompanyRow } from '../../emulator/index.ts';
import type { BrowserAgent, Visit } from '../support/browser-agent.ts';
import { aCompany, aPortal, aUser } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { STORE_KINDS, type StoreKind, startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { headers: { accept: 'application/json' } };
const RUSSIAN = { headers: { 'accept-language': 'ru' } };
const PHONE = [{ ID: '1', VALUE_TYPE: 'WORK', VALUE: '+7 495 000-00-00', TYPE_ID: 'PHONE' as const }];
const EMAIL = [{ ID: '2', VALUE_TYPE: 'WORK', VALUE: 'a@b.example', TYPE_ID: 'EMAIL' as const }];
const HOSTILE = `<script>alert(1)</script>"'&amp; a long name`;

/** The first day of a month that is so many before this one, by the portals' clock, which is three hours ahead. */
const monthAgo = (ago: number) => {
  const now = new Date(Date.now() + 3 * HOUR);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1)).toISOString().slice(0, 10);
};

/** Of every kind some, in numbers that differ. */
const COMPANIES: CompanyRow[] = Array.from({ length: 90 }, (_, index) =>
  aCompany({
    ID: String(index + 1),
    COMPANY_TYPE: ['CUSTOMER', 'CUSTOMER', 'SUPPLIER', null, 'GONE'][index % 5] ?? null,
    INDUSTRY: ['IT', 'IT', 'BANKING', 'IT', 'TELECOM', null][index % 6] ?? null,
    ASSIGNED_BY_ID: ['1', '1', '7', '404'][index % 4] ?? '1',
    REVENUE: [null, '0', '5000', '25000.50', '1000000', '9999999.99', '3000000000'][index % 7] ?? null,
    // The first minutes of a month are of the month before in Greenwich.
    DATE_CREATE: `${monthAgo(index % 14)}T00:0${index % 10}:00+03:00`,
    ...(index % 3 === 0 ? { PHONE } : {}),
    ...(index % 4 === 0 ? { EMAIL } : {}),
  }),
);

interface Overview {
  asOf: string | null;
  isCounting: boolean;
  total: number;
  withoutPhone: number;
  withoutEmail: number;
  sameDaysBefore: number;
  plots: {
    types: Counted[];
    industries: Counted[];
    responsible: { people: (Counted & { name: string | null })[] };
    months: { first: string; last: string; count: number }[];
    revenue: { from: number | null; to: number | null; count: number }[];
  };
}
interface Counted {
  id: string | number;
  count: number;
}

async function signedIn(app: TestApp, login = 'admin', portal = 0): Promise<BrowserAgent> {
  const agent = app.agent();
  await app.signIn(agent, login, { portal, path: '/account' });
  app.emulator.clearRequests();
  return agent;
}

const look = (app: TestApp, agent: BrowserAgent, options = {}) =>
  agent.request(`${app.origin}/overview`, options);

/** The page when it has its numbers. */
async function counted(app: TestApp, agent: BrowserAgent, options = {}): Promise<Visit> {
  for (;;) {
    const page = await look(app, agent, options);
    if (!page.headers.has('refresh') && !page.text.includes('"isCounting":true')) return page;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function numbers(app: TestApp, agent: BrowserAgent): Promise<Overview> {
  return JSON.parse((await counted(app, agent, JSON_HEADERS)).text) as Overview;
}

/** Pages run files of ours and nothing else. */
const withoutOwnScripts = (html: string) =>
  html.replaceAll(/<script defer src="\/assets\/[\w.?=-]+"><\/script>/g, '');

const asked = (app: TestApp) => app.emulator.requests.filter(({ kind }) => kind === 'rest').length;

describe('GET /overview', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({
      emulator: {
        portals: [
          aPortal({ timeZone: 'Europe/Moscow', companies: COMPANIES }),
          aPortal({ host: '127.0.0.2', companies: [] }),
          aPortal({ host: '127.0.0.3', companies: [aCompany({ ID: '1' })] }),
          aPortal({
            host: '127.0.0.4',
            users: [
              aUser({ id: 1, login: 'admin', name: HOSTILE, lastName: 'שלום 🚀', admin: true, crm: 'all' }),
            ],
            dictionaries: { COMPANY_TYPE: [{ STATUS_ID: 'CUSTOMER', NAME: HOSTILE }] },
          }),
        ],
      },
    });
  });
  afterAll(() => app.stop());
  afterEach(() => app.emulator.clearFaults());

  /** What the portal's rows say, for somebody who sees all of them. */
  const countRows = (isOne: (row: CompanyRow) => boolean, rows = app.emulator.portals[0]?.companies ?? []) =>
    rows.filter(isOne).length;

  describe('when everything is counted', () => {
    it('each number is that of the portal', async () => {
      const { total, withoutPhone, withoutEmail, plots } = await numbers(app, await signedIn(app));

      expect(total).toBe(90);
      expect(withoutPhone).toBe(countRows(({ PHONE: phones }) => !phones));
      expect(withoutEmail).toBe(countRows(({ EMAIL: emails }) => !emails));
      expect(plots.types).toHaveLength(6);
      for (const { id, count } of plots.types)
        expect([id, count]).toEqual([id, countRows((row) => (row.COMPANY_TYPE ?? '') === id)]);
      expect(plots.industries).toHaveLength(13);
      for (const { id, count } of plots.industries)
        expect([id, count]).toEqual([id, countRows((row) => (row.INDUSTRY ?? '') === id)]);
      expect(plots.responsible.people.map(({ name }) => name)).toContain('Ada Admin');
      for (const { id, count } of plots.responsible.people)
        expect([id, count]).toEqual([id, countRows((row) => row.ASSIGNED_BY_ID === String(id))]);
      expect(plots.months.map(({ first }) => first)).toEqual(
        [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map(monthAgo),
      );
      for (const { first, count } of plots.months)
        expect([first, count]).toEqual([
          first,
          countRows((row) => String(row.DATE_CREATE).slice(0, 7) === first.slice(0, 7)),
        ]);
      for (const { from, to, count } of plots.revenue) {
        const isIn = (revenue: number) => revenue >= (from ?? -Infinity) && revenue <= (to ?? Infinity);
        expect([from, count]).toEqual([
          from,
          countRows(({ REVENUE }) => typeof REVENUE === 'string' && isIn(Number(REVENUE))),
        ]);
      }
    });

    it('the page has the same numbers, in plots and in tables', async () => {
      const admin = await signedIn(app);
      const { plots, total } = await numbers(app, admin);

      const { text, status } = await counted(app, admin);

      expect(status).toBe(200);
      expect(text).toContain(`<span class="figure-number">${total}</span>`);
      const customers = plots.types.find(({ id }) => id === 'CUSTOMER')?.count;
      expect(text).toContain(`<title>\u2068Client\u2069: ${customers} companies, 40%</title>`);
      expect(text).toMatch(
        new RegExp(
          `<a href="/companies\\?type=CUSTOMER"><bdi>Client</bdi></a></th>\\s*<td>${customers}</td>`,
        ),
      );
      expect(text.match(/<svg class="plot( plot-upright)?"/g)).toHaveLength(5);
      expect(text.match(/<table class="plot-table">/g)).toHaveLength(5);
      expect(withoutOwnScripts(text)).not.toMatch(/<script|style=|<style/);
    });

    it('each bar and each figure leads to a list of as many companies', async () => {
      const admin = await signedIn(app);
      const { text } = await counted(app, admin);
      const links = [
        ...text.matchAll(/: (?<count>\d+) compan[^<]*<\/title>\s*<a href="(?<href>[^"]+)">/g),
        ...text.matchAll(
          /<a class="figure-link" href="(?<href>[^"]+)"><span class="figure-number">(?<count>\d+)</g,
        ),
      ].map(({ groups }) => ({
        href: (groups?.href ?? '').replaceAll('&amp;', '&'),
        count: Number(groups?.count),
      }));

      const lists = await Promise.all(
        links.map(({ href }) => admin.request(`${app.origin}${href}`, JSON_HEADERS)),
      );

      expect(links.length).toBeGreaterThan(30);
      expect(lists.map((list) => JSON.parse(list.text).total)).toEqual(links.map(({ count }) => count));
    });

    it('somebody who sees only their own gets their own numbers', async () => {
      await numbers(app, await signedIn(app));

      const { total, plots } = await numbers(app, await signedIn(app, 'manager'));

      expect(total).toBe(countRows((row) => row.ASSIGNED_BY_ID === '7'));
      const theirs = plots.responsible.people.filter(({ count }) => count > 0);
      expect(theirs).toEqual([{ id: 7, name: 'Max Manager', count: total }]);
    });

    it('a second look asks the portal nothing', async () => {
      const admin = await signedIn(app);
      const first = await numbers(app, admin);
      app.emulator.clearRequests();

      expect(await numbers(app, admin)).toEqual(first);
      expect(asked(app)).toBe(0);
    });

    it('a Russian reader gets it in Russian', async () => {
      const { text } = await counted(app, await signedIn(app), RUSSIAN);

      expect(text).toContain('<title>Обзор · Компании</title>');
      expect(text).toContain('компаний</span>');
      expect(text).toContain('Без телефона'.toLowerCase());
    });
  });

  describe('when it is being counted', () => {
    it('the page is there at once, and comes back by itself without a script', async () => {
      const admin = await signedIn(app);
      const held = app.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' } });

      const waiting = await look(app, admin);
      const json = await look(app, admin, JSON_HEADERS);
      held.release();
      const done = await counted(app, admin);

      expect([waiting.status, waiting.headers.get('refresh')]).toEqual([200, '2']);
      expect(waiting.text).toContain('Bitrix24 is counting your companies');
      expect(waiting.text.match(/Being counted…/g)).toHaveLength(5);
      expect(JSON.parse(json.text)).toEqual({ asOf: null, isCounting: true, plots: null });
      expect(done.text).toContain('figure-number');
    });

    it('many visits are one counting', async () => {
      const admin = await signedIn(app);
      const held = app.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' } });

      const pages = await Promise.all(Array.from({ length: 60 }, () => look(app, admin)));
      held.release();
      await counted(app, admin);

      expect(pages.every(({ status }) => status === 200)).toBe(true);
      expect(app.emulator.requests.map(({ commands = [] }) => commands[0])).toEqual([
        'crm.status.list',
        'crm.company.list',
      ]);
    });
  });

  describe('when there is nothing, or little, to count', () => {
    it('a portal without companies gets a page that says so', async () => {
      const { text, status } = await counted(app, await signedIn(app, 'admin', 1));

      expect(status).toBe(200);
      expect(text).toContain('No companies yet');
      expect(text).not.toContain('<svg class="plot');
    });

    it('one company is one', async () => {
      const { text } = await counted(app, await signedIn(app, 'admin', 2));

      expect(text).toContain(
        '<span class="figure-number">1</span> <span class="figure-label">company</span>',
      );
      expect(text).toContain('1 company, 100%');
    });
  });

  it('when names are hostile › they are nothing but text', async () => {
    const { text } = await counted(app, await signedIn(app, 'admin', 3));

    expect(withoutOwnScripts(text)).not.toMatch(/<script/i);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp; a long name');
    expect(text).toContain('שלום 🚀');
  });

  describe('when it may not be seen', () => {
    it('somebody who is not signed in is sent to sign in', async () => {
      const page = await look(app, app.agent());
      const json = await look(app, app.agent(), JSON_HEADERS);

      expect([page.status, page.location]).toEqual([303, '/login?returnTo=%2Foverview']);
      expect([json.status, JSON.parse(json.text).error.code]).toEqual([401, 'sign_in_required']);
    });

    it('somebody without rights in CRM gets the page that says so, as on the list', async () => {
      const guest = await signedIn(app, 'guest');

      const page = await counted(app, guest);
      const json = await counted(app, guest, JSON_HEADERS);

      expect(page.status).toBe(403);
      expect(page.text).toContain('You have no right to see this');
      expect([json.status, JSON.parse(json.text).error.code]).toEqual([403, 'access_denied']);
    });

    it('a sign-in that the portal has ended is a trip to the portal', async () => {
      const admin = await signedIn(app);
      app.emulator.portals[0]?.revokeGrants(1);

      const page = await counted(app, admin);

      expect([page.status, (page as Visit & { location?: string }).location]).toEqual([
        303,
        '/login?returnTo=%2Foverview',
      ]);
      expect((await admin.visit(`${app.origin}/overview`)).url.pathname).toBe('/overview');
    });
  });

  it.each([
    [{ type: 'html', status: 502 }, 502, 'portal_failed', 'Bitrix24 did not answer sensibly'],
    [
      { type: 'error', status: 401, error: 'OVERLOAD_LIMIT' },
      502,
      'portal_refused',
      'has blocked REST on this portal',
    ],
  ] as const)('when the portal answers %j › says calmly what to do', async (effect, status, code, words) => {
    const admin = await signedIn(app, 'manager');
    app.emulator.orderFault({ on: 'rest', userId: 7, times: 99, effect });

    const page = await counted(app, admin);
    const json = await look(app, admin, JSON_HEADERS);

    expect([page.status, page.headers.get('refresh')]).toEqual([200, null]);
    expect(page.text).toContain(words);
    expect(page.text).toContain('Count again');
    expect([json.status, JSON.parse(json.text).error.code]).toEqual([status, code]);
  });
});

describe.each(STORE_KINDS)('what is kept of the overview, on the %s store', (store: StoreKind) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp({ store });
  });
  afterEach(() => app.stop());

  const keys = async () => {
    const found: string[] = [];
    for await (const key of app.store.keys(`b24:overview:{${app.emulator.portals[0]?.memberId}}`))
      found.push(key);
    return found;
  };

  it('when it is older than an hour › is shown with its age, while it is counted anew', async () => {
    const admin = await signedIn(app);
    await counted(app, admin);
    app.emulator.portals[0]?.putCompany(aCompany({ ID: '4' }));
    app.clock.advance(2 * HOUR);

    const older = await look(app, admin);
    const newer = await numbers(app, admin);

    expect(older.text).toContain('<span class="figure-number">3</span>');
    expect(older.text).toContain('As it was 2 hours ago. A newer version is on its way.');
    expect(older.headers.get('refresh')).toBeNull();
    expect(newer.total).toBe(4);
  });

  it('when another replica has counted › is shown here', async () => {
    const admin = await signedIn(app);
    const replica = await app.replica();
    await counted(app, admin);
    app.emulator.clearRequests();

    const page = await admin.request(`${replica}/overview`);

    expect(page.text).toContain('<span class="figure-number">3</span>');
    expect(asked(app)).toBe(0);
  });

  it('when the person signs out › is forgotten', async () => {
    const admin = await signedIn(app);
    await counted(app, admin);
    expect(await keys()).toHaveLength(1);

    await admin.post(`${app.origin}/logout`);

    expect(await keys()).toEqual([]);
  });

  it('when the list is refused › is forgotten, and refused too', async () => {
    const admin = await signedIn(app);
    await counted(app, admin);
    app.emulator.portals[0]?.setUser(1, { crm: 'none' });

    await admin.request(`${app.origin}/companies`);

    expect(await keys()).toEqual([]);
    expect((await counted(app, admin)).status).toBe(403);
  });
});
