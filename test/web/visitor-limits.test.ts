import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Together, so that a minute is not over before they are counted. */
const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const STATE = 'A'.repeat(43);

describe.each(['embedded', 'redis'] as const)('limits on visitors, on the %s store', (store) => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeAll(async () => {
    app = await startApp({ store });
    agent = app.agent();
    await app.signIn(agent);
  });
  afterAll(() => app.stop());

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

  it('says how long to wait, as a page and as JSON', async () => {
    const address = `${app.origin}/bitrix?code=none&state=${STATE}`;

    const page = await app.agent().visit(address);
    const json = await app.agent().request(address, { headers: { accept: 'application/json' } });

    expect(page.status).toBe(429);
    expect(page.text).toContain('Too often within a minute');
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(page.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(json.status).toBe(429);
    expect(JSON.parse(json.text)).toMatchObject({ error: { code: 'too_many_requests' } });
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
      async () => (await agent.request(`${app.origin}/companies?q=alpha`)).status,
    );

    expect(statuses.filter((status) => status === 200)).toHaveLength(120);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect((await agent.request(`${app.origin}/companies`)).status).toBe(200);
  });
});

/** Sessions and sign-ins under way. */
async function countKeys({ store }: TestApp): Promise<number> {
  let count = 0;
  for (const prefix of ['b24:session:', 'b24:pending:']) {
    for await (const key of store.keys(prefix)) if (key) count += 1;
  }
  return count;
}
