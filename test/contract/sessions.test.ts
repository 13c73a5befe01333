import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type session from 'express-session';
import type { SessionData } from 'express-session';
import { Redis } from 'ioredis';
import { SessionEndedError } from '../../src/store/sessions.ts';
import { HOUR, MINUTE } from '../support/clock.ts';
import { type SessionApp, sessionIdOf, startSessionApp } from '../support/session-app.ts';
import { BATTERY_KINDS, openTestStore, stopTestCluster, type TestStore } from '../support/stores.ts';

/** Records that no session of ours ever looked like. */
const UNREADABLE: [string][] = [
  ['not JSON'],
  ['{"cookie":{"originalMaxAge":3600000'],
  [''],
  ['{}'],
  ['[]'],
  ['null'],
  ['true'],
  ['42'],
  ['"a JSON string"'],
  ['{"visits":3}'],
  ['{"cookie":null,"visits":3}'],
  ['{"cookie":"session=1","visits":3}'],
];

/** Records that look like ours from afar, with a cookie that express-session chokes on. */
const UNUSABLE_COOKIES: [string][] = [
  ['{"cookie":[],"visits":3}'],
  ['{"cookie":{"originalMaxAge":"soon"},"visits":3}'],
  ['{"cookie":{"originalMaxAge":{}},"visits":3}'],
  ['{"cookie":{"maxAge":"soon"},"visits":3}'],
  ['{"cookie":{"originalMaxAge":3600000,"expires":"never"},"visits":3}'],
  ['{"cookie":{"originalMaxAge":3600000,"path":7},"visits":3}'],
  ['{"cookie":{"originalMaxAge":3600000,"path":"/;x"},"visits":3}'],
  ['{"cookie":{"originalMaxAge":3600000,"sameSite":"perhaps"},"visits":3}'],
  ['{"cookie":{"originalMaxAge":3600000,"priority":"odd"},"visits":3}'],
];

const aSessionId = () => randomBytes(12).toString('hex');
const keyOf = (sid: string) => `b24:session:${sid}`;

function aSession(visits = 1): SessionData {
  const expires = new Date(Date.now() + HOUR);
  return { cookie: { originalMaxAge: HOUR, maxAge: HOUR, expires, path: '/' }, visits };
}

afterAll(stopTestCluster);

describe.each(BATTERY_KINDS)('sessions on the %s store', (kind) => {
  let opened: TestStore;
  let sessions: session.Store;
  let sid: string;
  beforeAll(async () => {
    opened = await openTestStore(kind);
    sessions = opened.sessions;
  });
  afterAll(() => opened.close());
  beforeEach(() => {
    sid = aSessionId();
  });

  const get = (id = sid) => promised<SessionData | null | undefined>((done) => sessions.get(id, done));
  const set = (data: SessionData) => promised<void>((done) => sessions.set(sid, data, done));
  const touch = (data: SessionData) =>
    promised<void>((done) => sessions.touch?.(sid, data, done as () => void));
  const destroy = () => promised<void>((done) => sessions.destroy(sid, done));
  /** As express-session has it after reading the cookie of a request. */
  const load = () =>
    promised<SessionData | undefined>((done) => sessions.load(sid, done)).then((data) => data as SessionData);

  describe('set()', () => {
    describe('when the session is new', () => {
      it('creates it', async () => {
        await set(aSession(1));

        expect(await get()).toMatchObject({ visits: 1, cookie: { originalMaxAge: HOUR } });
      });

      it('keeps text of any script', async () => {
        const data = { ...aSession(), binding: 'Ünï «код» 公司 👩‍👧 \u0000' };

        await set(data);

        expect(await get()).toMatchObject({ binding: data.binding });
      });

      it('lives as long as its cookie', async () => {
        await set(aSession());

        const left = await opened.leftMs(keyOf(sid));
        expect(left).toBeGreaterThan(HOUR - MINUTE);
        expect(left).toBeLessThanOrEqual(HOUR);
      });
    });

    describe('when it was created here and is written again', () => {
      it('updates it', async () => {
        const data = aSession(1);
        await set(data);

        await set(Object.assign(data, { visits: 2 }));

        expect(await get()).toMatchObject({ visits: 2 });
      });
    });

    describe('when it is written again and nothing has changed, as express-session does', () => {
      it('leaves what somebody else has written since', async () => {
        const data = aSession(1);
        await set(data);
        await set(Object.assign(await load(), { visits: 2 }));

        await set(data);

        expect(await get()).toMatchObject({ visits: 2 });
      });
    });

    describe('when it is written again as it is', () => {
      it('calls back before it returns, so that an answer can go out in one piece', async () => {
        const data = aSession(1);
        await set(data);
        let called = false;

        sessions.set(sid, data, () => {
          called = true;
        });

        expect(called).toBe(true);
      });
    });

    describe('when it was loaded', () => {
      it('updates it', async () => {
        await set(aSession(1));
        const loaded = await load();

        await set(Object.assign(loaded, { visits: 2 }));

        expect(await get()).toMatchObject({ visits: 2 });
      });
    });

    describe('when a new session has an id that is taken', () => {
      it('refuses and leaves the other as it is', async () => {
        await set(aSession(1));

        await expect(set(aSession(2))).rejects.toThrow(SessionEndedError);

        expect(await get()).toMatchObject({ visits: 1 });
      });
    });

    describe('when 20 new sessions want the same id at once', () => {
      it('lets one of them have it', async () => {
        const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => set(aSession(n))));

        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });
    });

    describe.each(['loaded', 'created here'] as const)('when it was %s and has ended since', (how) => {
      it('refuses and leaves it ended', async () => {
        const created = aSession(1);
        await set(created);
        const data = { loaded: await load(), 'created here': created }[how];
        await destroy();

        await expect(set(Object.assign(data, { visits: 2 }))).rejects.toThrow(SessionEndedError);

        expect(await get()).toBe(null);
      });
    });

    describe('when it was loaded and has expired since', () => {
      it('refuses and leaves it ended', async () => {
        await set(aSession(1));
        const loaded = await load();
        await opened.pass(keyOf(sid), HOUR);

        await expect(set(loaded)).rejects.toThrow(SessionEndedError);

        expect(await get()).toBe(null);
      });
    });
  });

  describe('touch()', () => {
    describe('when the session is there', () => {
      it('prolongs it', async () => {
        const data = aSession();
        await set(data);
        await opened.pass(keyOf(sid), 55 * MINUTE);

        await touch(data);

        await opened.pass(keyOf(sid), 55 * MINUTE);
        expect(await get()).toMatchObject({ visits: 1 });
      });

      it('leaves its content alone', async () => {
        await set(aSession(1));

        await touch(aSession(2));

        expect(await get()).toMatchObject({ visits: 1 });
      });
    });

    describe('when the session has ended', () => {
      it('does not bring it back', async () => {
        const data = aSession();
        await set(data);
        await destroy();

        await touch(data);

        expect(await get()).toBe(null);
      });
    });

    describe('when the session has expired', () => {
      it('does not bring it back', async () => {
        const data = aSession();
        await set(data);
        await opened.pass(keyOf(sid), HOUR);

        await touch(data);

        expect(await get()).toBe(null);
      });
    });
  });

  describe('destroy()', () => {
    describe('when there is no such session', () => {
      it('is content', async () => {
        await expect(destroy()).resolves.toBe(undefined);
      });
    });
  });

  describe('get()', () => {
    describe('when there is no such session', () => {
      it('finds none', async () => {
        expect(await get()).toBe(null);
      });
    });

    describe('when it is asked for twice, and one of them is changed', () => {
      it('the other stays as it was stored', async () => {
        await set(aSession(1));

        const [one, other] = [await get(), await get()];
        Object.assign(one ?? {}, { visits: 2 });
        Object.assign(one?.cookie ?? {}, { path: '/elsewhere' });

        expect(other).toMatchObject({ visits: 1, cookie: { path: '/' } });
        expect(await get()).toMatchObject({ visits: 1, cookie: { path: '/' } });
      });
    });

    describe('when nobody came back for the whole lifetime', () => {
      it('finds none', async () => {
        await set(aSession());

        await opened.pass(keyOf(sid), HOUR);

        expect(await get()).toBe(null);
      });
    });

    describe.each(UNREADABLE)('when the record is %j', (record) => {
      it('finds none and removes it', async () => {
        await opened.store.set(keyOf(sid), record, HOUR);

        const found = await get();

        expect(found).toBe(null);
        expect(await opened.store.get(keyOf(sid))).toBe(null);
      });
    });
  });

  describe('an application', () => {
    let app: SessionApp;
    beforeAll(async () => {
      app = await startSessionApp(sessions);
    });
    afterAll(() => app.stop());

    describe.each([...UNREADABLE, ...UNUSABLE_COOKIES])('when the record of a browser is %j', (record) => {
      it('answers as if there were no session, and the next visit too', async () => {
        const cookie = await app.begin();
        await opened.store.set(keyOf(sessionIdOf(cookie)), record, HOUR);

        const answers = [await app.visits(cookie), await app.visits(cookie)];

        expect(answers).toEqual([
          { status: 200, text: 'none' },
          { status: 200, text: 'none' },
        ]);
      });
    });

    describe('when the cookie of a record has a field that another version of the application wrote', () => {
      it.each([
        '"ofTomorrow":true',
        '"domain":"evil.example"',
        '"domain":"; x"',
        '"serialize":1',
        '"_expires":"x"',
        '"__proto__":{"serialize":1}',
      ])(
        'such as %s, knows the session all the same, for versions follow each other while people work',
        async (field) => {
          const cookie = await app.begin();
          const record = `{"cookie":{"originalMaxAge":3600000,"path":"/",${field}},"visits":3}`;
          const sid = sessionIdOf(cookie);
          await opened.store.set(keyOf(sid), record, HOUR);
          const failures = app.errors.length;

          expect(await app.visits(cookie)).toEqual({ status: 200, text: '3' });
          // What cannot be written as a cookie fails when the answer is on its way.
          expect(app.errors.slice(failures)).toEqual([]);
          expect(Object.keys((await get(sid))?.cookie ?? {})).toEqual(['originalMaxAge', 'path']);
        },
      );
    });

    describe('when a browser keeps coming back', () => {
      it('prolongs its session without writing it', async () => {
        const cookie = await app.begin();
        const key = keyOf(sessionIdOf(cookie));
        const before = await opened.store.get(key);
        await opened.pass(key, 55 * MINUTE);

        await app.visits(cookie);

        await opened.pass(key, 55 * MINUTE);
        expect(await app.visits(cookie)).toEqual({ status: 200, text: '0' });
        expect(await opened.store.get(key)).toBe(before);
      });
    });

    describe('when the session ends while a slow request works on it', () => {
      it('stays ended, 100 times of 100', async () => {
        const cookies = await tenByTen(100, () => app.begin());

        const after = await tenByTen(100, async (n) => {
          const cookie = cookies[n] ?? '';
          const slow = await app.slowVisit(cookie);
          await app.end(cookie);
          slow.letGo();
          await slow.answered;
          return app.visits(cookie);
        });

        expect(after).toEqual(after.map(() => ({ status: 200, text: 'none' })));
      });
    });

    describe('when the session ends at the very moment a slow request writes it', () => {
      it('stays ended, 100 times of 100', async () => {
        const cookies = await tenByTen(100, () => app.begin());

        const after = await tenByTen(100, async (n) => {
          const cookie = cookies[n] ?? '';
          const slow = await app.slowVisit(cookie);
          slow.letGo();
          await Promise.all([app.end(cookie), slow.answered]);
          return app.visits(cookie);
        });

        expect(after).toEqual(after.map(() => ({ status: 200, text: 'none' })));
      });
    });

    describe('when the session gets a new id while a slow request works on it', () => {
      it('leaves the old id ended and the new one alone', async () => {
        const cookie = await app.begin();
        const slow = await app.slowVisit(cookie);
        const renewed = await app.renew(cookie);

        slow.letGo();
        await slow.answered;

        expect(await app.visits(cookie)).toEqual({ status: 200, text: 'none' });
        expect(await app.visits(renewed)).toEqual({ status: 200, text: '0' });
      });
    });

    describe('when two slow requests of one session write one after the other', () => {
      it('keeps what the last one wrote', async () => {
        const cookie = await app.begin();
        const [first, second] = [await app.slowVisit(cookie), await app.slowVisit(cookie)];
        first.letGo();
        await first.answered;

        second.letGo();
        await second.answered;

        expect(await app.visits(cookie)).toEqual({ status: 200, text: '1' });
      });
    });
  });

  describe('secrets of the cookie', () => {
    let before: SessionApp;
    let cookie: string;
    const toStop: SessionApp[] = [];
    const withSecrets = async (...secrets: string[]) => {
      const app = await startSessionApp(sessions, secrets);
      toStop.push(app);
      return app;
    };
    beforeAll(async () => {
      before = await withSecrets('old secret');
      cookie = await before.begin();
    });
    afterAll(() => Promise.all(toStop.map((app) => app.stop())));

    describe('when a new secret was put in front of the old one', () => {
      it('knows the browsers of before', async () => {
        const app = await withSecrets('new secret', 'old secret');

        expect(await app.visits(cookie)).toEqual({ status: 200, text: '0' });
      });

      it('signs with the new one', async () => {
        const app = await withSecrets('new secret', 'old secret');

        const fresh = await app.begin();

        expect(await before.visits(fresh)).toEqual({ status: 200, text: 'none' });
      });
    });

    describe('when the old secret is gone', () => {
      it('knows nobody of before, without an error', async () => {
        const app = await withSecrets('new secret');

        expect(await app.visits(cookie)).toEqual({ status: 200, text: 'none' });
      });
    });

    describe('when the signature was tampered with', () => {
      it('knows nobody', async () => {
        const tampered = cookie.replace(/...$/, 'AAA');

        expect(await before.visits(tampered)).toEqual({ status: 200, text: 'none' });
      });
    });
  });
});

describe('sessions on the redis store', () => {
  let opened: TestStore;
  let redis: Redis;
  let app: SessionApp;
  beforeAll(async () => {
    opened = await openTestStore('redis');
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
    app = await startSessionApp(opened.sessions);
  });
  afterAll(async () => {
    await app.stop();
    redis.disconnect();
    await opened.close();
  });

  const foreignTypes: [string, (key: string) => Promise<unknown>][] = [
    ['a list', (key) => redis.lpush(key, 'foreign')],
    ['a hash', (key) => redis.hset(key, 'field', 'foreign')],
    ['a set', (key) => redis.sadd(key, 'foreign')],
    ['a sorted set', (key) => redis.zadd(key, 1, 'foreign')],
  ];

  describe.each(foreignTypes)('when the key of a browser holds %s', (_, putForeign) => {
    it('answers as if there were no session, and removes it', async () => {
      const cookie = await app.begin();
      const key = keyOf(sessionIdOf(cookie));
      await redis.del(key);
      await putForeign(key);

      const answer = await app.visits(cookie);

      expect(answer).toEqual({ status: 200, text: 'none' });
      expect(await redis.exists(key)).toBe(0);
    });
  });
});

function promised<T>(work: (done: (error: unknown, result?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    work((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}

/** Ten at once: many enough to meet, few enough that a busy machine does not take Redis for gone. */
async function tenByTen<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < count) {
    const done = results.length;
    results.push(...(await Promise.all(Array.from({ length: 10 }, (_, index) => work(done + index)))));
  }
  return results;
}
