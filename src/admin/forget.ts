import { ExportFiles } from '../exports/jobs/export-files.ts';
import { parseJobKey } from '../exports/jobs/export-job.ts';
import { ExportRecords } from '../exports/jobs/export-records.ts';
import { forgetExport } from '../exports/jobs/forget-export.ts';
import { SESSION_PREFIX } from '../store/sessions.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';
import { type Counts, countOne, kindOf } from './kept-kinds.ts';
import { usersOfSession } from './portal-addresses.ts';
import { signedInUsers, signOut } from './sign-out.ts';

/**
 * Removes all that is stored about the users of a portal: sign-ins first, so that no browser writes anything new, then
 * sessions, exports with their files, and every record whose key names the portal.
 *
 * A session that holds a user of this portal goes whole, so the accounts of other portals in that browser sign in again:
 * rewriting it could undo what its own browser writes at that moment.
 *
 * @returns how many there were of each kind
 */
export async function forgetPortal(
  { store, dataDir }: { store: Store; dataDir: string },
  memberId: string,
  { isDryRun }: { isDryRun: boolean },
): Promise<Counts> {
  const gone: Counts = {};
  const remove = async (key: string) => {
    if (isDryRun || (await store.forget(key))) countOne(gone, kindOf(key));
  };
  // The sign-out removes the counts of the overview. In a dry run they are found with all other records.
  if (!isDryRun) {
    for await (const _key of store.keys(`${KEY_PREFIX}overview:{${memberId}}:`)) countOne(gone, 'overview');
  }
  gone.browsers = (await signOut(store, signedInUsers(store, memberId), { isDryRun })).browsers;
  for await (const portion of inPortions(store.keys(SESSION_PREFIX), AT_ONCE)) {
    await Promise.all(
      portion.map(async (key) => {
        const users = usersOfSession(await store.get(key));
        if (users.some((user) => user.memberId === memberId)) await remove(key);
      }),
    );
  }
  const files = new ExportFiles(dataDir);
  // Before the list of each user's exports, which this changes.
  for await (const portion of inPortions(store.keys(`${KEY_PREFIX}export:{${memberId}}:`), AT_ONCE)) {
    for (const ref of portion.flatMap((key) => parseJobKey(key) ?? [])) {
      if (isDryRun) break;
      await forgetExport({ records: new ExportRecords(store, ref.owner.clientId), files }, ref);
      countOne(gone, 'export');
    }
  }
  for await (const portion of inPortions(keysOf(store, memberId), AT_ONCE)) {
    await Promise.all(portion.map(remove));
  }
  return gone;
}

/** Without the records of browsers, which are counted as browsers, and the epochs that the sign-out has just begun. */
async function* keysOf(store: Store, memberId: string): AsyncGenerator<string> {
  for await (const key of store.keys(KEY_PREFIX)) {
    if (key.includes(`{${memberId}}`) && !['browsers', 'epoch'].includes(kindOf(key))) yield key;
  }
}
