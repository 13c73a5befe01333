import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Emulator } from '../../emulator/index.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { addressOf, ROUTES } from '../support/routes.ts';
import { STORE_KINDS, startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { accept: 'application/json' };

/** Pages that tell something of the portal; a stream of events would not end by itself. */
const PAGES = ROUTES.filter(({ method, path }) => method === 'GET' && !/^\/(login|bitrix)|events/.test(path));

describe.each(STORE_KINDS)('people of several portals, on the %s store', (kind) => {
  let redis: RedisServer | undefined;
  let app: TestApp;
  /** User 1 and user 7 of one portal, and user 1 of another. */
  let agents: [BrowserAgent, BrowserAgent, BrowserAgent];
  beforeAll(async () => {
    if (kind === 'redis') redis = await startRedisServer();
    app = await startApp({
      store: kind,
      ...(redis ? { redisUrl: redis.url } : {}),
      cacheSeconds: 30,
      // Without a limit of its own nothing is kept about a portal.
      limits: '*=50/2',
      emulator: {
        portals: [
          aPortal({ host: 'localhost' }),
          aPortal({ host: '127.0.0.1', companies: [aCompany({ ID: '1', TITLE: 'Of the other portal' })] }),
        ],
      },
    });
    agents = [app.agent(), app.agent(), app.agent()];
    await app.signIn(agents[0], 'admin');
    await app.signIn(agents[1], 'manager');
    await app.signIn(agents[2], 'admin', { portal: 1 });
  });
  afterAll(async () => {
    await app.stop();
    await redis?.stop();
  });

  it('when all of them do everything › every key about somebody names application, portal and person', async () => {
    for (const agent of agents) await doEverything(app, agent);
    app.clock.advance(HOUR);
    for (const agent of agents) await agent.request(`${app.origin}/companies`);

    const keys = await keysOf(app);
    const members = app.emulator.portals.map(({ memberId }) => memberId).join('|');
    const client = app.client.clientId.replaceAll('.', '\\.');
    const shapes = [
      // About a person, by all three.
      `(tokens|browsers|preferences|epoch|overview|exports?|export-[a-z]+):\\{(${members})\\}:${client}:[179](:.+)?`,
      // About a portal as a whole, by application.
      `limits:\\{(${members})\\}:${client}`,
      // About a browser, by a value that it alone has.
      `(session|automatic):[\\w-]+`,
      `pending:${client}:[\\w-]+`,
      // What one person, or one address, may do so often.
      `visitors:searches:${client}:\\{(${members})\\}:[179]`,
      `visitors:(starts|callbacks):${client}:127\\.0\\.0\\.1`,
      // About nobody; what is to be exported is listed by keys of the first kind.
      'ping',
      `exports:open:${client}`,
    ].map((shape) => new RegExp(`^b24:${shape}$`));
    expect(keys.filter((key) => !shapes.some((shape) => shape.test(key)))).toEqual([]);
    expect(keys.filter((key) => /undefined|null|NaN|\[object/.test(key))).toEqual([]);
    for (const about of ['tokens', 'browsers', 'preferences', 'overview', 'export'])
      expect(keys.filter((key) => key.startsWith(`b24:${about}`)).length).toBeGreaterThanOrEqual(3);
  });

  it('when a request names somebody else, wherever it can › the answer is that of the session', async () => {
    const [admin, manager] = agents;
    app.emulator.clearRequests();
    const others = await tokensOf(app, [1]);
    const [here, there] = app.emulator.portals;
    const claims = {
      user_id: '1',
      userId: '1',
      USER_ID: '1',
      member_id: there?.memberId ?? '',
      memberId: there?.memberId ?? '',
      portal: there?.origin ?? '',
      DOMAIN: there?.host ?? '',
      client_id: 'local.another.00000000',
      client_endpoint: `${there?.origin}/rest/`,
      AUTH_ID: 'forged',
      auth: 'forged',
      method: 'user.admin',
      person: '1',
      __proto__: 'x',
    };
    const query = new URLSearchParams(claims);
    const headers = {
      ...JSON_HEADERS,
      'x-user-id': '1',
      'x-member-id': there?.memberId ?? '',
      authorization: 'Bearer x',
    };

    const plain = [];
    const claiming = [];
    for (const route of PAGES) {
      const address = `${app.origin}${addressOf(route)}`;
      // A page that is refused makes the portal's answers be asked for anew.
      if (route.path === '/overview') await waitForCounts(app.origin, manager);
      plain.push(comparable(await manager.request(address, { headers: JSON_HEADERS })));
      claiming.push(comparable(await manager.request(`${address}?${query}`, { headers })));
    }
    for (const route of ROUTES.filter(
      ({ method, path }) => method === 'POST' && !/^\/(bitrix|login|logout)/.test(path),
    )) {
      if (/sign-out|leave/.test(route.path)) continue;
      const sent = {
        form: { name: 'Mine', ...claims },
        headers: { ...headers, 'sec-fetch-site': 'same-origin' },
      };
      await manager.request(app.origin + addressOf(route), sent);
    }

    expect(claiming).toEqual(plain);
    expect(askedFor(app.emulator)).toEqual([[here?.memberId, 7]]);
    expect(await tokensOf(app, [1])).toEqual(others);
    const theirs = await admin.request(`${app.origin}/companies`, { headers: JSON_HEADERS });
    expect(theirs.text).toContain('Alpha');
  });
});

describe('the methods of a portal', () => {
  it('when everything is done that can be done › are those that are listed, and none writes', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);

    await doEverything(app, agent);

    const asked = app.emulator.requests.flatMap(({ restMethod, commands }) =>
      [restMethod ?? [], commands ?? []].flat(),
    );
    await app.stop();
    expect(new Set(asked)).toContain('crm.company.list');
    expect([...new Set(asked)].filter((method) => !READ_ONLY.test(method))).toEqual([]);
  });

  /** `batch` carries others out, and those are listed as well. */
  const READ_ONLY =
    /^(batch|profile|scope|user\.get|crm\.(company|contact|deal|status|category)\.(list|get|fields)|crm\.company\.contact\.items\.get)$/;
});

/** Opens every page, saves wishes, counts and exports. */
async function doEverything(app: TestApp, agent: BrowserAgent): Promise<void> {
  for (const route of PAGES) await agent.request(app.origin + addressOf(route));
  for (const [path, form] of FORMS) await agent.post(app.origin + path, form);
  const isExported = async () =>
    (await agent.request(`${app.origin}/exports`)).text.includes('data-state="done"');
  for (let tries = 0; tries < 100 && !(await isExported()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const FORMS: [path: string, form: Record<string, string>][] = [
  ['/companies/views', { name: 'A view', search: 'q=a' }],
  ['/companies/layout', { columns: 'revenue' }],
  ['/exports', { view: 'q=a', format: 'csv' }],
];

async function keysOf(app: TestApp): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of app.store.keys('b24:')) keys.push(key);
  return keys.sort();
}

function tokensOf(app: TestApp, users: number[]): Promise<(string | null)[]> {
  const keys = app.emulator.portals.flatMap(({ memberId }) =>
    users.map((userId) => `b24:tokens:{${memberId}}:${app.client.clientId}:${userId}`),
  );
  return Promise.all(keys.map((key) => app.store.get(key)));
}

/** All but the time of an answer, and the address of the page itself, which its forms come back to. */
/** The overview is shown while it is counted, and would differ a moment later. */
async function waitForCounts(origin: string, agent: BrowserAgent): Promise<void> {
  for (;;) {
    const { text } = await agent.request(`${origin}/overview`, { headers: JSON_HEADERS });
    if (!JSON.parse(text).isCounting) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function comparable({ status, text }: { status: number; text: string }) {
  return { status, text: text.replace(/"(asOf|seen)":"[^"]*"|name="returnTo" value="[^"]*"/g, '') };
}

/** At which portals, as whom; each once. */
function askedFor({ requests }: Emulator): [string | undefined, number | undefined][] {
  const asked = requests.filter(({ kind }) => kind === 'rest');
  return [
    ...new Map(asked.map(({ memberId, userId }) => [`${memberId} ${userId}`, [memberId, userId]])).values(),
  ] as [string, number][];
}
