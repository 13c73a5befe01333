import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseExposition, sumOf } from '../support/exposition.ts';
import { type MeasuredServer, startMeasuredServer } from '../support/measured-server.ts';
import { firstOf } from '../support/order.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const REQUESTS = 'http_request_duration_seconds_count';

describe('a server with METRICS_PORT', () => {
  let server: MeasuredServer;
  beforeAll(async () => {
    server = await startMeasuredServer();
    await server.signIn();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.emulator.clearFaults());

  const list = (query = '') => server.agent.request(`${server.origin}/companies${query}`);
  const portal = () => new URL(server.emulator.portals[0]?.origin ?? '').host;

  /** How much of each metric `what` has added. */
  async function added(what: () => Promise<unknown>) {
    const before = await server.metrics();
    await what();
    const after = await server.metrics();
    return (name: string, labels: Record<string, string> = {}) =>
      sumOf(after, name, labels) - sumOf(before, name, labels);
  }

  it('serves them there alone, and nothing else there', async () => {
    const [there, here, other] = await Promise.all([
      fetch(`${server.metricsOrigin}/metrics`),
      fetch(`${server.origin}/metrics`),
      fetch(`${server.metricsOrigin}/companies`),
    ]);

    expect([there.status, here.status, other.status]).toEqual([200, 404, 404]);
    expect(there.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('counts pages by route and not by address', async () => {
    const count = await added(async () => {
      for (const query of ['', '?page=1', '?q=Alpha']) await list(query);
      await server.agent.request(`${server.origin}/companies/1`);
      await server.agent.request(`${server.origin}/companies/2`);
      await server.agent.request(`${server.origin}/no/such/page`);
    });

    expect(count(REQUESTS, { method: 'GET', route: '/companies', status: '200' })).toBe(3);
    expect(count(REQUESTS, { method: 'GET', route: '/companies/:id', status: '200' })).toBe(2);
    expect(count(REQUESTS, { route: 'other', status: '404' })).toBe(1);
    expect(count('http_request_duration_seconds_sum', { route: '/companies' })).toBeGreaterThan(0);
    expect(count('http_request_duration_seconds_sum', { route: '/companies' })).toBeLessThan(60);
    expect(count('answers_total', { state: 'miss' })).toBeGreaterThanOrEqual(5);
  });

  it('counts a visitor who does not wait as one who left', async () => {
    const held = server.emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' } });
    const leaving = new AbortController();

    const count = await added(async () => {
      const cookie = [...(server.agent.cookies.get('127.0.0.1') ?? [])]
        .map((pair) => pair.join('='))
        .join('; ');
      const visit = fetch(`${server.origin}/companies?q=slow`, {
        headers: { cookie },
        signal: leaving.signal,
      }).catch(() => {});
      while (held.served === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      leaving.abort();
      await visit;
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    held.release();

    expect(count(REQUESTS, { route: '/companies', status: 'left' })).toBe(1);
  });

  it('counts sign-ins by what became of them', async () => {
    const count = await added(async () => {
      await server.signIn('manager');
      await fetch(`${server.origin}/bitrix?code=x&state=${'A'.repeat(43)}`);
      await fetch(`${server.origin}/bitrix`);
    });

    expect(count('sign_ins_total', { outcome: 'success' })).toBe(1);
    expect(count('sign_ins_total', { outcome: 'state_mismatch' })).toBe(1);
    expect(count('sign_ins_total', { outcome: 'invalid_request' })).toBe(1);
    expect(count('call_duration_seconds_count', { kind: 'token', outcome: 'ok' })).toBe(1);
  });

  it('counts a refresh, and how long the caller waited for it', async () => {
    const effect = { type: 'error', status: 401, error: 'expired_token' } as const;
    server.emulator.orderFault({ on: 'rest', effect });

    const count = await added(() => list());

    expect(count('refreshes_total', { outcome: 'renewed' })).toBe(1);
    expect(count('refreshes_total')).toBe(1);
    expect(count('refresh_wait_seconds_count')).toBe(1);
    expect(count('call_duration_seconds_count', { kind: 'rest', outcome: 'token_refused' })).toBe(1);
    expect(count('call_duration_seconds_count', { kind: 'rest', outcome: 'ok' })).toBe(1);
    expect(count('grants_lost_total')).toBe(0);
  });

  it('counts a portal that says we ask too often', async () => {
    const effect = { type: 'error', status: 503, error: 'QUERY_LIMIT_EXCEEDED' } as const;
    server.emulator.orderFault({ on: 'rest', effect });

    const count = await added(() => list());

    expect(count('portal_refusals_total', { portal: portal(), limit: 'requests' })).toBe(1);
    expect(count('portal_refusals_total', { limit: 'operating' })).toBe(0);
    expect(count('call_duration_seconds_count', { outcome: 'portal_limited' })).toBe(1);
    // It is believed to have the usual bucket of 50 now, and that one is full.
    const text = await server.metrics();
    expect(sumOf(text, 'portal_requests_left', { portal: portal() })).toBeLessThan(10);
    expect(sumOf(text, 'portal_wait_seconds_count', { portal: portal() })).toBeGreaterThan(0);
  });

  it('counts a portal whose execution time is used up, and people who are sent away for it', async () => {
    const effect = { type: 'error', status: 429, error: 'OPERATION_TIME_LIMIT' } as const;
    server.emulator.orderFault({ on: 'rest', restMethod: 'crm.company.get', effect });

    const count = await added(async () => {
      await server.agent.request(`${server.origin}/companies/3`);
      await server.agent.request(`${server.origin}/companies/3`);
    });

    expect(count('portal_refusals_total', { portal: portal(), limit: 'operating' })).toBe(1);
    expect(count('portal_turned_away_total', { portal: portal(), limit: 'operating' })).toBe(1);
    expect(count(REQUESTS, { route: '/companies/:id', status: '503' })).toBe(2);
    expect(sumOf(await server.metrics(), 'portal_operating_seconds_left', { portal: portal() })).toBe(0);
  });

  it('counts an application that Bitrix24 does not know, and a grant that is over', async () => {
    const ended = { type: 'error', status: 401, error: 'expired_token' } as const;
    const refuse = (error: string) => {
      server.emulator.orderFault({ on: 'rest', effect: ended });
      server.emulator.orderFault({ on: 'token', effect: { type: 'error', status: 400, error } });
    };

    const count = await added(async () => {
      refuse('invalid_client');
      await list('?q=1');
      // A server that refuses us all alike is asked again after a second.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      refuse('invalid_grant');
      await list('?q=2');
    });

    expect(count('call_duration_seconds_count', { kind: 'token', outcome: 'app_misconfigured' })).toBe(1);
    expect(count('call_duration_seconds_count', { kind: 'token', outcome: 'grant_refused' })).toBe(1);
    expect(count('refreshes_total', { outcome: 'kept' })).toBe(1);
    expect(count('refreshes_total', { outcome: 'refused' })).toBe(1);
    expect(count('grants_lost_total', { reason: 'invalid_grant' })).toBe(1);
    await server.signIn();
  });

  it('counts exports', async () => {
    const count = await added(async () => {
      await server.agent.post(`${server.origin}/exports`, { view: 'sort=id&order=asc', format: 'csv' });
      await untilExported(server);
    });

    expect(count('exports_ended_total', { outcome: 'done' })).toBe(1);
    expect(count('exports_ended_total')).toBe(1);
    expect(sumOf(await server.metrics(), 'exports_running')).toBe(0);
  });

  it('says that it is ready, and how long the store takes', async () => {
    const text = await server.metrics();

    expect(['ready', 'store_reachable', 'tokens_unsaved'].map((name) => sumOf(text, name))).toEqual([
      1, 1, 0,
    ]);
    const operations = parseExposition(text)
      .filter(({ name }) => name.endsWith('store_operation_duration_seconds_count'))
      .map(({ labels }) => labels.operation);
    for (const operation of ['get', 'set', 'replace_if_unchanged', 'session_get', 'session_set', 'ping']) {
      expect(operations).toContain(operation);
    }
  });

  it('has its own numbers: a second server in the process begins at zero', async () => {
    const second = await startMeasuredServer();

    const text = await second.metrics();

    expect(sumOf(text, REQUESTS)).toBe(0);
    expect(sumOf(await server.metrics(), REQUESTS)).toBeGreaterThan(0);
    await second.stop();
  });
});

describe('kept answers', () => {
  it('are counted by what there was to show', async () => {
    const server = await startMeasuredServer({ env: { CACHE_SECONDS: '600' } });
    await server.signIn();
    const before = await server.metrics();

    for (let page = 0; page < 5; page += 1) await server.agent.request(`${server.origin}/companies`);

    const after = await server.metrics();
    const count = (state: string) =>
      sumOf(after, 'answers_total', { state }) - sumOf(before, 'answers_total', { state });
    expect([count('fresh'), count('miss')]).toEqual([5, 0]);
    expect(sumOf(before, 'answers_total', { state: 'miss' })).toBe(1);
    await server.stop();
  });
});

describe('a server whose Redis goes away', () => {
  let redis: RedisServer;
  let server: MeasuredServer;
  beforeEach(async () => {
    redis = await startRedisServer();
    server = await startMeasuredServer({ env: { REDIS_URL: redis.url } });
    await server.signIn();
  });
  afterEach(async () => {
    await server.stop();
    await redis.stop();
  });

  it('still answers the scraper, and says what is wrong', async () => {
    const well = await server.metrics();
    redis.signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const page = await server.agent.request(`${server.origin}/companies`);

    const scraping = server.metrics();
    const first = await firstOf({ scraping, 'Prometheus gives up': 10_000 });
    const text = await scraping;

    expect([page.status, first]).toEqual([503, 'scraping']);
    const states = (of: string) => ['ready', 'store_reachable'].map((name) => sumOf(of, name));
    expect([states(well), states(text)]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(sumOf(text, 'store_failures_total', { operation: 'session_get' })).toBeGreaterThan(0);
    expect(sumOf(text, 'store_failures_total', { operation: 'ping' })).toBeGreaterThan(0);
  });
});

describe('the listener of the metrics', () => {
  it('is not there without METRICS_PORT', async () => {
    const server = await startMeasuredServer({ env: { METRICS_PORT: '' } });

    expect(server.metricsOrigin).toBe('http://127.0.0.1:undefined');
    expect((await fetch(`${server.origin}/healthz`)).status).toBe(200);
    await server.stop();
  });

  it('is closed when the server stops', async () => {
    const server = await startMeasuredServer();
    await server.metrics();

    await server.stop();

    await expect(fetch(`${server.metricsOrigin}/metrics`)).rejects.toThrow('fetch failed');
  });
});

async function untilExported({ agent, origin }: MeasuredServer): Promise<void> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline; ) {
    const answer = await agent.request(`${origin}/exports`, { headers: { accept: 'application/json' } });
    const { exports } = JSON.parse(answer.text) as { exports: { state: string }[] };
    if (exports.every(({ state }) => state === 'done')) {
      // The work ends a moment after its record says so.
      return void (await new Promise((resolve) => setTimeout(resolve, 100)));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the export does not get done');
}
