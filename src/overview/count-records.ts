import { z } from 'zod';
import { CompanyCounts } from '../bitrix24/crm/company-counts.ts';
import { randomId } from '../random-id.ts';
import { instant } from '../store/instant.ts';
import { KEY_PREFIX, type Store, update } from '../store/store.ts';

/** Whose counts: they are made with one person's rights, and are shown to nobody else. */
export interface CountOwner {
  memberId: string;
  userId: number;
}

const Kept = z.object({ counts: CompanyCounts, countedAt: instant });
const Failure = z.object({
  code: z.string(),
  reason: z.string().nullable(),
  status: z.number().int().min(400).max(599),
  retryAfterSeconds: z.number().nullable(),
  at: instant,
});
/** Whoever counts just now. Told by the store's clock, which all replicas share. */
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

/** Counts of the day before are shown to nobody. */
export const MAX_AGE_MS = 24 * 3600_000;
/** A replica that died keeps the others from counting for so long. */
export const CLAIM_MS = 30_000;

/** What was counted for a person, how the last counting failed, and who counts just now: one record, for all replicas. */
export interface CountRecords {
  load(owner: CountOwner): Promise<CountRecord>;
  /**
   * Makes the caller the one who counts.
   *
   * @param isNeeded  looks at the record once more: another replica may just have counted
   * @returns  the claim to finish with; nothing if somebody else counts, or nobody needs to
   */
  claim(owner: CountOwner, isNeeded: (record: CountRecord) => boolean): Promise<string | undefined>;
  /** @returns false when the claim is lost: what was to be counted is forgotten, or somebody else counts it */
  renew(owner: CountOwner, claim: string): Promise<boolean>;
  /** Writes how a counting ended, unless its claim is lost. A refusal leaves nothing to be shown. */
  finish(owner: CountOwner, claim: string, end: Ending): Promise<boolean>;
  forget(owner: CountOwner): Promise<void>;
}

export type Ending = { kept: KeptCounts } | { failure: CountFailure; isRefusal: boolean };

export function createCountRecords(store: Store, clientId: string): CountRecords {
  const keyOf = ({ memberId, userId }: CountOwner) =>
    `${KEY_PREFIX}overview:{${memberId}}:${clientId}:${userId}`;

  /** Changes the record of whoever holds the claim. */
  function changeMine(
    owner: CountOwner,
    claim: string,
    change: (record: CountRecord) => CountRecord | Promise<CountRecord>,
  ): Promise<boolean> {
    return update(store, keyOf(owner), MAX_AGE_MS, async (current) => {
      const record = parse(current);
      if (record.claim?.id !== claim) return { keep: true, result: false };
      return { write: JSON.stringify(await change(record)), result: true };
    });
  }

  return {
    load: async (owner) => parse(await store.get(keyOf(owner))),

    claim: (owner, isNeeded) =>
      update(store, keyOf(owner), MAX_AGE_MS, async (current) => {
        const [record, now] = [parse(current), await store.now()];
        const isTaken = record.claim !== null && record.claim.until > now;
        if (isTaken || !isNeeded(record)) return { keep: true, result: undefined };
        const id = randomId(9);
        const claim = { id, begunAt: now, until: now + CLAIM_MS };
        return { write: JSON.stringify({ ...record, claim }), result: id };
      }),

    renew: (owner, claim) =>
      changeMine(owner, claim, async (record) => ({
        ...record,
        claim: record.claim && { ...record.claim, until: (await store.now()) + CLAIM_MS },
      })),

    finish: (owner, claim, end) =>
      changeMine(owner, claim, (record) => {
        if ('kept' in end) return { ...EMPTY, kept: end.kept };
        return { ...EMPTY, kept: end.isRefusal ? null : record.kept, failure: end.failure };
      }),

    async forget(owner) {
      await store.forget(keyOf(owner));
    },
  };
}

/** What cannot be read, or was written by another version, counts as nothing. */
function parse(text: string | null): CountRecord {
  if (text === null) return EMPTY;
  try {
    return CountRecord.parse(JSON.parse(text));
  } catch {
    return EMPTY;
  }
}
