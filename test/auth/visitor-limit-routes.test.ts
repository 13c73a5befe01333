import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrowserAgent, cookieOf } from '../support/browser-agent.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { startApp, type TestApp, type TestAppOptions } from '../support/start-app.ts';

/** Together, so that a minute is not over before they are counted. */
/** Ten at a time: soon enough for one minute, and not so many at once that a slow machine answers some too late. */
async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < count) {
    const next = Array.from({ length: Math.min(10, count - results.length) }, (_, n) => results.length + n);
    results.push(...(await Promise.all(next.map(work))));
  }
  return results;
}

const STATE = 'A'.repeat(43);

describe.each(['embedded', 'redis'] as const)('limits on visitors, on the %s store', (store) => {
  let app: TestApp;
  let stop: () => Promise<void>;
  let agent: BrowserAgent;
  beforeAll(async () => {
    ({ app, stop } = await startAlone(store));
    agent = app.agent();
    await app.signIn(agent);
  });
  afterAll(() => stop());

  it('a hundred refused callbacks in a minute get their page, on whatever replica; more get 429', async () => {
    const replica = await app.replica();

    const statuses = await times(110, async (index) => {
      const origin = index % 2 ? app.origin : replica;
      const answer = await app.agent().request(`${origin}/bitrix?code=none&state=${STATE}`);
      return answer.status;
    });

    expect(statuses.filter((status) => status === 403)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });

  it('says how long to wait, as a page and as JSON, and the log says it too', async () => {
    const address = `${app.origin}/bitrix?code=none&state=${STATE}`;

    const page = await app.agent().visit(address);
    const json = await app.agent().request(address, { headers: { accept: 'application/json' } });

    expect(page.status).toBe(429);
    expect(page.text).toContain('Too often within a minute');
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(page.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(json.status).toBe(429);
    expect(JSON.parse(json.text)).toMatchObject({ error: { code: 'too_many_requests' } });
    expect(app.logLines()).toContainEqual(
      expect.objectContaining({
        requestId: page.headers.get('x-request-id'),
        errorCode: 'too_many_requests',
        reason: 'callbacks',
      }),
    );
  });

  it('lets somebody in whose callback is right, from the same address', async () => {
    const page = await app.signIn(app.agent());

    expect(page.status).toBe(200);
    expect(page.url.pathname).toBe('/companies');
  });

  it('three hundred starts of a sign-in are let through; more get 429 and leave no record', async () => {
    const before = await countKeys(app);

    // Two were begun by those who signed in above.
    const answers = await times(305, () => app.agent().request(`${app.origin}/login`));

    expect(answers.filter(({ status }) => status === 302)).toHaveLength(298);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(7);
    for (const answer of refused) expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await countKeys(app)) - before).toBe(2 * 298);
  });

  it('a person may search a hundred and twenty times; reading goes on', async () => {
    const statuses = await times(
      122,
      async (index) => (await agent.request(`${app.origin}/companies?q=alpha${index}`)).status,
    );

    expect(statuses.filter((status) => status === 200)).toHaveLength(120);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect((await agent.request(`${app.origin}/companies`)).status).toBe(200);
  });
});

describe.each(['embedded', 'redis'] as const)('browsers that are at a portal, on the %s store', (store) => {
  let app: TestApp;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    ({ app, stop } = await startAlone(store, { maxWaitingBrowsers: 10, trustedProxies: ['127.0.0.1'] }));
  });
  afterAll(() => stop());

  it('more than can wait push out the oldest of whoever begins most, and leave no more records', async () => {
    const before = await countKeys(app);
    const early = app.agent({ headers: { 'x-forwarded-for': '192.0.2.1' } });
    const form = await early.visit(`${app.origin}/login`);
    const first = app.agent({ headers: { 'x-forwarded-for': '192.0.2.2' } });
    const firstForm = await first.visit(`${app.origin}/login`);
    const many = app.agent.bind(app, { headers: { 'x-forwarded-for': '192.0.2.2' } });

    for (let each = 0; each < 20; each += 1) await many().request(`${app.origin}/login`);
    await untilSettled(app);
    const kept = (await countKeys(app)) - before;
    const [signedIn, refused] = [
      await early.post(form.url.href, { login: 'admin', password: 'demo' }),
      await first.post(firstForm.url.href, { login: 'admin', password: 'demo' }),
    ];

    expect(kept).toBe(2 * 10);
    expect(signedIn).toMatchObject({ status: 200, url: { pathname: '/companies' } });
    expect(refused.status).toBe(403);
  });

  it('are forgotten within a quarter of an hour, but for those who sign in', async () => {
    const agent = app.agent();
    const sessionLeftMs = () => app.store.leftMs(`b24:session:${sessionId(agent, app)}`);

    await agent.request(`${app.origin}/login`);
    const before = await sessionLeftMs();
    await app.signIn(agent);
    const after = await sessionLeftMs();

    expect(before).toBeLessThanOrEqual(15 * 60_000);
    expect(before).toBeGreaterThan(10 * 60_000);
    expect(after).toBeGreaterThan(24 * 3600_000);
  });
});

/** Records are counted, so nobody else writes to its store. */
async function startAlone(store: 'embedded' | 'redis', options: TestAppOptions = {}) {
  const redis = store === 'redis' ? await startRedisServer() : undefined;
  const app = await startApp({ ...options, ...(redis && { redisUrl: redis.url }) });
  const stop = async () => {
    await app.stop();
    await redis?.stop();
  };
  return { app, stop };
}

/** The session id inside of the signed cookie. */
function sessionId(agent: BrowserAgent, { origin }: TestApp): string {
  const cookie = cookieOf(agent, 'session', new URL(origin).hostname) ?? '';
  return /^s:([\w-]+)\./.exec(decodeURIComponent(cookie))?.[1] ?? '';
}

/** What is removed is removed in the background. */
async function untilSettled(app: TestApp): Promise<void> {
  let before = -1;
  for (let now = await countKeys(app); now !== before; now = await countKeys(app)) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sessions and sign-ins under way. */
async function countKeys({ store }: TestApp): Promise<number> {
  let count = 0;
  for (const prefix of ['b24:session:', 'b24:pending:']) {
    for await (const key of store.keys(prefix)) if (key) count += 1;
  }
  return count;
}
