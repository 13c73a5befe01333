import { type Epochs, MAX_AGE_MS } from './answer-cache.ts';
import type { LimitRecords } from '../bitrix24/limits/rate-limiter.ts';
import { randomId } from '../random-id.ts';
import { KEY_PREFIX, type Store, update } from '../store/store.ts';

/** Limits that were not touched for an hour have recovered; those that are learnt hold for ten minutes. */
const LIMITS_LIFETIME_MS = 3600_000;

/** What replicas tell each other of a portal's limits: one record per portal. */
export function createLimitRecords(store: Store, clientId: string): LimitRecords {
  return {
    async change(memberId, decide) {
      const key = `${KEY_PREFIX}limits:{${memberId}}:${clientId}`;
      // Asked at the same time as the record itself, and again whenever somebody else was faster.
      let clock: Promise<number> | undefined = store.now();
      clock.catch(() => {});
      return update(store, key, LIMITS_LIFETIME_MS, async (current) => {
        const { write, result } = decide(current, await (clock ?? store.now()));
        clock = undefined;
        return write === undefined ? { keep: true, result } : { write, result };
      });
    },
  };
}

/** Since when an owner may not be shown what they were shown before: one record per portal user. */
export function createEpochs(store: Store): Epochs {
  const keyOf = (owner: string) => {
    const [memberId, ...rest] = owner.split(':');
    return `${KEY_PREFIX}epoch:{${memberId}}:${rest.join(':')}`;
  };
  return {
    current: async (owner) => (await store.get(keyOf(owner))) ?? '',
    async begin(owner) {
      const epoch = randomId(9);
      // Answers from before it are too old by the time it lapses.
      await store.set(keyOf(owner), epoch, MAX_AGE_MS);
      return epoch;
    },
  };
}
