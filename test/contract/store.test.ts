import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { QUARANTINE_MS, quarantineKey, type Store, update } from '../../src/store/store.ts';
import { HOUR, MINUTE } from '../support/clock.ts';
import { inAnotherProcess, killWhileWriting } from '../support/spawn-store.ts';
import { newDataDir } from '../support/start-app.ts';
import { aKey, BATTERY_KINDS, openTestStore, stopTestCluster, type TestStore } from '../support/stores.ts';

/** What is awkward on its way through a protocol, a file or a script. */
const AWKWARD_VALUES: [string, string][] = [
  ['is empty', ''],
  ['is Cyrillic, Chinese and emoji', 'Компания «Ромашка» 公司 👩‍👩‍👧‍👦'],
  ['holds NUL, CR, LF and quotes', 'a\0b\r\nc"d\'e\\f'],
  ['looks like JSON', '[1,"b24",{"a":null}]'],
  ['looks like a number', '007'],
  ['is the word null', 'null'],
  ['has 64 KiB', 'x'.repeat(64 * 1024)],
  ['has 64 KiB of two-byte letters', 'Ж'.repeat(32 * 1024)],
];

const increment = (store: Store, key: string) =>
  update(store, key, HOUR, (current) => ({
    write: String(Number(current ?? 0) + 1),
    result: Number(current ?? 0) + 1,
  }));

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

afterAll(stopTestCluster);

describe.each(BATTERY_KINDS)('the %s store', (kind) => {
  let opened: TestStore;
  let store: Store;
  beforeAll(async () => {
    opened = await openTestStore(kind);
    store = opened.store;
  });
  afterAll(() => opened.close());

  describe('get()', () => {
    describe('when nothing was ever stored', () => {
      it('answers null', async () => {
        expect(await store.get(aKey())).toBe(null);
      });
    });

    describe.each(AWKWARD_VALUES)('when the value %s', (_, value) => {
      it('gives back exactly what was stored', async () => {
        const key = aKey();
        await store.set(key, value, HOUR);

        const found = await store.get(key);

        expect(found).toBe(value);
      });
    });

    describe('when the key holds braces, colons, spaces and letters of another script', () => {
      it('takes it as it is', async () => {
        const [key, neighbour] = [aKey('{член}:local.1:7 *?[a]'), aKey('{член}:local.1:7')];
        await store.set(key, 'mine', HOUR);
        await store.set(neighbour, 'not mine', HOUR);

        const found = await store.get(key);

        expect(found).toBe('mine');
      });
    });

    describe('when the lifetime has passed', () => {
      it('answers null', async () => {
        const key = aKey();
        await store.set(key, 'value', HOUR);

        await opened.pass(key, HOUR);

        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the lifetime has almost passed', () => {
      it('still answers the value', async () => {
        const key = aKey();
        await store.set(key, 'value', HOUR);

        await opened.pass(key, HOUR - MINUTE);

        expect(await store.get(key)).toBe('value');
      });
    });
  });

  describe('set()', () => {
    describe('when there is a value already', () => {
      it('replaces it', async () => {
        const key = aKey();
        await store.set(key, 'old', HOUR);

        await store.set(key, 'new', HOUR);

        expect(await store.get(key)).toBe('new');
      });

      it('counts the lifetime anew', async () => {
        const key = aKey();
        await store.set(key, 'old', 2 * MINUTE);

        await store.set(key, 'new', HOUR);

        await opened.pass(key, 30 * MINUTE);
        expect(await store.get(key)).toBe('new');
      });

      it('shortens a longer lifetime', async () => {
        const key = aKey();
        await store.set(key, 'old', HOUR);

        await store.set(key, 'new', MINUTE);

        await opened.pass(key, 2 * MINUTE);
        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the lifetime is half a year', () => {
      it('keeps to it', async () => {
        const key = aKey();
        const halfAYear = 180 * 24 * HOUR;

        await store.set(key, 'value', halfAYear);

        const left = await opened.leftMs(key);
        expect(left).toBeGreaterThan(halfAYear - MINUTE);
        expect(left).toBeLessThanOrEqual(halfAYear);
      });
    });

    describe('when the lifetime is a fraction of milliseconds', () => {
      it('is not refused', async () => {
        const key = aKey();

        await store.set(key, 'value', HOUR + 0.25);

        expect(await store.get(key)).toBe('value');
      });
    });
  });

  describe('replaceIfUnchanged()', () => {
    describe('when the key is absent, as expected', () => {
      it('writes', async () => {
        const key = aKey();

        const written = await store.replaceIfUnchanged(key, null, 'new', HOUR);

        expect(written).toBe(true);
        expect(await store.get(key)).toBe('new');
      });
    });

    describe('when the key is present and was expected to be absent', () => {
      it.each([['present'], ['']])('leaves %j alone', async (present) => {
        const key = aKey();
        await store.set(key, present, HOUR);

        const written = await store.replaceIfUnchanged(key, null, 'new', HOUR);

        expect(written).toBe(false);
        expect(await store.get(key)).toBe(present);
      });
    });

    describe('when the key is absent and was expected to hold something', () => {
      it.each([['old'], [''], ['false'], ['nil']])('writes nothing for %j', async (expected) => {
        const key = aKey();

        const written = await store.replaceIfUnchanged(key, expected, 'new', HOUR);

        expect(written).toBe(false);
        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the key holds something else', () => {
      it.each([['old '], ['OLD'], ['olD'], [''], ['old\0']])('leaves it alone for %j', async (expected) => {
        const key = aKey();
        await store.set(key, 'old', HOUR);

        const written = await store.replaceIfUnchanged(key, expected, 'new', HOUR);

        expect(written).toBe(false);
        expect(await store.get(key)).toBe('old');
      });
    });

    describe('when what was expected has expired', () => {
      it('writes nothing', async () => {
        const key = aKey();
        await store.set(key, 'old', MINUTE);
        await opened.pass(key, 2 * MINUTE);

        const written = await store.replaceIfUnchanged(key, 'old', 'new', HOUR);

        expect(written).toBe(false);
        expect(await store.get(key)).toBe(null);
      });

      it('writes if the key was expected to be absent', async () => {
        const key = aKey();
        await store.set(key, 'old', MINUTE);
        await opened.pass(key, 2 * MINUTE);

        const written = await store.replaceIfUnchanged(key, null, 'new', HOUR);

        expect(written).toBe(true);
        expect(await store.get(key)).toBe('new');
      });
    });

    describe.each(AWKWARD_VALUES)('when the value %s', (_, value) => {
      it('compares and writes exactly it', async () => {
        const key = aKey();
        await store.set(key, value, HOUR);

        const toOther = await store.replaceIfUnchanged(key, value, 'other', HOUR);
        const back = await store.replaceIfUnchanged(key, 'other', value, HOUR);

        expect([toOther, back]).toEqual([true, true]);
        expect(await store.get(key)).toBe(value);
      });
    });

    describe('when it writes', () => {
      it('gives the new lifetime', async () => {
        const key = aKey();
        await store.set(key, 'old', 2 * MINUTE);

        await store.replaceIfUnchanged(key, 'old', 'new', HOUR);

        const left = await opened.leftMs(key);
        expect(left).toBeGreaterThan(HOUR - MINUTE);
        expect(left).toBeLessThanOrEqual(HOUR);
      });
    });

    describe('when it does not write', () => {
      it('leaves the lifetime alone', async () => {
        const key = aKey();
        await store.set(key, 'old', 2 * MINUTE);

        await store.replaceIfUnchanged(key, 'something else', 'new', HOUR);

        expect(await opened.leftMs(key)).toBeLessThanOrEqual(2 * MINUTE);
      });
    });

    describe.each([
      ['the key is absent', null],
      ['the key is present', 'start'],
    ])('when 50 writers try at once and %s', (_, start) => {
      it.each([[1], [2], [3]])('lets exactly one of them win (round %i)', async () => {
        const key = aKey();
        const stores = [store, opened.another()];
        if (start !== null) await store.set(key, start, HOUR);

        const written = await times(50, (index) =>
          (stores[index % 2] as Store).replaceIfUnchanged(key, start, `writer ${index}`, HOUR),
        );

        expect(written.filter(Boolean)).toHaveLength(1);
        expect(await store.get(key)).toBe(`writer ${written.indexOf(true)}`);
      });
    });
  });

  describe('update()', () => {
    describe('when 200 increments run at once from two instances', () => {
      it('counts every one of them', async () => {
        const key = aKey();
        const stores = [store, opened.another()];

        const results = await times(200, (index) => increment(stores[index % 2] as Store, key));

        expect(await store.get(key)).toBe('200');
        expect(new Set(results).size).toBe(200);
      });
    });

    describe('when it decides to keep things as they are', () => {
      it('writes nothing and hands back the result', async () => {
        const key = aKey();
        await store.set(key, 'as it is', 2 * MINUTE);

        const result = await update(store, key, HOUR, (current) => ({
          keep: true,
          result: `saw ${current}`,
        }));

        expect(result).toBe('saw as it is');
        expect(await store.get(key)).toBe('as it is');
        expect(await opened.leftMs(key)).toBeLessThanOrEqual(2 * MINUTE);
      });
    });

    describe('when somebody was faster', () => {
      it('decides anew on what is there now', async () => {
        const key = aKey();
        const seen: (string | null)[] = [];
        await store.set(key, 'first', HOUR);

        const result = await update(store, key, HOUR, async (current) => {
          seen.push(current);
          if (current === 'first') await store.set(key, 'second', HOUR);
          return { write: `${current} and mine`, result: current };
        });

        expect(seen).toEqual(['first', 'second']);
        expect(result).toBe('second');
        expect(await store.get(key)).toBe('second and mine');
      });
    });

    describe('when the decision throws', () => {
      it('passes the error on and writes nothing', async () => {
        const key = aKey();

        const updating = update(store, key, HOUR, () => {
          throw new RangeError('cannot decide');
        });

        await expect(updating).rejects.toThrow(RangeError);
        expect(await store.get(key)).toBe(null);
      });
    });
  });

  describe('count()', () => {
    describe('when nothing was counted yet', () => {
      it('opens a window with the first one', async () => {
        const counted = await store.count(aKey(), MINUTE);

        expect(counted.count).toBe(1);
        expect(counted.leftMs).toBeGreaterThan(MINUTE - 5_000);
        expect(counted.leftMs).toBeLessThanOrEqual(MINUTE);
      });
    });

    describe('when the window is open', () => {
      it('counts on, and leaves the window as long as it was', async () => {
        const key = aKey();
        await store.count(key, MINUTE);
        await opened.pass(key, 40_000);

        const counted = await store.count(key, MINUTE);

        expect(counted.count).toBe(2);
        expect(counted.leftMs).toBeLessThanOrEqual(20_000);
      });
    });

    describe('when the window is over', () => {
      it('begins anew', async () => {
        const key = aKey();
        await store.count(key, MINUTE);
        await opened.pass(key, MINUTE);

        const counted = await store.count(key, MINUTE);

        expect(counted.count).toBe(1);
        expect(await opened.leftMs(key)).toBeGreaterThan(MINUTE - 5_000);
      });
    });

    describe('when fifty count at once, from two processes', () => {
      it('misses none of them', async () => {
        const key = aKey();
        const another = opened.another();

        const counted = await times(50, (index) => (index % 2 ? store : another).count(key, MINUTE));

        expect(counted.map(({ count }) => count).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 50 }, (_, index) => index + 1),
        );
      });
    });

    describe('when the key holds something that is no number', () => {
      it('begins anew', async () => {
        const key = aKey();
        await store.set(key, 'no number', HOUR);

        const counted = await store.count(key, MINUTE);

        expect(counted.count).toBe(1);
        expect(await opened.leftMs(key)).toBeLessThanOrEqual(MINUTE);
      });
    });
  });

  describe('prolong()', () => {
    describe('when the key is present', () => {
      it('gives it a new lifetime and leaves the value alone', async () => {
        const key = aKey();
        await store.set(key, 'value', 2 * MINUTE);

        await store.prolong(key, HOUR);

        await opened.pass(key, 30 * MINUTE);
        expect(await store.get(key)).toBe('value');
      });

      it('can also shorten it', async () => {
        const key = aKey();
        await store.set(key, 'value', HOUR);

        await store.prolong(key, MINUTE);

        await opened.pass(key, 2 * MINUTE);
        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the key is absent', () => {
      it('leaves it absent', async () => {
        const key = aKey();

        await store.prolong(key, HOUR);

        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the value has expired', () => {
      it('does not bring it back', async () => {
        const key = aKey();
        await store.set(key, 'value', MINUTE);
        await opened.pass(key, 2 * MINUTE);

        await store.prolong(key, HOUR);

        expect(await store.get(key)).toBe(null);
      });
    });
  });

  describe('forget()', () => {
    describe('when the key is present', () => {
      it('removes it and says so', async () => {
        const key = aKey();
        await store.set(key, 'value', HOUR);

        const existed = await store.forget(key);

        expect(existed).toBe(true);
        expect(await store.get(key)).toBe(null);
      });
    });

    describe('when the key is absent', () => {
      it('says that there was nothing', async () => {
        expect(await store.forget(aKey())).toBe(false);
      });
    });

    describe('when the value has expired', () => {
      it('says that there was nothing', async () => {
        const key = aKey();
        await store.set(key, 'value', MINUTE);
        await opened.pass(key, 2 * MINUTE);

        expect(await store.forget(key)).toBe(false);
      });
    });

    describe('when 20 try at once', () => {
      it('tells exactly one of them that there was something', async () => {
        const key = aKey();
        await store.set(key, 'value', HOUR);

        const existed = await times(20, () => store.forget(key));

        expect(existed.filter(Boolean)).toHaveLength(1);
      });
    });
  });

  describe('quarantine()', () => {
    describe('when the key is present', () => {
      it('moves the value to where an operator finds it, for 30 days', async () => {
        const key = aKey('{member}:of:7');
        await store.set(key, 'not understood', MINUTE);

        await store.quarantine(key, 'not understood');

        expect(await store.get(key)).toBe(null);
        expect(await store.get(quarantineKey(key))).toBe('not understood');
        expect(await opened.leftMs(quarantineKey(key))).toBeGreaterThan(QUARANTINE_MS - MINUTE);
      });
    });

    describe('when the key is absent', () => {
      it('does nothing', async () => {
        const key = aKey();

        await store.quarantine(key, 'not understood');

        expect(await store.get(quarantineKey(key))).toBe(null);
      });
    });

    describe('when something was moved there before', () => {
      it('keeps the newer value', async () => {
        const key = aKey();
        await store.set(key, 'older', HOUR);
        await store.quarantine(key, 'older');
        await store.set(key, 'newer', HOUR);

        await store.quarantine(key, 'newer');

        expect(await store.get(quarantineKey(key))).toBe('newer');
      });
    });

    describe('when the key holds something else by now', () => {
      it('leaves it where it is', async () => {
        const key = aKey();
        await store.set(key, 'written meanwhile', HOUR);

        await store.quarantine(key, 'not understood');

        expect(await store.get(key)).toBe('written meanwhile');
        expect(await store.get(quarantineKey(key))).toBe(null);
      });
    });

    describe('when 20 try at once', () => {
      it('loses nothing', async () => {
        const key = aKey();
        await store.set(key, 'not understood', HOUR);

        await times(20, () => store.quarantine(key, 'not understood'));

        expect(await store.get(quarantineKey(key))).toBe('not understood');
      });
    });
  });

  describe('now()', () => {
    it('is a whole number of milliseconds, close to the clock of the machine', async () => {
      const machine = await openTestStore(kind);

      const before = Date.now();
      const now = await machine.store.now();
      const after = Date.now();

      expect(Number.isInteger(now)).toBe(true);
      // Redis takes its own look at the same clock, so that the two may differ by a few milliseconds.
      expect(now).toBeGreaterThan(before - 100);
      expect(now).toBeLessThan(after + 100);
      await machine.close();
    });

    it('never runs backwards', async () => {
      const [first, second] = [await store.now(), await store.now()];

      expect(second).toBeGreaterThanOrEqual(first);
    });
  });

  describe('ping()', () => {
    it('succeeds while the store can be written to', async () => {
      await expect(store.ping()).resolves.toBe(undefined);
    });
  });

  describe('two instances', () => {
    describe('when one writes', () => {
      it('shows it to the other at once', async () => {
        const key = aKey();
        const other = opened.another();

        await store.set(key, 'from the one', HOUR);

        expect(await other.get(key)).toBe('from the one');
      });
    });

    describe('when both count at once', () => {
      it('counts all', async () => {
        const key = aKey();
        const other = opened.another();

        await Promise.all([times(40, () => increment(store, key)), times(40, () => increment(other, key))]);

        expect(await store.get(key)).toBe('80');
      });
    });

    describe('when one is closed', () => {
      it('leaves the other working', async () => {
        const key = aKey();
        await opened.another().close();

        await store.set(key, 'still here', HOUR);

        expect(await store.get(key)).toBe('still here');
      });
    });
  });
});

describe('the redis store', () => {
  let redis: RedisClient;
  let store: Store;
  beforeAll(() => {
    redis = connectRedis(parseRedisAddress(process.env.TEST_REDIS_URL ?? ''), () => {});
    store = createRedisStore(redis);
  });
  afterAll(() => store.close());

  const foreignTypes: [string, (key: string) => Promise<unknown>][] = [
    ['a list', (key) => redis.lpush(key, 'foreign')],
    ['a hash', (key) => redis.hset(key, 'field', 'foreign')],
    ['a set', (key) => redis.sadd(key, 'foreign')],
  ];

  describe.each(foreignTypes)('when the key holds %s', (_, putForeign) => {
    it('get() counts it as absent and moves it aside', async () => {
      const key = aKey();
      await putForeign(key);
      const type = await redis.type(key);

      const found = await store.get(key);

      expect(found).toBe(null);
      expect(await redis.exists(key)).toBe(0);
      expect(await redis.type(quarantineKey(key))).toBe(type);
      expect(await redis.pttl(quarantineKey(key))).toBeGreaterThan(QUARANTINE_MS - MINUTE);
    });

    it('set() replaces it', async () => {
      const key = aKey();
      await putForeign(key);

      await store.set(key, 'ours', HOUR);

      expect(await store.get(key)).toBe('ours');
    });

    it('update() starts anew', async () => {
      const key = aKey();
      await putForeign(key);

      await increment(store, key);

      expect(await store.get(key)).toBe('1');
    });

    it('count() starts anew, for as long as its window', async () => {
      const key = aKey();
      await putForeign(key);

      const counted = await store.count(key, MINUTE);

      expect(counted).toEqual({ count: 1, leftMs: MINUTE });
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    });

    it('replaceIfUnchanged() does not take it for what was expected', async () => {
      const key = aKey();
      await putForeign(key);

      const written = await store.replaceIfUnchanged(key, 'expected', 'new', HOUR);

      expect(written).toBe(false);
    });

    it('forget() removes it', async () => {
      const key = aKey();
      await putForeign(key);

      await store.forget(key);

      expect(await redis.exists(key)).toBe(0);
    });

    it('20 readers at once all count it as absent', async () => {
      const key = aKey();
      await putForeign(key);

      const found = await times(20, () => store.get(key));

      expect(found).toEqual(Array.from({ length: 20 }, () => null));
    });
  });

  describe('when scripts are flushed between two writes', () => {
    it('does not mind', async () => {
      const key = aKey();
      await store.set(key, 'one', HOUR);
      await store.replaceIfUnchanged(key, 'one', 'two', HOUR);
      await redis.script('FLUSH');

      const written = await store.replaceIfUnchanged(key, 'two', 'three', HOUR);

      expect(written).toBe(true);
    });
  });

  describe('when everything it can do was done', () => {
    it('has touched no key without the prefix', async () => {
      const keys = await redis.keys('*');

      expect(keys.filter((key) => !key.startsWith('b24:'))).toEqual([]);
    });
  });
});

describe('the embedded store', () => {
  const toClose: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const opened of toClose.splice(0)) await opened.close();
  });

  function openStore(dataDir: string): Store {
    const store = openEmbeddedStore(dataDir);
    toClose.push(store);
    return store;
  }

  describe('when another process writes', () => {
    it('shows what it wrote', async () => {
      const dataDir = newDataDir();
      const store = openStore(dataDir);
      const key = aKey();

      await inAnotherProcess(dataDir, 'set', key, 'from the other process');

      expect(await store.get(key)).toBe('from the other process');
    });
  });

  describe('when another process reads', () => {
    it('shows it what we wrote', async () => {
      const dataDir = newDataDir();
      const store = openStore(dataDir);
      const key = aKey();
      await store.set(key, 'from us', HOUR);

      const found = await inAnotherProcess(dataDir, 'get', key);

      expect(found).toBe('from us');
    });
  });

  describe('when three processes count at once', () => {
    it('counts all', async () => {
      const dataDir = newDataDir();
      const store = openStore(dataDir);
      const key = aKey();

      await Promise.all([
        inAnotherProcess(dataDir, 'increment', key, '300'),
        inAnotherProcess(dataDir, 'increment', key, '300'),
        times(100, () => increment(store, key)),
      ]);

      expect(await store.get(key)).toBe('700');
    });
  });

  describe('when a process is killed with -9 right after a write was acknowledged', () => {
    it.each([[1], [20], [200]])('loses none of at least %i acknowledged writes', async (acknowledged) => {
      const dataDir = newDataDir();
      const prefix = aKey();

      const last = await killWhileWriting(dataDir, prefix, acknowledged);

      const store = openStore(dataDir);
      const found = await times(last, (index) => store.get(`${prefix}:${index + 1}`));
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      expect(found).toEqual(found.map((_, index) => `value ${index + 1}`));
    });

    it('goes on working for those that share the file', async () => {
      const dataDir = newDataDir();
      const store = openStore(dataDir);
      const key = aKey();
      await killWhileWriting(dataDir, aKey(), 20);

      const counted = await increment(store, key);

      expect(counted).toBe(1);
    });
  });

  describe('when the file holds an entry that is not of our shape', () => {
    it.each<[string, unknown]>([
      ['text', 'a string'],
      ['a number', 42],
      ['null', null],
      ['an object', { expiresAt: 1 }],
      ['an entry whose value is a number', [Date.now() + HOUR, 42]],
      ['an entry without a value', [Date.now() + HOUR]],
    ])('counts %s as absent', async (_, entry) => {
      const dataDir = newDataDir();
      const store = openStore(dataDir);
      const key = aKey();
      const raw = open<unknown, string>({ path: `${dataDir}/store.mdb`, encoding: 'json' });
      toClose.push(raw);
      await raw.put(key, entry);

      const found = await store.get(key);

      expect(found).toBe(null);
    });
  });
});
