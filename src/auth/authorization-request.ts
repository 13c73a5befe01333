import type { Request, RequestHandler, Response } from 'express';
import {
  type AllowedPortals,
  authorizationEndpoint,
  type Portal,
  PortalNotAllowedError,
} from '../bitrix24/portal.ts';
import { buildAuthorizationRequest } from '../oauth/authorization.ts';
import type { Accounts } from './accounts.ts';
import type { PendingAuthorizations } from './pending-authorizations.ts';
import { parseReturnTo } from './return-to.ts';
import { browserBinding } from './session.ts';
import { clearSignedOutNotice } from './signed-out-notice.ts';
import { networkOf, type VisitorLimits } from './visitor-limits.ts';
import type { WaitingBrowsers } from './waiting-browsers.ts';

export interface AuthorizationRequestDependencies {
  clientId: string;
  /** Where a browser goes that asked for no page. */
  home: string;
  /** Where a browser chooses between several portals. */
  signInPage: string;
  portals: AllowedPortals;
  accounts: Accounts;
  pendingAuthorizations: PendingAuthorizations;
  waitingBrowsers: WaitingBrowsers;
  visitorLimits: VisitorLimits;
}

/** `GET /login`: redirects to a portal that is listed by name, or is one of this browser's own accounts. */
export function startAuthorization(dependencies: AuthorizationRequestDependencies): RequestHandler {
  const { portals, accounts, visitorLimits, home, signInPage } = dependencies;
  return async (req, res) => {
    await visitorLimits.countStart(req.ip);
    const returnTo = parseReturnTo(req.query.returnTo, home);
    const own = accounts.of(req).flatMap((user) => portals.findAllowed(user.portal) ?? []);
    const portal = choosePortal(portals, req.query.portal, own);
    if (portal === undefined)
      return res.redirect(303, `${signInPage}?returnTo=${encodeURIComponent(returnTo)}`);
    await leaveForPortal(dependencies, req, res, { portal, returnTo, attempt: 1 });
  };
}

/** `POST /login`: as GET, for a typed address, which a pattern may allow. */
export function startTypedAuthorization(dependencies: AuthorizationRequestDependencies): RequestHandler {
  return async (req, res) => {
    await dependencies.visitorLimits.countStart(req.ip);
    const { portal: typed, returnTo } = (req.body ?? {}) as Record<string, unknown>;
    const portal = typeof typed === 'string' ? dependencies.portals.findAllowed(typed) : undefined;
    if (portal === undefined) throw new PortalNotAllowedError();
    const target = parseReturnTo(returnTo, dependencies.home);
    await leaveForPortal(dependencies, req, res, { portal, returnTo: target, attempt: 1 });
  };
}

/** Stores where the browser wants to go, and only then redirects it to the portal. */
export async function leaveForPortal(
  { clientId, accounts, pendingAuthorizations, waitingBrowsers }: AuthorizationRequestDependencies,
  req: Request,
  res: Response,
  { portal, returnTo, attempt }: { portal: Portal; returnTo: string; attempt: number },
): Promise<void> {
  const binding = await browserBinding(req);
  const sessionId = accounts.of(req).length === 0 ? req.sessionID : undefined;
  waitingBrowsers.add({ binding, network: networkOf(req.ip), sessionId });
  const state = await pendingAuthorizations.start(binding, { portal: portal.origin, returnTo, attempt });
  clearSignedOutNotice(req, res);
  const request = buildAuthorizationRequest(authorizationEndpoint(portal), clientId, state);
  res.redirect(attempt === 1 ? 302 : 303, request.href);
}

/**
 * The portal that is meant; undefined when several are possible and the request names none.
 *
 * @param own  those of this browser's accounts, the active one's first
 */
function choosePortal(portals: AllowedPortals, named: unknown, own: Portal[]): Portal | undefined {
  if (named === undefined || named === '') {
    const isOnlyOne = portals.listed.length === 1 && portals.patterns.length === 0;
    return own[0] ?? (isOnlyOne ? portals.listed[0] : undefined);
  }
  const asked = typeof named === 'string' ? named : '';
  const portal =
    own.find(({ origin, host }) => asked === origin || asked === host) ?? portals.findListed(asked);
  if (portal === undefined) throw new PortalNotAllowedError();
  return portal;
}
