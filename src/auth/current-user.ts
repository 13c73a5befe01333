import type { Request } from 'express';
import { SignInRequiredError } from './auth-errors.ts';
import type { SignedInUser } from './signed-in-user.ts';

/** What accounts.ts found out about a request before its handler runs. */
export interface CurrentUser {
  active?: SignedInUser;
  /** The active user of the session, if their sign-in was ended from another browser. */
  signedOutElsewhere?: SignedInUser;
}

/** Kept beside the request, so that handlers, views and error pages need not ask the store again. */
const found = new WeakMap<Request, CurrentUser>();

export function setCurrentUser(req: Request, user: CurrentUser): void {
  found.set(req, user);
}

export function currentUser(req: Request): SignedInUser | undefined {
  return found.get(req)?.active;
}

/** The user whose sign-in here was ended from another browser: they are asked before they are signed in again. */
export function signedOutElsewhere(req: Request): SignedInUser | undefined {
  return found.get(req)?.signedOutElsewhere;
}

/** @throws {SignInRequiredError}  reauthorize.ts turns it into a redirect to the portal, or a 401 for programs */
export function requireSignIn(req: Request): SignedInUser {
  const user = currentUser(req);
  if (user === undefined) throw new SignInRequiredError();
  return user;
}
