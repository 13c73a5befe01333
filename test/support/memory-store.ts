import { quarantineKey, type Store } from '../../src/store/store.ts';

/**
 * A store for tests that move timers: the real ones wait for a disk or a network, and LMDB for timers of its own.
 *
 * What is stored does not expire.
 */
export function createMemoryStore(now: () => number): Store {
  const values = new Map<string, string>();
  const get = (key: string) => values.get(key) ?? null;
  return {
    get: async (key) => get(key),
    async set(key, value) {
      values.set(key, value);
    },
    async replaceIfUnchanged(key, expected, value) {
      const isUnchanged = get(key) === expected;
      if (isUnchanged) values.set(key, value);
      return isUnchanged;
    },
    async count(key, windowMs) {
      const count = Number(get(key) ?? 0) + 1;
      values.set(key, String(count));
      return { count, leftMs: windowMs };
    },
    async prolong() {},
    forget: async (key) => values.delete(key),
    async quarantine(key) {
      values.set(quarantineKey(key), get(key) ?? '');
      values.delete(key);
    },
    leftMs: async (key) => (values.has(key) ? Number.POSITIVE_INFINITY : null),
    async *keys(prefix) {
      yield* [...values.keys()].filter((key) => key.startsWith(prefix));
    },
    describe: async () => ({ kind: 'embedded', isWritable: true, clockDifferenceMs: 0, masters: [] }),
    now: async () => now(),
    async ping() {},
    onReturn() {},
    async close() {},
  };
}
