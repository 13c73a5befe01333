import { LimitRecord, NO_LIMIT_RECORD } from '../bitrix24/limits/limit-record.ts';
import type { LimitRecords } from '../bitrix24/limits/shared-limits.ts';
import { createRecords } from '../store/records.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';

/** Limits that were not touched for an hour have recovered; those that are learnt hold for ten minutes. */
const LIFETIME_MS = 3600_000;

/** What replicas tell each other of a portal's limits: one record per portal and application. */
export function createLimitRecords(store: Store, clientId: string): LimitRecords {
  const records = createRecords<string, LimitRecord>(store, {
    // The braces are the Cluster hash tag: all records of one portal share a slot.
    key: (memberId) => `${KEY_PREFIX}limits:{${memberId}}:${clientId}`,
    shape: LimitRecord,
    empty: NO_LIMIT_RECORD,
    lifetimeMs: LIFETIME_MS,
  });
  return {
    async change(memberId, decide) {
      // Asked at the same time as the record itself, and again when another replica was faster.
      let clock: Promise<number> | undefined = store.now();
      clock.catch(() => {});
      return records.change(memberId, async (record) => {
        const now = await (clock ?? store.now());
        clock = undefined;
        return decide(record, now);
      });
    },
  };
}
