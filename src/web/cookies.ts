import { createHash } from 'node:crypto';
import { parseCookie } from 'cookie';
import type { Request, RequestHandler } from 'express';

/** By request: what the names of this installation's cookies end in. */
const suffixes = new WeakMap<Request, string>();

/**
 * What the names of this installation's cookies end in. Browsers keep cookies by host, whatever the port and the application:
 * with equal names, two installations on one host would sign each other's people out.
 */
export function cookieSuffix({ clientId, publicUrl }: { clientId: string; publicUrl: URL }): string {
  return createHash('sha256').update(`${clientId} ${publicUrl.href}`).digest('hex').slice(0, 8);
}

/** From here on, `ownCookie` knows the names of this request's cookies. */
export function nameCookies(suffix: string): RequestHandler {
  return (req, _res, next) => {
    suffixes.set(req, suffix);
    next();
  };
}

/** The full name of one of our cookies. */
export function ownCookie(req: Request, name: string): string {
  const suffix = suffixes.get(req);
  return suffix === undefined ? name : `${name}-${suffix}`;
}

/** One cookie of the request, decoded; undefined when the browser sent none of that name. Of several, the first counts. */
export function readCookie(req: Request, name: string): string | undefined {
  return parseCookie(req.headers.cookie ?? '')[name];
}
