import type { Request, Response } from 'express';
import type { AllowedPortals, Portal } from '../bitrix24/portal.ts';
import { ownCookie, readCookie } from '../web/cookies.ts';
import { signedOutElsewhere } from './current-user.ts';

const nameOf = (req: Request) => ownCookie(req, 'signed-out');

/** As long as a person may come back to pages that are still open. */
const LIFETIME_MS = 24 * 3600_000;

/**
 * Remembers that this browser signed out, and of which portal, until it signs in again. Without it the back button would
 * lead through the portal, which still knows the person, straight back in.
 */
export function leaveSignedOutNotice(res: Response, portal: string): void {
  res.cookie(nameOf(res.req), portal, {
    maxAge: LIFETIME_MS,
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure(res),
  });
}

/** The portal of the notice. A cookie can be anything, so it only ever picks an allowed portal. */
export function readSignedOutNotice(req: Request, portals: AllowedPortals): Portal | undefined {
  const portal = readCookie(req, nameOf(req));
  return portal === undefined ? undefined : portals.findAllowed(portal);
}

/** Whether the person is to be asked before they are signed in again: they signed out, here or from another browser. */
export function hasSignedOut(req: Request): boolean {
  return readCookie(req, nameOf(req)) !== undefined || signedOutElsewhere(req) !== undefined;
}

export function clearSignedOutNotice(req: Request, res: Response): void {
  if (readCookie(req, nameOf(req)) !== undefined)
    res.clearCookie(nameOf(req), { httpOnly: true, sameSite: 'lax', secure: isSecure(res) });
}

function isSecure(res: Response): boolean {
  return res.app.get('is secure') === true;
}
