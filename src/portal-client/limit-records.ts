import type { LimitRecords } from '../bitrix24/limits/rate-limiter.ts';
import { KEY_PREFIX, type Store, update } from '../store/store.ts';

/** Limits that were not touched for an hour have recovered; those that are learnt hold for ten minutes. */
const LIFETIME_MS = 3600_000;

/** What replicas tell each other of a portal's limits: one record per portal. */
export function createLimitRecords(store: Store, clientId: string): LimitRecords {
  return {
    async change(memberId, decide) {
      const key = `${KEY_PREFIX}limits:{${memberId}}:${clientId}`;
      // Asked at the same time as the record itself, and again when another replica was faster.
      let clock: Promise<number> | undefined = store.now();
      clock.catch(() => {});
      return update(store, key, LIFETIME_MS, async (current) => {
        const { write, result } = decide(current, await (clock ?? store.now()));
        clock = undefined;
        return write === undefined ? { keep: true, result } : { write, result };
      });
    },
  };
}
