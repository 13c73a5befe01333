import type { Request, RequestHandler, Response } from 'express';
import type { AllowedPortals } from '../bitrix24/portal.ts';
import { allowFormsTo, portalSources } from '../web/protect.ts';
import type { Accounts } from './accounts.ts';
import { currentUser, signedOutElsewhere } from './current-user.ts';
import { parseReturnTo } from './return-to.ts';
import { readSignedOutNotice } from './signed-out-notice.ts';

export interface SignInPageDependencies {
  home: string;
  portals: AllowedPortals;
  accounts: Accounts;
}

/** `GET /`: the portals to sign in with, or a redirect to `home` for a browser that is signed in. */
export function showSignIn({ home, portals, accounts }: SignInPageDependencies): RequestHandler {
  return async (req, res) => {
    if (currentUser(req)) return res.redirect(303, home);
    const others = await accounts.others(req);
    allowTypedPortals(res, portals);
    const here = readSignedOutNotice(req, portals);
    const elsewhere = portals.findAllowed(signedOutElsewhere(req)?.portal ?? '');
    res.render('sign-in', {
      ...waysIn(portals, home, req),
      signedOutOf: here ?? elsewhere,
      wasElsewhere: here === undefined,
      stillHere: others.flatMap(({ user, isSignedIn }) => (isSignedIn ? [user] : [])),
      isAnother: false,
    });
  };
}

/** `GET /account/add`: the portals for a browser that is signed in, and wants to be in at another one as well. */
export function showAnotherSignIn({ home, portals, accounts }: SignInPageDependencies): RequestHandler {
  return (req, res) => {
    const ways = waysIn(portals, home, req);
    if (!currentUser(req)) {
      return res.redirect(303, ways.returnTo ? `/?returnTo=${encodeURIComponent(ways.returnTo)}` : '/');
    }
    allowTypedPortals(res, portals);
    const known = new Set(accounts.of(req).map(({ portal }) => portal));
    // Portals without an account come first; the others are for another user of the same portal.
    const listed = [...ways.portals].sort(
      (a, b) => Number(known.has(a.origin)) - Number(known.has(b.origin)),
    );
    res.render('sign-in', { ...ways, portals: listed, known, stillHere: [], isAnother: true });
  };
}

/** Without a pattern the page has no form that leads to a portal, only links. */
function allowTypedPortals(res: Response, portals: AllowedPortals): void {
  if (portals.patterns.length > 0) allowFormsTo(res, portalSources(portals));
}

function waysIn(portals: AllowedPortals, home: string, req: Request) {
  const { returnTo } = req.query;
  return {
    portals: portals.listed,
    patterns: portals.patterns,
    known: new Set<string>(),
    signedOutOf: undefined,
    returnTo: returnTo === undefined ? undefined : parseReturnTo(returnTo, home),
  };
}
