import { z } from 'zod';
import type { PortalUserId } from '../portal-user.ts';
import { createRecords, portalUserKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { SignedInUser } from './signed-in-user.ts';

/** A browser that a portal user is signed in with. */
export interface SignedInBrowser {
  /** The same for all sign-ins of one browser. */
  name: string;
  /** ISO 8601, as `seen`. */
  since: string;
  /** Accurate to a few minutes. */
  seen: string;
  /** `User-Agent` as it came, cut to a bounded length. */
  agent: string;
}

export interface SignIns {
  /** Every browser this user is signed in with, the most recently seen first. */
  list(user: PortalUserId): Promise<SignedInBrowser[]>;
  add(user: SignedInUser, browser: Pick<SignedInBrowser, 'name' | 'agent'>): Promise<void>;
  /**
   * Notes, every few minutes, that the browser was seen.
   *
   * @returns whether this sign-in is still valid
   */
  touch(user: SignedInUser): Promise<boolean>;
  /** Ends one sign-in. */
  remove(user: SignedInUser): Promise<void>;
  /** Ends every sign-in of this user with one browser; tabs that signed in at the same time have left several. */
  removeBrowser(user: PortalUserId, name: string): Promise<void>;
  removeAll(user: PortalUserId): Promise<void>;
}

/** As long as a browser session may last at all. */
const LIFETIME_MS = 30 * 24 * 3600_000;
/** Of one user; the least recently seen one makes room. */
const MAX_SIGN_INS = 50;
const NOTE_EVERY_MS = 5 * 60_000;
const AGENT_LENGTH = 300;

const Entry = z.object({
  name: z.string(),
  since: z.iso.datetime(),
  seen: z.iso.datetime(),
  agent: z.string(),
});
type Entry = z.infer<typeof Entry>;
/** By the id of the sign-in. */
const Entries = z.record(z.string(), Entry);
type Entries = z.infer<typeof Entries>;

/**
 * Which browsers each portal user is signed in with: one record per user, beside the sessions.
 *
 * A sign-in is valid only while its record lists it. So ending the sign-ins of another browser, or of all, is one write
 * that every replica obeys at once, and a session that is still being written cannot undo it: only a sign-in adds an entry.
 */
export function createSignIns({ store, now }: { store: Store; now: () => number }): SignIns {
  const records = createRecords<PortalUserId, Entries>(store, {
    key: (user) => portalUserKey('browsers', user),
    shape: Entries,
    // A record that cannot be read lists no sign-in: every browser signs in again.
    empty: {},
    lifetimeMs: LIFETIME_MS,
    unreadable: 'quarantine',
  });

  /** Writes what `decide` returns, unless that is undefined. */
  const change = (user: PortalUserId, decide: (entries: Entries) => Entries | undefined) =>
    records.change<void>(user, (entries) => {
      const next = decide(entries);
      return next === undefined ? { result: undefined } : { next, result: undefined };
    });

  const removeWhere = (user: PortalUserId, isGone: (id: string, entry: Entry) => boolean) =>
    change(user, (entries) => {
      const all = Object.entries(entries);
      const left = all.filter(([id, entry]) => !isGone(id, entry));
      return left.length < all.length ? Object.fromEntries(left) : undefined;
    });

  return {
    list: async (user) => joinByBrowser(Object.values(await records.load(user))),

    async add(user, { name, agent }) {
      const at = new Date(now()).toISOString();
      const entry = { name, since: at, seen: at, agent: agent.slice(0, AGENT_LENGTH) };
      await change(user, (entries) => {
        const alive = Object.entries(entries).filter(
          ([, { since }]) => now() - Date.parse(since) < LIFETIME_MS,
        );
        const recent = alive.sort(([, a], [, b]) => compareSeen(a, b)).slice(0, MAX_SIGN_INS - 1);
        return Object.fromEntries([...recent, [user.id, entry]]);
      });
    },

    async touch(user) {
      const entries = await records.load(user);
      const entry = Object.hasOwn(entries, user.id) ? entries[user.id] : undefined;
      if (entry === undefined) return false;
      if (now() - Date.parse(entry.seen) < NOTE_EVERY_MS) return true;
      const seen = new Date(now()).toISOString();
      // An entry that was removed since it was read stays removed.
      await change(user, (current) => {
        const own = Object.hasOwn(current, user.id) ? current[user.id] : undefined;
        return own && { ...current, [user.id]: { ...own, seen } };
      });
      return true;
    },

    remove: (user) => removeWhere(user, (id) => id === user.id),

    removeBrowser: (user, name) => removeWhere(user, (_id, entry) => entry.name === name),

    async removeAll(user) {
      await records.forget(user);
    },
  };
}

/** Tabs that signed in at the same time leave several entries; the person sees one browser. */
function joinByBrowser(entries: SignedInBrowser[]): SignedInBrowser[] {
  const browsers = new Map<string, SignedInBrowser>();
  for (const entry of entries.sort(compareSeen)) {
    const known = browsers.get(entry.name);
    if (known === undefined) browsers.set(entry.name, entry);
    else if (entry.since < known.since) browsers.set(entry.name, { ...known, since: entry.since });
  }
  return [...browsers.values()];
}

/** The most recently seen first. */
function compareSeen(a: { seen: string }, b: { seen: string }): number {
  return Date.parse(b.seen) - Date.parse(a.seen);
}
