import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { type IdleTime, SessionEndedError } from '../store/sessions.ts';
import { logOf } from '../web/request-log.ts';
import { chooseSessionCookie, type SessionCookie, sessionCookieName } from './session-cookie.ts';
import { ABSOLUTE_LIFETIME_MS, type StoredUser } from './signed-in-user.ts';

declare module 'express-session' {
  interface SessionData {
    /** Random; ties pending authorizations to this browser, and survives the change of session id at sign-in. */
    binding?: string;
    /** The most recently used account first: it is the active one. */
    people?: StoredUser[];
  }
}

/** Longer than a sign-in may take, so that a browser that comes back from the portal is recognised. */
const ANONYMOUS_IDLE_MS = 15 * 60_000;

/**
 * How long a session may be idle. A browser in which no user is signed in has nothing to lose but a sign-in under way: the
 * sessions of anonymous visitors are gone within minutes, however many they are.
 */
export function idleTime(sessionHours: number): IdleTime {
  const idleMs = sessionHours * 3600_000;
  return ({ people }) =>
    Array.isArray(people) && people.length > 0 ? idleMs : Math.min(ANONYMOUS_IDLE_MS, idleMs);
}

/** The browser session of express-session, with the cookie of design.md section 5. */
export function browserSession(
  options: SessionCookie & { store: session.Store; secrets: string[] },
): RequestHandler[] {
  const sessions = session({
    store: options.store,
    secret: options.secrets,
    name: sessionCookieName(options),
    genid: () => randomId(24),
    cookie: {
      httpOnly: true,
      sameSite: 'lax',
      secure: options.isSecure,
      path: options.path,
      // The store knows how long a session may be idle.
      maxAge: ABSOLUTE_LIFETIME_MS,
    },
    resave: false,
    // A visitor who never starts a sign-in leaves no record and gets no cookie.
    saveUninitialized: false,
    // Never with every answer: a slow answer would bring back the cookie of a session that another tab has replaced
    // meanwhile, and every account of this browser would be signed out.
    rolling: false,
  });
  return [
    ...(options.isSecure ? [reachedOverHttps] : []),
    chooseSessionCookie(options),
    goOnOnce(sessions),
    checkBinding,
  ];
}

/**
 * express-session calls `next` a second time when it could not save a session after the answer went out. Express would
 * print that error itself, past our log.
 */
function goOnOnce(sessions: RequestHandler): RequestHandler {
  return (req, res, next) => {
    let wentOn = false;
    sessions(req, res, (error?: unknown) => {
      if (!wentOn) next(error);
      else if (error) logOf(req).warn({ err: error }, 'the session could not be kept');
      wentOn = true;
    });
  };
}

/** A binding that is not a text counts as none, as an unreadable session does. */
const checkBinding: RequestHandler = (req, _res, next) => {
  const { binding } = req.session;
  if (binding !== undefined && (typeof binding !== 'string' || binding === '')) delete req.session.binding;
  next();
};

/**
 * PUBLIC_URL says that browsers come over https, whichever proxy ends TLS. Without this, express-session would not set
 * the Secure cookie behind a proxy that TRUST_PROXY does not name.
 */
const reachedOverHttps: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'secure', { value: true });
  next();
};

/**
 * A name for this browser in what is stored about a portal user: it does not tell the binding, and it differs for each
 * user, so that a form that was rendered for one of them does nothing to another.
 */
export function browserName(req: Request, { memberId, userId }: PortalUserId): string {
  return createHash('sha256')
    .update(`${memberId}:${userId}:${req.session.binding ?? ''}`)
    .digest('base64url')
    .slice(0, 16);
}

/** The value that ties pending authorizations to this browser; made and stored before it is first used. */
export async function browserBinding(req: Request): Promise<string> {
  if (req.session.binding !== undefined) return req.session.binding;
  req.session.binding = randomId(32);
  await save(req);
  return req.session.binding;
}

/**
 * Writes which users are signed in, under a new session id, which stops session fixation. Pending authorizations of other
 * tabs stay valid, because the binding is carried over.
 */
export async function renewSession(req: Request, users: StoredUser[]): Promise<void> {
  const { binding } = req.session;
  await regenerate(req);
  if (binding !== undefined) req.session.binding = binding;
  req.session.people = users;
  await save(req);
}

/** Ends the session; a request that still runs under its id cannot bring it back (store/sessions.ts). */
export async function endSession(req: Request): Promise<void> {
  await regenerate(req);
}

/** Awaits the save: express-session's implicit one sends the answer although it failed (measured, L3). */
async function save(req: Request): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) =>
      req.session.save((error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    if (!(error instanceof SessionEndedError)) throw error;
    // Another tab signed out while this request ran: go on with a new session.
    const { binding } = req.session;
    await regenerate(req);
    if (binding !== undefined) req.session.binding = binding;
    await new Promise<void>((resolve, reject) =>
      req.session.save((again) => (again ? reject(again) : resolve())),
    );
  }
}

function regenerate(req: Request): Promise<void> {
  return new Promise((resolve, reject) =>
    req.session.regenerate((error) => (error ? reject(error) : resolve())),
  );
}
