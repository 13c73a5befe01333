import { beforeEach, describe, expect, it } from '@jest/globals';
import session, { type SessionData } from 'express-session';
import { watchSessions, watchStore } from '../../src/metrics/measured-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import { type Store, StoreUnavailableError } from '../../src/store/store.ts';
import { HOUR } from '../support/clock.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const DATA = { cookie: { originalMaxAge: 1000 } } as SessionData;

let told: string[];
beforeEach(() => {
  told = [];
});

const observer = {
  took: (operation: string, ms: number) => told.push(ms >= 0 ? operation : `${operation} ${ms}`),
  failed: (operation: string) => told.push(`${operation} failed`),
};

async function listOf(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

describe('watchStore()', () => {
  it('does what the store does, and tells of each operation', async () => {
    const plain = createMemoryStore(() => 42);
    const store = watchStore(plain, observer);

    const found = {
      absent: await store.get('a'),
      set: await store.set('a', '1', HOUR),
      written: await store.replaceIfUnchanged('a', '1', '2', 'keep'),
      notWritten: await store.replaceIfUnchanged('a', '1', '3', HOUR),
      present: await store.get('a'),
      prolonged: await store.prolong('a', HOUR),
      leftMs: await store.leftMs('a'),
      keys: await listOf(store.keys('')),
      quarantined: await store.quarantine('a', '2'),
      forgotten: await store.forget('a'),
      now: await store.now(),
      ping: await store.ping(),
      kind: (await store.describe()).kind,
    };

    expect(found).toEqual({
      absent: null,
      set: undefined,
      written: true,
      notWritten: false,
      present: '2',
      prolonged: undefined,
      leftMs: Number.POSITIVE_INFINITY,
      keys: ['a'],
      quarantined: undefined,
      forgotten: false,
      now: 42,
      ping: undefined,
      kind: 'embedded',
    });
    expect(told).toEqual([
      'get',
      'set',
      'replace_if_unchanged',
      'replace_if_unchanged',
      'get',
      'prolong',
      'left_ms',
      'quarantine',
      'forget',
      'now',
      'ping',
    ]);
  });

  it('passes on who wants to know when the store is back, and that it is no longer needed', async () => {
    const calls: string[] = [];
    const plain: Store = {
      ...createMemoryStore(Date.now),
      onReturn: (listener) => listener(),
      close: async () => void calls.push('closed'),
    };

    watchStore(plain, observer).onReturn(() => calls.push('back'));
    await watchStore(plain, observer).close();

    expect(calls).toEqual(['back', 'closed']);
  });

  it.each<[string, Error, string[]]>([
    ['the store is away', new StoreUnavailableError('ECONNREFUSED'), ['get failed', 'get']],
    ['we made a mistake', new RangeError('no such lifetime'), ['get']],
  ])('when %s › passes the error on, and tells it apart', async (_, error, expected) => {
    const store = watchStore({ ...createMemoryStore(Date.now), get: () => Promise.reject(error) }, observer);

    await expect(store.get('a')).rejects.toBe(error);

    expect(told).toEqual(expected);
  });
});

describe('watchSessions()', () => {
  it('does what the sessions do, and tells of each operation', async () => {
    const sessions = watchSessions(
      sessionStores.embedded(createMemoryStore(Date.now), () => HOUR),
      observer,
    );

    await new Promise((resolve) => sessions.set('a', DATA, resolve));
    const found = await new Promise((resolve) => sessions.get('a', (_, data) => resolve(data)));
    await new Promise((resolve) => sessions.destroy('a', resolve));

    expect(found).toEqual(DATA);
    expect(told).toEqual(['session_set', 'session_get', 'session_destroy']);
  });

  it('when the store is away › passes the error on, and tells', async () => {
    const away = new StoreUnavailableError('ECONNREFUSED');
    class Away extends session.Store {
      override get(_id: string, callback: (error: unknown) => void) {
        callback(away);
      }
      override set() {}
      override destroy() {}
    }
    const sessions = watchSessions(new Away(), observer);

    const error = await new Promise((resolve) => sessions.get('a', resolve));

    expect(error).toBe(away);
    expect(told).toEqual(['session_get failed', 'session_get']);
  });
});
