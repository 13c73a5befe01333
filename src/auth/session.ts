import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { z } from 'zod';
import { randomId } from '../random-id.ts';
import { readOnce } from '../store/read-once.ts';
import { SessionEndedError } from '../store/sessions.ts';
import { logOf } from '../web/request-log.ts';

/** Somebody who is signed in with this browser. Holds no token: those stay in the vault. */
export interface SignedIn {
  /** Random; good only while the record of this person's browsers lists it (browsers.ts). */
  id: string;
  memberId: string;
  userId: number;
  /** Origin of the portal. */
  portal: string;
  /** Null when the portal would not tell. */
  name: string | null;
  /** IANA's name of the zone whose clock they go by; null when the portal would not tell. */
  timeZone: string | null;
  /** When they signed in, ISO 8601. */
  since: string;
}

declare module 'express-session' {
  interface SessionData {
    /** Random; ties pending authorizations to this browser, and survives the change of session id at sign-in. */
    binding?: string;
    /** The most recently used first: the first is who acts. */
    people?: SignedIn[];
  }
}

/** However busy a session is, it ends after this long. */
const ABSOLUTE_LIFETIME_MS = 30 * 24 * 3600_000;

/** People who may be signed in with one browser at the same time. */
export const MAX_PEOPLE = 10;

/** What is in the store is checked like any other input. */
const SignedInShape = z.object({
  // Not `min`: see token-set.ts.
  id: z.string().regex(/./s),
  memberId: z.string().regex(/./s),
  userId: z.number().int().positive(),
  portal: z.url(),
  name: z.string().nullable(),
  timeZone: z.string().nullable().default(null),
  since: z.iso.datetime(),
});

/** The name of the cookie; browsers keep `__Host-` to this host, and to https. */
export function sessionCookie({ isSecure }: { isSecure: boolean }): string {
  return isSecure ? '__Host-session' : 'session';
}

/** The browser session of express-session, with the cookie of design.md section 5. */
export function browserSession(options: {
  store: session.Store;
  secrets: string[];
  isSecure: boolean;
}): RequestHandler[] {
  const sessions = session({
    store: options.store,
    secret: options.secrets,
    name: sessionCookie(options),
    genid: () => randomId(24),
    cookie: {
      httpOnly: true,
      sameSite: 'lax',
      secure: options.isSecure,
      path: '/',
      // How long a session may be idle, the store knows.
      maxAge: ABSOLUTE_LIFETIME_MS,
    },
    resave: false,
    // Visitors who never start a sign-in leave no record and get no cookie.
    saveUninitialized: false,
    // Never with every answer: one that was slow would bring back the cookie of a session that another tab has replaced
    // meanwhile, and everybody in this browser would be signed out.
    rolling: false,
  });
  return [...(options.isSecure ? [reachedOverHttps] : []), goOnOnce(sessions), checkBinding];
}

/**
 * express-session goes on a second time when it could not keep a session after the answer went out. Express has nobody
 * left to tell then, and prints the error itself, past our log.
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

/** A binding that is no text counts as none, as an unreadable session does. */
const checkBinding: RequestHandler = (req, _res, next) => {
  const { binding } = req.session;
  if (binding !== undefined && (typeof binding !== 'string' || binding === '')) delete req.session.binding;
  next();
};

/**
 * PUBLIC_URL says that browsers come over https, whoever ends TLS on the way. Without this, express-session would keep
 * the Secure cookie back behind a proxy that nobody named.
 */
const reachedOverHttps: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'secure', { value: true });
  next();
};

const People = z.array(SignedInShape).refine((people) => people.length <= MAX_PEOPLE);

const readPeople = readOnce((text) => {
  const people = People.safeParse(JSON.parse(text));
  return people.success ? people.data : [];
});

/** Everybody the session knows, the active one first. Whether they still are signed in, people.ts finds out. */
export function peopleOf(req: Request): readonly SignedIn[] {
  const stored = req.session?.people;
  return stored === undefined ? [] : readPeople(JSON.stringify(stored));
}

/** What people.ts found out about a request before its handler runs. */
interface Recognised {
  active?: SignedIn;
  /** The active person of the session, if their sign-in was ended from another browser. */
  wasSignedOut?: SignedIn;
}

/** Kept beside the request, so that handlers, views and error pages need not ask the store again. */
const recognised = new WeakMap<Request, Recognised>();

export function recogniseAs(req: Request, who: Recognised): void {
  recognised.set(req, who);
}

/** Who is signed in, if anybody is and has not been for too long. */
export function signedIn(req: Request, now: number): SignedIn | undefined {
  const person = recognised.get(req)?.active;
  return person && !hasLapsed(person, now) ? person : undefined;
}

/** Whose sign-in here was ended from another browser: they want to be asked, as after a sign-out here. */
export function signedOutElsewhere(req: Request): SignedIn | undefined {
  return recognised.get(req)?.wasSignedOut;
}

export function hasLapsed(person: SignedIn, now: number): boolean {
  return now - Date.parse(person.since) > ABSOLUTE_LIFETIME_MS;
}

/** Whether they are the same user of the same portal. */
export function isSamePerson(
  one: Pick<SignedIn, 'memberId' | 'userId'>,
  other: Pick<SignedIn, 'memberId' | 'userId'>,
): boolean {
  return one.memberId === other.memberId && one.userId === other.userId;
}

/**
 * A name for this browser in what is kept about a person: it does not tell the binding, and another person's differs, so
 * that a page that was rendered for one of them does nothing to another.
 */
export function browserName(
  req: Request,
  { memberId, userId }: Pick<SignedIn, 'memberId' | 'userId'>,
): string {
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
 * Writes who is signed in, under a new session id, which stops session fixation. Other tabs' pending authorizations stay
 * good, because the binding is carried over.
 */
export async function renewSession(req: Request, people: SignedIn[]): Promise<void> {
  const { binding } = req.session;
  await regenerate(req);
  if (binding !== undefined) req.session.binding = binding;
  req.session.people = people;
  await save(req);
}

/** Ends the session; what is still running under its id cannot bring it back (store/sessions.ts). */
export async function endSession(req: Request): Promise<void> {
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
