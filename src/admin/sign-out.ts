import { createSignIns } from '../auth/sign-ins.ts';
import { createCountRecords } from '../overview/count-records.ts';
import { createEpochs } from '../portal-client/epochs.ts';
import type { PortalUserId } from '../portal-user.ts';
import { parsePortalUserKey } from '../store/records.ts';
import { SESSION_PREFIX } from '../store/sessions.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';
import { AT_ONCE, inPortions } from './in-portions.ts';

/** Whom a command ended sign-ins of. */
export interface SignedOut {
  people: number;
  browsers: number;
  /** Session records that were removed; those of single people stay, and sign nobody in. */
  sessions: number;
}

const BROWSERS_PREFIX = `${KEY_PREFIX}browsers:`;

/** The users with a record of browsers, in no order: of one portal, or of all. */
export async function* signedInUsers(store: Store, memberId?: string): AsyncGenerator<PortalUserId> {
  const prefix = memberId === undefined ? BROWSERS_PREFIX : `${BROWSERS_PREFIX}{${memberId}}:`;
  for await (const key of store.keys(prefix)) {
    const found = parsePortalUserKey('browsers', key);
    if (found?.more.length === 0) yield found.user;
  }
}

/**
 * Signs people out of every browser, as "sign out everywhere" at /account does: a session counts only while the record of
 * browsers lists its sign-in, a new epoch makes all replicas drop kept answers, and the counts of the overview go.
 */
export async function signOut(
  store: Store,
  users: AsyncIterable<PortalUserId>,
  { isDryRun }: { isDryRun: boolean },
): Promise<SignedOut> {
  const signIns = createSignIns({ store, now: Date.now });
  const signedOut: SignedOut = { people: 0, browsers: 0, sessions: 0 };
  for await (const portion of inPortions(users, AT_ONCE)) {
    await Promise.all(
      portion.map(async (user) => {
        const browsers = (await signIns.list(user)).length;
        signedOut.browsers += browsers;
        if (browsers > 0) signedOut.people += 1;
        if (isDryRun) return;
        await signIns.removeAll(user);
        await Promise.all([createEpochs(store).begin(user), createCountRecords(store).forget(user)]);
      }),
    );
  }
  return signedOut;
}

/** Signs everybody out, and removes every browser session. */
export async function endAllSignIns(store: Store, { isDryRun }: { isDryRun: boolean }): Promise<SignedOut> {
  const signedOut = await signOut(store, signedInUsers(store), { isDryRun });
  for await (const portion of inPortions(store.keys(SESSION_PREFIX), AT_ONCE)) {
    const gone = isDryRun ? portion : await Promise.all(portion.map((key) => store.forget(key)));
    signedOut.sessions += gone.filter((each) => each !== false).length;
  }
  return signedOut;
}
