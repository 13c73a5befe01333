import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Effect } from '../../emulator/index.ts';
import { HOUR } from '../support/clock.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
afterEach(() => {
  app.emulator.clearFaults();
  // Circuits and refusals that an answer has caused lapse.
  app.clock.advance(5_000);
});

const order = (effect: Effect, times = 9) => app.emulator.orderFault({ on: 'token', times, effect });
const answer = (status: number, body: unknown): Effect => ({ type: 'answer', status, body });
const error = (status: number, code: string): Effect => ({ type: 'error', status, error: code });

const SERVER_FAILS = 'authorization server did not answer sensibly';
const PAUSE = 'Bitrix24 asks for a short pause';

describe('a sign-in that the authorization server answers', () => {
  it.each<[string, Effect, number, string, string | null]>([
    ['429 with an error', error(429, 'anything'), 503, PAUSE, '5'],
    ['429 without one', answer(429, {}), 503, PAUSE, '5'],
    ['429 in HTML', { type: 'html', status: 429 }, 503, PAUSE, '5'],
    ['429 with a list', answer(429, []), 503, PAUSE, '5'],
    ['200 with a limit', error(200, 'QUERY_LIMIT_EXCEEDED'), 503, PAUSE, '5'],
    ['500 with an unknown error', error(500, 'odd'), 502, SERVER_FAILS, null],
    ['502 in HTML', { type: 'html', status: 502 }, 502, SERVER_FAILS, null],
    ['503 with nothing', answer(503, {}), 502, SERVER_FAILS, null],
    ['200 in HTML', { type: 'html', status: 200 }, 502, SERVER_FAILS, null],
    ['half an answer', { type: 'half' }, 502, SERVER_FAILS, null],
    ['a closed connection', { type: 'drop', when: 'before' }, 502, SERVER_FAILS, null],
    ['200 wrong_client', error(200, 'wrong_client'), 502, 'application’s keys do not fit', null],
    ['400 invalid_request', error(400, 'invalid_request'), 502, 'does not understand us', null],
    ['403 invalid_scope', error(403, 'invalid_scope'), 400, 'asks for more than its card allows', null],
    ['400 with an unknown error', error(400, 'odd'), 400, 'a reason that we do not know', null],
  ])('with %s › names who failed, and when to come back', async (_case, effect, status, text, retryAfter) => {
    order(effect);

    const page = await app.signIn(app.agent());

    expect(page.status).toBe(status);
    expect(page.text).toContain(text);
    expect(page.text).not.toContain('The portal is having trouble');
    expect(page.headers.get('retry-after')).toBe(retryAfter);
    // A refusal of the sign-in itself is told by its code.
    const { host } = new URL(app.emulator.authorizationServer);
    const failed = app.logLines().findLast(({ msg }) => msg === 'request failed');
    if (status >= 500) expect(failed).toMatchObject({ err: { message: expect.stringContaining(host) } });
  });
});

describe('a sign-in that the authorization server puts off', () => {
  it('does not reload the used address, and has a button to a new sign-in', async () => {
    order(error(429, 'anything'));

    const page = await app.signIn(app.agent());

    expect(page.headers.get('refresh')).toBeNull();
    expect(page.text).toContain('class="button primary" href="/login"');
  });
});

describe('a refresh that the authorization server answers', () => {
  it.each<[string, Record<string, unknown>]>([
    ['expires_in 0', { expires_in: 0 }],
    ['expires_in -1', { expires_in: -1 }],
    ['expires_in in words', { expires_in: 'soon' }],
    ['no expires_in', { expires_in: undefined }],
    ['an endless expires_in', { expires_in: 1e15 }],
    ['no client_endpoint', { client_endpoint: null }],
  ])('with a good pair and %s › keeps the pair: one refresh, and no new sign-in', async (_case, patch) => {
    const agent = app.agent();
    await app.signIn(agent);
    order({ type: 'alter', patch });
    app.clock.advance(HOUR);
    app.emulator.clearRequests();

    const pages = [
      await agent.request(`${app.origin}/companies`),
      await agent.request(`${app.origin}/companies`),
    ];

    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
    expect(app.emulator.requests.filter(({ kind }) => kind === 'token')).toHaveLength(1);
  });
});
