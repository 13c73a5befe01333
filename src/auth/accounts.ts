import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { isSameUser } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { allowFormsTo } from '../web/protect.ts';
import { logAs } from '../web/request-log.ts';
import { currentUser, setCurrentUser } from './current-user.ts';
import { ownAddress } from './return-to.ts';
import { browserName, endSession, renewSession } from './session.ts';
import type { SignIns } from './sign-ins.ts';
import { hasLapsed, type SignedInUser, StoredUser, toStoredUser } from './signed-in-user.ts';

/** One portal user of this browser, and whether their sign-in is still valid. */
export interface Account {
  user: SignedInUser;
  isSignedIn: boolean;
}

/** The portal users of one browser: the session names them, the record of their sign-ins says who still is signed in. */
export interface Accounts {
  /** Finds the current user, and tells every page: the portal asks no question, so the wrong account may have signed in. */
  loadCurrentUser(): RequestHandler;
  /** All users that the session names, the active one first; their sign-ins are not checked. */
  of(req: Request): SignedInUser[];
  /** Whether this sign-in is still valid. It may have ended in another tab, from another browser, or by its age. */
  isSignedIn(user: SignedInUser): Promise<boolean>;
  /** The users of this browser beside the active one. */
  others(req: Request): Promise<Account[]>;
  /** Makes a user the active one; the users before stay signed in. */
  signIn(req: Request, user: Omit<SignedInUser, 'id'>): Promise<SignedInUser>;
  /** @returns the account, signed in or not any more; undefined when this browser knows no user of that id */
  switchTo(req: Request, id: unknown): Promise<Account | undefined>;
  /** Signs one user out of this browser. The others stay, and none of them becomes the active one without being asked. */
  leave(req: Request, id: unknown): Promise<SignedInUser | undefined>;
  /** Signs every user out of this browser. */
  signOut(req: Request): Promise<void>;
  /** Signs the active user out of every browser, this one included. */
  signOutEverywhere(req: Request, user: SignedInUser): Promise<void>;
}

/** Users who may be signed in with one browser at the same time. */
const MAX_ACCOUNTS = 10;

const StoredUsers = z.array(StoredUser).max(MAX_ACCOUNTS);

export function createAccounts({
  signIns,
  clientId,
  now,
}: {
  signIns: SignIns;
  clientId: string;
  now: () => number;
}): Accounts {
  const isSignedIn = async (user: SignedInUser) => !hasLapsed(user, now()) && (await signIns.touch(user));

  /** Session data is checked like any other input. */
  function of(req: Request): SignedInUser[] {
    const stored = StoredUsers.safeParse(req.session?.people ?? []);
    return stored.success ? stored.data.map((user) => ({ ...user, clientId })) : [];
  }

  /** Ends the session when no user is left in it. */
  async function endIfEmpty(req: Request): Promise<void> {
    if (of(req).length <= 1) await endSession(req);
    setCurrentUser(req, {});
  }

  return {
    of,
    isSignedIn,

    loadCurrentUser: () => async (req, res, next) => {
      const users = of(req);
      const [active] = users;
      if (active && !hasLapsed(active, now())) {
        setCurrentUser(req, (await signIns.touch(active)) ? { active } : { signedOutElsewhere: active });
      }
      const user = currentUser(req);
      if (user) logAs(req, user);
      // Any form may end at the portal of its person, when their access there has ended meanwhile.
      allowFormsTo(res, [...new Set(users.map(({ portal }) => new URL(portal).origin))]);
      res.locals.person = user;
      res.locals.otherPeople = user ? users.slice(1) : [];
      res.locals.address = ownAddress(req);
      next();
    },

    others: (req) =>
      Promise.all(
        of(req)
          .slice(1)
          .map(async (user) => ({ user, isSignedIn: await isSignedIn(user) })),
      ),

    async signIn(req, newcomer) {
      const active = { ...newcomer, id: randomId(18) };
      const before = of(req);
      const areValid = await Promise.all(before.map(isSignedIn));
      const stay = before.filter((user, index) => areValid[index] && !isSameUser(user, active));
      const users = [active, ...stay].slice(0, MAX_ACCOUNTS);
      // Listed first: a session that the record does not list would count as signed out.
      await signIns.add(active, { name: browserName(req, active), agent: req.get('user-agent') ?? '' });
      await renewSession(req, users.map(toStoredUser));
      setCurrentUser(req, { active });
      logAs(req, active);
      const gone = before.filter((user, index) => areValid[index] && !users.includes(user));
      await Promise.all(gone.map((user) => signIns.remove(user)));
      return active;
    },

    async switchTo(req, id) {
      const users = of(req);
      const user = users.find((each) => each.id === id);
      if (user === undefined) return undefined;
      const isStillIn = await isSignedIn(user);
      if (isStillIn && user !== users[0]) {
        const reordered = [user, ...users.filter((each) => each !== user)];
        await renewSession(req, reordered.map(toStoredUser));
      }
      return { user, isSignedIn: isStillIn };
    },

    async leave(req, id) {
      const users = of(req);
      const user = users.find((each) => each.id === id);
      if (user === undefined) return undefined;
      await signIns.removeBrowser(user, browserName(req, user));
      if (user === users[0]) await endIfEmpty(req);
      else await renewSession(req, users.filter((each) => each !== user).map(toStoredUser));
      return user;
    },

    async signOut(req) {
      await Promise.all(of(req).map((user) => signIns.removeBrowser(user, browserName(req, user))));
      await endSession(req);
      setCurrentUser(req, {});
    },

    async signOutEverywhere(req, user) {
      await signIns.removeAll(user);
      await endIfEmpty(req);
    },
  };
}
