import { z } from 'zod';
import { CompanyCounts } from '../bitrix24/crm/company-counts.ts';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { createRecords, instant, portalUserKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';

const Kept = z.object({ counts: CompanyCounts, countedAt: instant });
const Failure = z.object({
  code: z.string(),
  reason: z.string().nullable(),
  httpStatus: z.number().int().min(400).max(599),
  retryAfterSeconds: z.number().nullable(),
  at: instant,
});
/** The replica that counts at present. Its times are of the store's clock, which all replicas share. */
const Claim = z.object({ id: z.string(), begunAt: instant, until: instant });

const CountRecord = z.object({
  v: z.literal(1),
  kept: Kept.nullable(),
  /** How the last counting ended, if it failed. */
  failure: Failure.nullable(),
  claim: Claim.nullable(),
});
export type CountRecord = z.infer<typeof CountRecord>;
export type KeptCounts = z.infer<typeof Kept>;
export type CountFailure = z.infer<typeof Failure>;

const EMPTY: CountRecord = { v: 1, kept: null, failure: null, claim: null };

/** Older counts are not shown. */
export const MAX_AGE_MS = 24 * 3600_000;
/** How long a replica that died keeps the others from counting. */
export const CLAIM_MS = 30_000;

/** The counts of a portal user, how the last counting failed, and which replica counts: one record, for all replicas. */
export interface CountRecords {
  load(user: PortalUserId): Promise<CountRecord>;
  /**
   * Gives the claim to the caller.
   *
   * @param isNeeded  decides on the latest record: another replica may just have counted
   * @returns  the claim to finish with; undefined if another caller counts, or no counting is needed
   */
  claim(user: PortalUserId, isNeeded: (record: CountRecord) => boolean): Promise<string | undefined>;
  /** @returns false when the claim is lost: the record is forgotten, or another caller has the claim */
  renew(user: PortalUserId, claim: string): Promise<boolean>;
  /** Writes how a counting ended, unless its claim is lost. A refusal removes the counts of before. */
  finish(user: PortalUserId, claim: string, end: Ending): Promise<boolean>;
  forget(user: PortalUserId): Promise<void>;
}

export type Ending = { kept: KeptCounts } | { failure: CountFailure; isRefusal: boolean };

export function createCountRecords(store: Store): CountRecords {
  const records = createRecords<PortalUserId, CountRecord>(store, {
    key: (user) => portalUserKey('overview', user),
    shape: CountRecord,
    // Also for a record that cannot be read, or was written by another version.
    empty: EMPTY,
    lifetimeMs: MAX_AGE_MS,
  });

  /** Changes the record if the claim is still the caller's. */
  const changeClaimed = (
    user: PortalUserId,
    claim: string,
    change: (record: CountRecord) => CountRecord | Promise<CountRecord>,
  ): Promise<boolean> =>
    records.change(user, async (record) =>
      record.claim?.id === claim ? { next: await change(record), result: true } : { result: false },
    );

  return {
    load: (user) => records.load(user),

    claim: (user, isNeeded) =>
      records.change<string | undefined>(user, async (record) => {
        const now = await store.now();
        const isTaken = record.claim !== null && record.claim.until > now;
        if (isTaken || !isNeeded(record)) return { result: undefined };
        const id = randomId(9);
        return { next: { ...record, claim: { id, begunAt: now, until: now + CLAIM_MS } }, result: id };
      }),

    renew: (user, claim) =>
      changeClaimed(user, claim, async (record) => ({
        ...record,
        claim: record.claim && { ...record.claim, until: (await store.now()) + CLAIM_MS },
      })),

    finish: (user, claim, end) =>
      changeClaimed(user, claim, (record) => {
        if ('kept' in end) return { ...EMPTY, kept: end.kept };
        return { ...EMPTY, kept: end.isRefusal ? null : record.kept, failure: end.failure };
      }),

    async forget(user) {
      await records.forget(user);
    },
  };
}
