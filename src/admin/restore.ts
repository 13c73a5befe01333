import { type Change, type Store, update } from '../store/store.ts';
import { isNewerRecord } from '../vault/restored-record.ts';
import { parseTokenKey, parseTokenRecord } from '../vault/token-record.ts';
import { AdminError } from './admin-error.ts';
import { keptKeys } from './backup.ts';
import type { BackupHeader, BackupRecord } from './backup-format.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';
import { type Counts, countOne, kindOf } from './kept-kinds.ts';
import { readBackup, verifyBackup } from './read-backup.ts';
import { endAllSignIns, type SignedOut } from './sign-out.ts';

export interface Restored {
  header: BackupHeader;
  written: Counts;
  /** The store has a newer one, or one that was written meanwhile. */
  kept: Counts;
  /** Their lifetime is over. */
  lapsed: number;
  signedOut: SignedOut;
}

/** The longest lifetime of any record of ours, for one that came without. */
const LONGEST_MS = 5 * 365 * 24 * 3600_000;

/**
 * Writes the records of a backup into the store. What only the store has stays there.
 *
 * All sign-ins are ended before anything is written: a copy brings back tokens of people who have since had theirs deleted, and
 * a store that had to be restored may have lost sign-outs. No browser uses what was restored before its person has been at
 * the portal again.
 *
 * A token record never takes the place of a newer one: a refresh token works once, so the older one is of no use.
 *
 * @param store  undefined when there is none yet and none shall be made
 * @throws {AdminError}  the file is damaged, or the store is not empty and `mayReplace` is not set; nothing was changed
 */
export async function restore(
  store: Store | undefined,
  file: string,
  { mayReplace, isDryRun }: { mayReplace: boolean; isDryRun: boolean },
): Promise<Restored> {
  const header = await verifyBackup(file);
  if (store && !mayReplace) await requireEmpty(store);
  const restored: Restored = {
    header,
    written: {},
    kept: {},
    lapsed: 0,
    signedOut: store ? await endAllSignIns(store, { isDryRun }) : { people: 0, browsers: 0, sessions: 0 },
  };
  for await (const portion of inPortions(readBackup(file), AT_ONCE)) {
    const now = (await store?.now()) ?? Date.now();
    await Promise.all(
      portion.map(async (record) => {
        const leftMs = record.expiresAt === null ? LONGEST_MS : record.expiresAt - now;
        if (leftMs <= 0) restored.lapsed += 1;
        else {
          const isWritten =
            store === undefined || (await put(store, record, leftMs, { mayReplace, isDryRun }));
          countOne(isWritten ? restored.written : restored.kept, kindOf(record.key));
        }
      }),
    );
  }
  return restored;
}

async function requireEmpty(store: Store): Promise<void> {
  for await (const _key of keptKeys(store)) {
    throw new AdminError(
      'The store is not empty, so nothing was restored: name another store, or add --replace, which overwrites saved views and older tokens that are in it',
    );
  }
}

/** @returns whether it was written, or would be */
async function put(
  store: Store,
  { key, value }: BackupRecord,
  lifetimeMs: number,
  { mayReplace, isDryRun }: { mayReplace: boolean; isDryRun: boolean },
): Promise<boolean> {
  const decide = (current: string | null): Change<boolean> => {
    const isWanted = current === null || (isTokens(key) ? isNewer(value, current) : mayReplace);
    return isWanted && !isDryRun ? { write: value, result: true } : { keep: true, result: isWanted };
  };
  return update(store, key, lifetimeMs, decide);
}

function isTokens(key: string): boolean {
  return parseTokenKey(key) !== undefined;
}

/** A record that cannot be read is worth less than one that can. */
function isNewer(copied: string, there: string): boolean {
  const [fromCopy, fromStore] = [parseTokenRecord(copied), parseTokenRecord(there)];
  if (fromCopy === undefined) return false;
  return fromStore === undefined || isNewerRecord(fromCopy, fromStore);
}
