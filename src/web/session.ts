import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { z } from 'zod';
import { SessionEndedError } from '../store/sessions.ts';
import { ownAddress } from './return-to.ts';

/** Who is signed in with this browser. Holds no token: those stay in the vault. */
export interface SignedIn {
  memberId: string;
  userId: number;
  /** Origin of the portal. */
  portal: string;
  /** Null when the portal would not tell. */
  name: string | null;
  /** When they signed in, ISO 8601. */
  since: string;
}

declare module 'express-session' {
  interface SessionData {
    /** Random; ties pending authorizations to this browser, and survives the change of session id at sign-in. */
    binding?: string;
    signedIn?: SignedIn;
  }
}

/** However busy a session is, it ends after this long. */
const ABSOLUTE_LIFETIME_MS = 30 * 24 * 3600_000;

/** What is in the store is checked like any other input. */
const SignedInShape = z.object({
  memberId: z.string().min(1),
  userId: z.number().int().positive(),
  portal: z.url(),
  name: z.string().nullable(),
  since: z.iso.datetime(),
});

/** The browser session of express-session, with the cookie of design.md section 5. */
export function browserSession(options: {
  store: session.Store;
  secrets: string[];
  isSecure: boolean;
  idleHours: number;
}): RequestHandler[] {
  const sessions = session({
    store: options.store,
    secret: options.secrets,
    name: options.isSecure ? '__Host-session' : 'session',
    cookie: {
      httpOnly: true,
      sameSite: 'lax',
      secure: options.isSecure,
      path: '/',
      maxAge: options.idleHours * 3600_000,
    },
    resave: false,
    // Visitors who never start a sign-in leave no record and get no cookie.
    saveUninitialized: false,
    rolling: true,
  });
  return options.isSecure ? [reachedOverHttps, sessions] : [sessions];
}

/**
 * PUBLIC_URL says that browsers come over https, whoever ends TLS on the way. Without this, express-session would keep
 * the Secure cookie back behind a proxy that nobody named.
 */
const reachedOverHttps: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'secure', { value: true });
  next();
};

/** Who is signed in, if anybody is and has not been for too long. */
export function signedIn(req: Request, now: number): SignedIn | undefined {
  const person = SignedInShape.safeParse(req.session?.signedIn);
  if (!person.success || now - Date.parse(person.data.since) > ABSOLUTE_LIFETIME_MS) return undefined;
  return person.data;
}

/** The value that ties pending authorizations to this browser; made and stored before it is first used. */
export async function browserBinding(req: Request): Promise<string> {
  if (req.session.binding !== undefined) return req.session.binding;
  req.session.binding = randomBytes(32).toString('base64url');
  await save(req);
  return req.session.binding;
}

/**
 * Signs in under a new session id, which stops session fixation. Other tabs' pending authorizations stay good, because
 * the binding is carried over.
 */
export async function signIn(req: Request, person: SignedIn): Promise<void> {
  const { binding } = req.session;
  await regenerate(req);
  if (binding !== undefined) req.session.binding = binding;
  req.session.signedIn = person;
  await save(req);
}

/** Ends the session; what is still running under its id cannot bring it back (store/sessions.ts). */
export async function signOut(req: Request): Promise<void> {
  await regenerate(req);
}

/** Waiting for the save matters: the implicit one lets an answer out although it failed (measured, L3). */
async function save(req: Request): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) =>
      req.session.save((error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    if (!(error instanceof SessionEndedError)) throw error;
    // The session was signed out in another tab while this request ran: go on as a new one.
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

/** Tells every page, error pages included, who is signed in: Bitrix24 asks no questions, and the wrong account may have won. */
export function showPerson({ now }: { now: () => number }): RequestHandler {
  return (req, res, next) => {
    res.locals.person = signedIn(req, now());
    res.locals.address = ownAddress(req);
    next();
  };
}
