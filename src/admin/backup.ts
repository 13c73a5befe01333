import type { Store } from '../store/store.ts';
import { KEY_PREFIX } from '../store/store.ts';
import { AdminError } from './admin-error.ts';
import type { BackupHeader, BackupRecord } from './backup-format.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';
import { type Counts, countOne, isKept, kindOf, total } from './kept-kinds.ts';
import { NOTHING_THERE, writeBackup } from './write-backup.ts';

/**
 * Copies the records of the store into a new file while the application serves.
 *
 * The copy is not of one moment, and need not be: each record is read whole, no record refers to another one, and a record
 * that is written meanwhile is in the copy as it was or as it is. Of tokens an older generation in the copy does no harm,
 * because `restore` never puts it in the place of a newer one. A record that the store names twice (Redis may) is in the file
 * twice, and restored once.
 *
 * @param by  the version of this application
 */
export async function backUp(store: Store, file: string, by: string): Promise<BackupHeader> {
  return writeBackup(file, { at: new Date(await store.now()).toISOString(), by }, recordsOf(store));
}

/** What `backUp` would copy. */
export async function countRecords(store: Store): Promise<Counts> {
  const counts: Counts = {};
  for await (const { key } of recordsOf(store)) countOne(counts, kindOf(key));
  if (total(counts) === 0) throw new AdminError(NOTHING_THERE);
  return counts;
}

async function* recordsOf(store: Store): AsyncGenerator<BackupRecord> {
  for await (const portion of inPortions(keptKeys(store), AT_ONCE)) {
    const now = await store.now();
    const read = await Promise.all(portion.map((key) => readRecord(store, key, now)));
    yield* read.filter((record) => record !== undefined);
  }
}

export async function* keptKeys(store: Store): AsyncGenerator<string> {
  for await (const key of store.keys(KEY_PREFIX)) if (isKept(key)) yield key;
}

/** @returns undefined for a record that has ended since its key was found */
async function readRecord(store: Store, key: string, now: number): Promise<BackupRecord | undefined> {
  const [value, leftMs] = await Promise.all([store.get(key), store.leftMs(key)]);
  if (value === null || leftMs === null) return undefined;
  return { key, value, expiresAt: Number.isFinite(leftMs) ? Math.ceil(now + leftMs) : null };
}
