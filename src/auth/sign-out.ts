import type { RequestHandler } from 'express';
import { idOf } from '../portal-user.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Accounts } from './accounts.ts';
import { SignInRequiredError } from './auth-errors.ts';
import { currentUser } from './current-user.ts';
import type { AuthEvents } from './hooks.ts';
import { leaveSignedOutNotice } from './signed-out-notice.ts';

/** `POST /logout`: signs every account out of this browser; `forget=1` also deletes the tokens of the active user. */
export function signOutHere({
  vault,
  accounts,
  events,
}: {
  vault: TokenVault;
  accounts: Accounts;
  events: AuthEvents;
}): RequestHandler {
  return async (req, res) => {
    const user = currentUser(req);
    const { forget, person: meant } = (req.body ?? {}) as Record<string, unknown>;
    // Another tab has switched accounts since the page was rendered: the form meant another user.
    if (user && meant !== undefined && meant !== user.id) return res.redirect(303, '/account');
    // Signed out from another browser meanwhile: an answer that the tokens are deleted would not be true.
    if (!user && forget === '1') throw new SignInRequiredError();
    if (user && forget === '1') {
      await Promise.all([vault.forget(idOf(user)), events.forgotten(user)]);
    }
    const users = accounts.of(req);
    await accounts.signOut(req);
    await Promise.all(users.map(events.signedOut));
    if (user) leaveSignedOutNotice(res, user.portal);
    res.redirect(303, '/');
  };
}
