import type { Request } from 'express';

/** Never resolved: relative references need an origin to be parsed against. */
const BASE = 'https://app.invalid';

/**
 * The address of the page that is being answered, as something a page of ours may repeat.
 *
 * Counted from PUBLIC_URL, as every address inside the application (web/sub-path.ts). Not that of the redirection endpoint, which holds a code, and not one that a browser would read as another host.
 */
export function ownAddress(req: Request): string {
  if (req.method !== 'GET' || isRedirectionEndpoint(req.path)) return '/';
  // As a browser will read it: with `..` taken out, and backslashes for slashes.
  if (!URL.canParse(req.url, BASE)) return '/';
  const { origin, pathname } = new URL(req.url, BASE);
  const isOurs = origin === BASE && !pathname.startsWith('//') && !isRedirectionEndpoint(pathname);
  return isOurs ? req.url : '/';
}

/** A sign-in that comes back to the page that is being answered. */
export function loginAddress(req: Request): string {
  return isRedirectionEndpoint(req.path)
    ? '/login'
    : `/login?returnTo=${encodeURIComponent(ownAddress(req))}`;
}

/** As Express matches it: in any letter case, and with a slash behind it, which is how some write it on the card. */
export function isRedirectionEndpoint(path: string): boolean {
  return /^\/bitrix\/?$/i.test(path);
}

const MAX_LENGTH = 2000;
/** A redirect back to these would sign in again, or out, in a circle. */
const NOT_A_PLACE = /^\/(login|logout|bitrix|language)?(\/|$)/i;

/**
 * Reads where to go after signing in: a path of ours with its query, or `home` for anything else.
 *
 * It is parsed the way browsers parse it, backslashes and all, and only what stays on our origin comes out.
 */
export function parseReturnTo(value: unknown, home: string): string {
  if (typeof value !== 'string' || !value.startsWith('/') || value.length > MAX_LENGTH) return home;
  if (!URL.canParse(value, BASE)) return home;
  const url = new URL(value, BASE);
  // `/.//evil` parses to the path `//evil`, which a browser would take for a host.
  const isOurs = url.origin === BASE && !url.pathname.startsWith('//') && url.username === '';
  if (!isOurs || NOT_A_PLACE.test(url.pathname)) return home;
  return url.pathname + url.search;
}
