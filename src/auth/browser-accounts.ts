import { hash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { LRUCache } from 'lru-cache';
import { randomId } from '../random-id.ts';
import { findTimeZone } from '../i18n/time-zone.ts';
import type { Browsers, UnreadBrowsers } from './sign-ins.ts';
import { goBy } from '../web/language.ts';
import { logAs } from '../web/request-log.ts';
import { ownAddress } from './return-to.ts';
import {
  browserName,
  endSession,
  hasLapsed,
  isSamePerson,
  MAX_PEOPLE,
  peopleOf,
  recogniseAs,
  renewSession,
  type SignedIn,
  sessionCookie,
  signedIn,
} from './session.ts';

/** The people of a browser: the session says who they are, the record of their browsers whether they still are. */
export interface People {
  /**
   * Asks for the record of whoever acted in this session last, before it is known who does now: one trip to the store less
   * for nearly every page. It counts for nothing unless the session names the same person.
   */
  readAhead(): RequestHandler;
  /** Finds out who is signed in, and tells every page: Bitrix24 asks no questions, and the wrong account may have won. */
  recognise(): RequestHandler;
  /** Who else is signed in with this browser. */
  others(req: Request): Promise<{ person: SignedIn; isSignedIn: boolean }[]>;
  /** Puts somebody in front; whoever was there stays signed in. */
  signIn(req: Request, person: Omit<SignedIn, 'id'>): Promise<void>;
  /** @returns the person this is about now, or has been; undefined when this browser knows nobody of that id */
  switchTo(req: Request, id: unknown): Promise<{ person: SignedIn; isSignedIn: boolean } | undefined>;
  /** Signs one person out of this browser. The others stay, and none of them takes over unasked. */
  leave(req: Request, id: unknown): Promise<SignedIn | undefined>;
  /** Signs everybody out of this browser. */
  signOut(req: Request): Promise<void>;
  /** Signs the active person out of every browser, this one included. */
  signOutEverywhere(req: Request, person: SignedIn): Promise<void>;
}

type Owner = Pick<SignedIn, 'memberId' | 'userId'>;

/** Sessions whose last person is remembered; for others nothing is read ahead. */
const MAX_REMEMBERED = 10_000;
const REMEMBERED_MS = 5 * 60_000;

export function createPeople(options: { browsers: Browsers; now: () => number; isSecure: boolean }): People {
  const { browsers, now, isSecure } = options;
  /** By a hash of the session cookie, which would let in whoever finds it in a dump of our memory. */
  const lastPeople = new LRUCache<string, Owner>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });
  const recordsAhead = new WeakMap<Request, { owner: Owner; record: Promise<UnreadBrowsers> }>();
  const cookieOf = new RegExp(`(?:^|;\\s*)${sessionCookie({ isSecure })}=([^;]+)`);

  /** Which session this request says it belongs to; nobody has checked it yet. */
  function sessionOf({ headers }: Request): string {
    return hash('sha256', cookieOf.exec(headers.cookie ?? '')?.[1] ?? '', 'base64url');
  }

  /** Whether a person is still signed in whom the session of this request names. */
  async function see(req: Request, person: SignedIn): Promise<boolean> {
    const ahead = recordsAhead.get(req);
    const record = ahead && isSamePerson(ahead.owner, person) ? ahead.record : undefined;
    const isGood = await browsers.see(person, record);
    const { memberId, userId } = person;
    if (isGood) lastPeople.set(sessionOf(req), { memberId, userId });
    return isGood;
  }

  const isGood = async (person: SignedIn) => !hasLapsed(person, now()) && (await browsers.see(person));

  async function others(req: Request) {
    return Promise.all(
      peopleOf(req)
        .slice(1)
        .map(async (person) => ({ person, isSignedIn: await isGood(person) })),
    );
  }

  /** Ends the session when nobody is left in it. */
  async function endIfEmpty(req: Request): Promise<void> {
    if (peopleOf(req).length <= 1) await endSession(req);
    recogniseAs(req, {});
  }

  return {
    readAhead: () => (req, _res, next) => {
      const owner = lastPeople.get(sessionOf(req));
      if (owner) {
        const record = browsers.readAhead(owner);
        // Whoever needs it hears of the failure.
        record.catch(() => {});
        recordsAhead.set(req, { owner, record });
      }
      next();
    },

    recognise: () => async (req, res, next) => {
      const [active] = peopleOf(req);
      if (active && !hasLapsed(active, now())) {
        recogniseAs(req, (await see(req, active)) ? { active } : { wasSignedOut: active });
      }
      const person = signedIn(req, now());
      if (person) logAs(req, person);
      res.locals.person = person;
      goBy(res, findTimeZone(person?.timeZone ?? null));
      res.locals.otherPeople = person ? peopleOf(req).slice(1) : [];
      res.locals.address = ownAddress(req);
      next();
    },

    others,

    async signIn(req, newcomer) {
      const active = { ...newcomer, id: randomId(18) };
      const before = peopleOf(req);
      const areGood = await Promise.all(before.map(isGood));
      const stay = before.filter((person, index) => areGood[index] && !isSamePerson(person, active));
      const people = [active, ...stay].slice(0, MAX_PEOPLE);
      // Listed first: a session that nobody lists would count as signed out.
      await browsers.add(active, { name: browserName(req, active), agent: req.get('user-agent') ?? '' });
      await renewSession(req, people);
      recogniseAs(req, { active });
      logAs(req, active);
      const gone = before.filter((person, index) => areGood[index] && !people.includes(person));
      await Promise.all(gone.map((person) => browsers.remove(person)));
    },

    async switchTo(req, id) {
      const people = peopleOf(req);
      const person = people.find((each) => each.id === id);
      if (person === undefined) return undefined;
      const isSignedIn = await isGood(person);
      if (isSignedIn && person !== people[0]) {
        await renewSession(req, [person, ...people.filter((each) => each !== person)]);
      }
      return { person, isSignedIn };
    },

    async leave(req, id) {
      const people = peopleOf(req);
      const person = people.find((each) => each.id === id);
      if (person === undefined) return undefined;
      await browsers.removeBrowser(person, browserName(req, person));
      if (person === people[0]) await endIfEmpty(req);
      else
        await renewSession(
          req,
          people.filter((each) => each !== person),
        );
      return person;
    },

    async signOut(req) {
      await Promise.all(
        peopleOf(req).map((person) => browsers.removeBrowser(person, browserName(req, person))),
      );
      await endSession(req);
      recogniseAs(req, {});
    },

    async signOutEverywhere(req, person) {
      await browsers.removeAll(person);
      await endIfEmpty(req);
    },
  };
}
