import type { Request, Response } from 'express';
import type { AllowedPortals, Portal } from '../bitrix24/portal.ts';

const COOKIE = 'signed-out';

/** Tells the next page which portal was signed out of, because the session that knew is gone. */
export function leaveSignedOutNotice(res: Response, portal: string): void {
  res.cookie(COOKIE, portal, {
    maxAge: 60_000,
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: isSecure(res),
  });
}

/** The portal of the notice. A cookie can be anything, so it only ever picks an allowed portal. */
export function readSignedOutNotice(req: Request, portals: AllowedPortals): Portal | undefined {
  const value = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]+)`).exec(req.headers.cookie ?? '')?.[1];
  if (value === undefined) return undefined;
  try {
    return portals.findAllowed(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

export function clearSignedOutNotice(res: Response): void {
  res.clearCookie(COOKIE, { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(res) });
}

function isSecure(res: Response): boolean {
  return res.app.get('is secure') === true;
}
