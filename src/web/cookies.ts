import { parseCookie } from 'cookie';
import type { Request } from 'express';

/** One cookie of the request, decoded; undefined when the browser sent none of that name. Of several, the first counts. */
export function readCookie(req: Request, name: string): string | undefined {
  return parseCookie(req.headers.cookie ?? '')[name];
}
