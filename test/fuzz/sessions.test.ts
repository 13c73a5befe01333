import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionData } from 'express-session';
import fc from 'fast-check';
import { sessionStores } from '../../src/store/sessions.ts';
import { HOUR } from '../support/clock.ts';
import { EACH } from '../support/fuzz.ts';
import { anyJson, anyText, mostly, nearly } from '../support/hostile-values.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { startApp, TEST_SECRETS, type TestApp } from '../support/start-app.ts';

const SESSION_ID = 'a-session-of-nobody';
const KEY = `b24:session:${SESSION_ID}`;

const aCookie = nearly({
  originalMaxAge: fc.constantFrom(HOUR, null, -1, 1e300, 8.64e15),
  expires: fc.constantFrom(
    '2099-03-05T10:20:30.000Z',
    '2020-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2099-02-31T00:00:00Z',
    null,
  ),
  maxAge: fc.constantFrom(HOUR, null, 1e300, -1e300),
  path: fc.constantFrom('/', '/;x', 'x'),
  httpOnly: fc.boolean(),
  secure: fc.boolean(),
  sameSite: fc.constantFrom('lax', 'Lax', true, 'odd'),
  priority: fc.constantFrom('low', 'odd'),
  partitioned: fc.boolean(),
  domain: fc.constantFrom('evil.example', '; x'),
});
/** @param portal  origin of one that is listed */
const aPerson = (portal: string, memberId: string) =>
  nearly({
    id: fc.constantFrom('an id', ''),
    memberId: fc.constantFrom(memberId, '}', ''),
    userId: fc.constantFrom(1, 7, 0, 1.5),
    portal: fc.constantFrom(portal, 'javascript:alert(1)', 'https://evil.example', 'x'),
    name: fc.constantFrom('Ada', '', null, '<b>'),
    timeZone: fc.constantFrom('Europe/Moscow', 'Nowhere/Land', null),
    since: fc.constantFrom('2026-03-05T10:20:30.000Z', '2099-01-01T00:00:00Z', '0000-01-01T00:00:00Z'),
  });
const aSession = (portal: string, memberId: string) =>
  nearly({
    cookie: fc.oneof(fc.constant({ originalMaxAge: HOUR, path: '/' }), aCookie),
    binding: fc.constantFrom('a binding', ''),
    people: fc.array(mostly(aPerson(portal, memberId)), { maxLength: 12 }),
  });

const anyRecord = (portal = 'https://acme.bitrix24.com', memberId = 'a') =>
  fc.oneof(
    { weight: 3, arbitrary: aSession(portal, memberId).map((session) => JSON.stringify(session)) },
    { weight: 1, arbitrary: anyJson.map((json) => JSON.stringify(json)) },
    { weight: 1, arbitrary: anyText },
  );

describe('the record of a session', () => {
  it('whatever it holds › is a session that express-session can use, or counts as none and is removed', () =>
    fc.assert(
      fc.asyncProperty(anyRecord(), async (record) => {
        const store = createMemoryStore(Date.now);
        const sessions = sessionStores.embedded(store, () => HOUR);
        await store.set(KEY, record, HOUR);

        const data = await promised<SessionData | null | undefined>((done) => sessions.get(SESSION_ID, done));
        const loaded = await promised<unknown>((done) => sessions.load(SESSION_ID, done));

        expect(await store.get(KEY)).toBe(data ? record : null);
        if (data) expect(loaded).toBeDefined();
        // What goes into the answer, if anything does.
        if (data)
          expect(
            (loaded as { cookie: { serialize(name: string, value: string): string } }).cookie.serialize(
              'session',
              'x',
            ),
          ).toMatch(/^session=x; /);
      }),
      EACH,
    ));
});

describe('a browser whose session record holds anything', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  afterEach(() => app.emulator.clearRequests());

  it('is answered, without a failure of ours, and learns nothing of anybody', async () => {
    const [{ origin, memberId } = { origin: '', memberId: '' }] = app.emulator.portals;
    const state = 'A'.repeat(43);
    const aRequest = fc.constantFrom(
      ['GET', '/'],
      ['GET', '/companies'],
      ['GET', '/login'],
      ['GET', `/bitrix?code=x&state=${state}`],
      ['GET', '/account'],
      ['POST', '/account/switch'],
      ['POST', '/account/leave'],
      ['POST', '/account/sign-out-everywhere'],
      ['POST', '/logout'],
      ['POST', '/logout?forget=1'],
    );

    await fc.assert(
      fc.asyncProperty(anyRecord(origin, memberId), aRequest, async (record, [method = '', path = '']) => {
        await app.store.set(KEY, record, HOUR);

        const answer = await fetch(app.origin + path, {
          method,
          redirect: 'manual',
          headers: {
            cookie: `session=${signed(SESSION_ID)}`,
            'sec-fetch-site': 'same-origin',
            accept: 'text/html',
          },
          ...(method === 'POST'
            ? { body: new URLSearchParams({ person: 'an id', forget: '1', returnTo: '/companies' }) }
            : {}),
        });

        const text = await answer.text();
        expect([answer.status < 500, text.includes('Alpha')]).toEqual([true, false]);
      }),
      EACH,
    );
  });
});

/** As express-session signs the id in a cookie. */
function signed(sid: string): string {
  const signature = createHmac('sha256', TEST_SECRETS.sessionSecrets[0] ?? '')
    .update(sid)
    .digest('base64')
    .replace(/=+$/, '');
  return encodeURIComponent(`s:${sid}.${signature}`);
}

function promised<T>(work: (done: (error: unknown, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    work((error, result) => (error ? reject(error) : resolve(result as T))),
  );
}
