import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { headers: { accept: 'application/json' } };

/** Two requests at once, and one more every four seconds; a third place of the bucket is kept free. */
const BURST = 3;
const PER_SECOND = 0.25;

describe('when the limits of the portal leave no room', () => {
  let app: TestApp;
  let agent: BrowserAgent;
  beforeEach(async () => {
    app = await startApp({
      emulator: { requestLimit: { burst: BURST, perSecond: PER_SECOND } },
      limits: `*=${BURST}/${PER_SECOND}`,
    });
    agent = app.agent();
    // Takes both places: one for the profile, one for the list.
    await app.signIn(agent);
  });
  afterEach(() => app.stop());

  const list = (query: string, headers = {}) => agent.request(`${app.origin}/companies${query}`, { headers });
  const refused = () => app.emulator.requests.filter(({ error }) => error === 'QUERY_LIMIT_EXCEEDED');

  it('people get a calm note that counts down and asks again by itself', async () => {
    const page = await list('?q=a');

    const seconds = Number(page.headers.get('retry-after'));
    expect(page.status).toBe(503);
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeLessThanOrEqual(4);
    expect(page.headers.get('refresh')).toBe(String(seconds));
    expect(page.text).toContain('Bitrix24 asks for a short pause');
    expect(page.text).toContain(`The page asks again by itself in ${seconds} seconds.`);
    expect(page.text).toContain('href="/companies?q=a">Ask now</a>');
    expect(page.text).not.toContain('Incident');
  });

  it('and in Russian', async () => {
    const page = await list('?q=a', { 'accept-language': 'ru' });

    expect(page.text).toMatch(/Страница обновится сама через [34] секунды\./);
  });

  it('programs get 503 and Retry-After', async () => {
    const answer = await list('?q=a', JSON_HEADERS.headers);

    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^[34]$/);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'portal_limited' } });
  });

  it('the portal is not asked', async () => {
    app.emulator.clearRequests();

    await list('?q=a');

    expect(app.emulator.requests).toEqual([]);
  });

  it('each of several hears a moment of their own', async () => {
    const pages = [await list('?q=a'), await list('?q=b'), await list('?q=c')];

    const waits = pages.map(({ headers }) => Number(headers.get('retry-after')));
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
  });

  it('after the pause the page comes, and the portal never had to refuse', async () => {
    const page = await list('?q=a');
    app.clock.advance(Number(page.headers.get('retry-after')) * 1000);

    const again = await list('?q=a');

    expect(again.status).toBe(200);
    expect(refused()).toEqual([]);
  });

  it('another replica knows', async () => {
    const replica = await app.replica();

    const page = await agent.request(`${replica}/companies?q=a`);

    expect(page.status).toBe(503);
  });
});

describe('a portal without limits that refuses all the same', () => {
  it('teaches us: the page comes a moment later, and further ones keep to the usual limit', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);
    const effect = { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' } as const;
    app.emulator.orderFault({ on: 'rest', effect });

    const page = await agent.request(`${app.origin}/companies`);
    const crowd = await Promise.all(
      Array.from({ length: 8 }, (_, index) => agent.request(`${app.origin}/companies?page=${index + 1}`)),
    );

    expect(page.status).toBe(200);
    // A full bucket has no more than two or three places within the time that people wait.
    expect(crowd.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(4);
    expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([200, 503]));
    await app.stop();
  });
});

describe('execution time that is used up', () => {
  it('is no error but a longer pause, of which the portal is not reminded', async () => {
    const app = await startApp();
    const agent = app.agent();
    await app.signIn(agent);
    const effect = { type: 'error', status: 429, error: 'OPERATION_TIME_LIMIT' } as const;
    app.emulator.orderFault({ on: 'rest', restMethod: 'crm.company.list', effect });
    await agent.request(`${app.origin}/companies`);
    app.emulator.clearRequests();

    const page = await agent.request(`${app.origin}/companies`);

    expect(page.status).toBe(503);
    expect(page.text).toContain('Bitrix24 asks for a longer pause');
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(app.emulator.requests).toEqual([]);
    await app.stop();
  });
});
