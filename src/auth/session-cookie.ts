import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

export interface SessionCookie {
  isSecure: boolean;
  /** See web/cookies.ts. */
  suffix: string;
  /** Where the cookie is valid. */
  path: string;
}

/** The name of the session cookie. */
export function sessionCookieName(cookie: SessionCookie): string {
  return `${nameBefore(cookie)}-${cookie.suffix}`;
}

/**
 * As versions before 2026-12 called it. Their sessions go on, and get the new name when they are next written.
 *
 * Browsers keep `__Host-` to https and to this host, and want it to be valid for the whole host; below a path the cookie is
 * kept from the other applications of the host instead.
 */
function nameBefore({ isSecure, path }: Pick<SessionCookie, 'isSecure' | 'path'>): string {
  if (!isSecure) return 'session';
  return path === '/' ? '__Host-session' : '__Secure-session';
}

/**
 * Leaves one session cookie in the request: the first that was signed with a secret of ours.
 *
 * A browser sends all cookies of a name, those that another application has set for the domain or for a path included, and
 * express-session looks at the first only: a person with such a cookie could never sign in.
 */
export function chooseSessionCookie(options: SessionCookie & { secrets: string[] }): RequestHandler {
  const name = sessionCookieName(options);
  const names = [name, nameBefore(options)];
  return (req, _res, next) => {
    const pairs = splitCookies(req.headers.cookie);
    const candidates = names.flatMap((each) => pairs.filter((pair) => pair.name === each));
    const own = candidates.find(({ value }) => isSigned(value, options.secrets));
    if (candidates.length > 0) {
      const others = pairs.filter((pair) => !names.includes(pair.name)).map(({ text }) => text);
      req.headers.cookie = [...others, ...(own ? [`${name}=${own.value}`] : [])].join('; ');
    }
    next();
  };
}

interface Pair {
  name: string;
  value: string;
  text: string;
}

function splitCookies(header = ''): Pair[] {
  return header.split(';').map((part) => {
    const text = part.trim();
    const equals = Math.max(text.indexOf('='), 0);
    return { name: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim(), text };
  });
}

/** As express-session signs: `s:`, the id, a dot, HMAC-SHA-256 in base64 without padding. */
function isSigned(value: string, secrets: string[]): boolean {
  const [, id, signature = ''] = /^s(?::|%3A)([^.]+)\.(.+)$/i.exec(value) ?? [];
  const given = decode(signature);
  if (id === undefined || given === undefined) return false;
  return secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
    return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
  });
}

/** The signature as it was before it was escaped; undefined for what no signature can be. */
function decode(signature: string): string | undefined {
  try {
    const text = decodeURIComponent(signature);
    return /^[\w+/]+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
