import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startRedisServer } from '../support/redis-server.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { letTimersRun, pass, stopTimers } from '../support/stopped-timers.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('an address that nothing answers', () => {
  it('gives a person a page in their language', async () => {
    const answer = await request(app.origin)
      .get('/nowhere')
      .set('accept', 'text/html')
      .set('accept-language', 'ru');

    expect(answer.status).toBe(404);
    expect(answer.text).toContain('Здесь ничего нет');
    expect(answer.text).toContain('<html lang="ru">');
  });

  it('gives a program the code and a message', async () => {
    const answer = await request(app.origin).get('/nowhere').set('accept', 'application/json');

    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      error: { code: 'not_found', message: expect.stringContaining('address has a mistake') },
    });
  });

  it('carries the protective headers', async () => {
    const answer = await request(app.origin).get('/nowhere');

    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });
});

describe('the log lines of a request', () => {
  it('name the whole path, and what kind of error it was', async () => {
    const own = await startApp();
    const agent = own.agent();
    await own.signIn(agent);
    own.emulator.orderFault({ on: 'rest', times: 9, effect: { type: 'html', status: 502 } });

    await agent.request(`${own.origin}/companies?q=private`);

    const [failed, answered] = own.logLines().slice(-2);
    expect(failed).toMatchObject({
      msg: 'request failed',
      errorCode: 'portal_failed',
      err: { name: 'UnexpectedResponseError', code: 'portal_failed', stack: expect.any(String) },
    });
    expect(answered).toMatchObject({ msg: 'answered', req: { method: 'GET', path: '/companies' } });
    await own.stop();
  });
});

describe('a request that cannot be read', () => {
  it.each([
    ['/companies/%E0%A4%A'],
    ['/%'],
    ['/companies/1%00'],
    ['/assets/%E0%A4%A'],
    ['/assets/..%2f..%2fpackage.json'],
    ['/assets/%00'],
  ])('%s answers without a stack trace', async (path) => {
    const answer = await request(app.origin).get(path).set('accept', 'text/html');

    expect(answer.status).toBeGreaterThanOrEqual(300);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toMatch(/\n\s+at |node_modules/);
  });

  it('because its body is too large answers 400', async () => {
    const answer = await request(app.origin)
      .post('/language')
      .set('origin', app.origin)
      .type('form')
      .send({ language: 'x'.repeat(20_000) });

    expect(answer.status).toBe(400);
  });

  it.each([
    ['session=s%3Aforged.signature'],
    ['session=%E0%A4%A'],
    ['session=; language=<script>; signed-out=%'],
    [`session=${'x'.repeat(4000)}`],
  ])('because of its cookie %.30s counts as a visitor', async (cookie) => {
    const answer = await request(app.origin).get('/').set('cookie', cookie);

    expect(answer.status).toBe(200);
  });
});

describe('a page that failed', () => {
  it('at the redirection endpoint never repeats the code it was given', async () => {
    const answer = await request(app.origin).get('/bitrix?code=SECRETCODE&state=').set('accept', 'text/html');

    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('SECRETCODE');
  });

  it('names the request, so that the log line can be found', async () => {
    const answer = await request(app.origin).get('/bitrix?state=').set('accept', 'text/html');

    const requestId = answer.headers['x-request-id'];
    expect(answer.text).toContain(requestId);
    expect(app.logLines().filter((line) => line.requestId === requestId).length).toBeGreaterThan(0);
  });
});

describe('the lines of the log', () => {
  it('say whose request it was, and that it was nobody’s', async () => {
    const agent = app.agent();
    await app.signIn(agent);

    const [page, anonymous] = [
      await agent.request(`${app.origin}/companies`),
      await app.agent().request(`${app.origin}/companies`),
    ];

    const [portal] = app.emulator.portals;
    const who = { portal: new URL(portal?.origin ?? '').host, memberId: portal?.memberId, userId: 1 };
    const linesOf = ({ headers }: { headers: Headers }) =>
      app.logLines().filter(({ requestId }) => requestId === headers.get('x-request-id'));
    expect(linesOf(page)).toEqual([expect.objectContaining({ ...who, msg: 'answered' })]);
    expect(app.logLines()).toContainEqual(expect.objectContaining({ ...who, msg: 'signed in' }));
    for (const line of linesOf(anonymous)) expect(line).not.toHaveProperty('userId');
    expect(linesOf(anonymous).length).toBeGreaterThan(0);
  });
});

describe('when the store is away', () => {
  it('pages say so within a second, health stays up, and all is well again when it is back', async () => {
    const redis = await startRedisServer();
    const wire = await startTcpProxy(redis.port);
    const away = await startApp({ redisUrl: `redis://127.0.0.1:${wire.port}` });
    const agent = away.agent();
    await away.signIn(agent);
    wire.freeze();
    stopTimers('setTimeout');

    const asked = agent.request(`${away.origin}/companies`);
    await wire.untilFrozen();
    // Not quite a second, after which the connection is given up: what needs a longer timer is never answered.
    await pass(999);
    const page = await asked;
    letTimersRun();
    const [health, readiness] = await Promise.all(
      ['/healthz', '/readyz'].map((path) => agent.request(away.origin + path)),
    );
    wire.thaw();
    const later = await agent.request(`${away.origin}/companies`);

    expect(page.status).toBe(503);
    expect(page.text).toContain('We are away for a moment');
    expect([health?.status, readiness?.status]).toEqual([200, 503]);
    expect(later.status).toBe(200);
    await away.stop();
    await wire.stop();
    await redis.stop();
  });

  it('and refuses writes, no redirect to the portal goes out', async () => {
    const redis = await startRedisServer({ settings: ['--maxmemory', '1'] });
    const full = await startApp({ redisUrl: redis.url });

    const answer = await full.agent().request(`${full.origin}/login`);

    expect(answer.status).toBe(503);
    expect(answer.location).toBeUndefined();
    await full.stop();
    await redis.stop();
  });
});
