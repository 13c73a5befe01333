import type { Refusals } from './answers/answer-cache.ts';
import { MAX_AGE_MS } from './answers/answer-cache.ts';
import type { LimitRecords } from './bitrix24/rate-limiter.ts';
import { KEY_PREFIX, type Store, update } from './store/store.ts';

/** Limits that were not touched for an hour have recovered; those that are learnt hold for ten minutes. */
const LIMITS_LIFETIME_MS = 3600_000;

/** What replicas tell each other of a portal's limits: one record per portal. */
export function createLimitRecords(store: Store, clientId: string): LimitRecords {
  return {
    async change(memberId, decide) {
      const key = `${KEY_PREFIX}limits:{${memberId}}:${clientId}`;
      // Asked at the same time as the record itself.
      const clock = store.now();
      clock.catch(() => {});
      return update(store, key, LIMITS_LIFETIME_MS, async (current) => {
        const { write, result } = decide(current, await clock);
        return write === undefined ? { keep: true, result } : { write, result };
      });
    },
  };
}

/** What replicas tell each other of answers that may not be shown any more: one record per portal user. */
export function createRefusals(store: Store): Refusals {
  const keyOf = (owner: string) => {
    const [memberId, ...rest] = owner.split(':');
    return `${KEY_PREFIX}refused:{${memberId}}:${rest.join(':')}`;
  };
  return {
    note: (owner, at) => store.set(keyOf(owner), String(at), MAX_AGE_MS),
    async since(owner) {
      const at = Number((await store.get(keyOf(owner))) ?? Number.NaN);
      return Number.isFinite(at) ? at : undefined;
    },
  };
}
