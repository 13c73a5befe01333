import type { Store } from '../store/store.ts';
import type { Cipher } from './cipher.ts';
import { parseTokenRecord, TOKEN_KEY_PREFIX } from './token-record.ts';
import type { TokenVault } from './token-vault.ts';

/** The progress of a rekeying. */
export interface Rekeying {
  records: number;
  resealed: number;
  /** Sealed with a key that we do not have, or damaged; left as they are. */
  unreadable: number;
}

const AT_ONCE = 20;
const REPORT_EVERY = 1_000;

/**
 * Seals every token record with the newest key, a few at a time, while the replicas go on using the records.
 *
 * @param report  called every thousand records
 * @throws {StoreUnavailableError}  the records that were sealed before stay sealed
 */
export async function resealAll(
  { store, vault }: { store: Store; vault: TokenVault },
  report: (soFar: Rekeying) => void,
): Promise<Rekeying> {
  const count: Rekeying = { records: 0, resealed: 0, unreadable: 0 };
  const keys = store.keys(TOKEN_KEY_PREFIX)[Symbol.asyncIterator]();
  // `store.keys` may give a key twice while the store moves entries; such a record is sealed and counted once.
  const seen = new Set<string>();

  async function work(): Promise<void> {
    for (let next = await keys.next(); !next.done; next = await keys.next()) {
      if (seen.has(next.value)) continue;
      seen.add(next.value);
      const outcome = await vault.reseal(next.value);
      if (outcome === 'gone') continue;
      count.records += 1;
      if (outcome === 'resealed') count.resealed += 1;
      if (outcome === 'unreadable') count.unreadable += 1;
      if (count.records % REPORT_EVERY === 0) report(count);
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return count;
}

/** What `resealAll` would do, without opening a record: one that is damaged inside its seal counts as one that can be opened. */
export async function countSeals({ store, cipher }: { store: Store; cipher: Cipher }): Promise<Rekeying> {
  const count: Rekeying = { records: 0, resealed: 0, unreadable: 0 };
  const seen = new Set<string>();
  for await (const key of store.keys(TOKEN_KEY_PREFIX)) {
    if (seen.has(key)) continue;
    seen.add(key);
    const text = await store.get(key);
    if (text === null) continue;
    count.records += 1;
    const record = parseTokenRecord(text);
    const seal = record ? cipher.keyOf(record.pair) : 'none';
    if (seal === 'older') count.resealed += 1;
    if (seal === 'missing' || seal === 'none') count.unreadable += 1;
  }
  return count;
}
