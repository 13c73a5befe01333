import { z } from 'zod';
import { readOnce } from '../store/read-once.ts';
import { type Change, KEY_PREFIX, type Store, update } from '../store/store.ts';
import type { SignedIn } from './session.ts';

/** A browser that is signed in as somebody. */
export interface SignedInBrowser {
  /** The same for all sign-ins of one browser. */
  name: string;
  /** ISO 8601, as `seen`. */
  since: string;
  /** Accurate to a few minutes. */
  seen: string;
  /** `User-Agent` as it came, but for its length. */
  agent: string;
}

/** Whose record: of a portal user, whatever browser they sit at. */
type Owner = Pick<SignedIn, 'memberId' | 'userId'>;

/** A record that nobody has read yet. */
export type UnreadBrowsers = { text: string | null };

export interface Browsers {
  /** Every browser this person is signed in with, the most recently seen first. */
  list(owner: Owner): Promise<SignedInBrowser[]>;
  add(person: SignedIn, browser: Pick<SignedInBrowser, 'name' | 'agent'>): Promise<void>;
  /**
   * Whether this sign-in is still good. Notes, every few minutes, that its browser was seen.
   *
   * @param ahead  their record, if it was asked for since the request came in
   */
  see(person: SignedIn, ahead?: Promise<UnreadBrowsers>): Promise<boolean>;
  /** Asks the store for the record of whoever will be seen next. */
  readAhead(owner: Owner): Promise<UnreadBrowsers>;
  /** Signs out one sign-in. */
  remove(person: SignedIn): Promise<void>;
  /** Signs out everything that this browser holds of this person, sign-ins of tabs that overtook one another included. */
  removeBrowser(owner: Owner, name: string): Promise<void>;
  removeAll(owner: Owner): Promise<void>;
}

/** As long as a browser session may last at all. */
const LIFETIME_MS = 30 * 24 * 3600_000;
/** The least recently seen makes room. */
const MAX_SIGN_INS = 50;
const NOTE_EVERY_MS = 5 * 60_000;
const AGENT_LENGTH = 300;

const SignIn = z.object({
  name: z.string(),
  since: z.iso.datetime(),
  seen: z.iso.datetime(),
  agent: z.string(),
});
/** By the id of the sign-in. */
type SignIns = ReadonlyMap<string, Readonly<z.infer<typeof SignIn>>>;
const SignInsShape = z.record(z.string(), SignIn);

/**
 * Which browsers are signed in as whom, one record per portal user, beside the sessions.
 *
 * A sign-in is good only while this lists it. So signing out another browser, or all of them, is one write that every
 * replica obeys at once, and no session that is still being written can undo it: an entry is made by a sign-in and by
 * nothing else.
 */
export function createBrowsers(options: { store: Store; clientId: string; now: () => number }): Browsers {
  const { store, clientId, now } = options;

  /** The braces are the Cluster hash tag, as in tokenKey. */
  const keyOf = ({ memberId, userId }: Owner) => `${KEY_PREFIX}browsers:{${memberId}}:${clientId}:${userId}`;

  const readAhead = async (owner: Owner): Promise<UnreadBrowsers> => ({
    text: await store.get(keyOf(owner)),
  });

  async function load(owner: Owner, ahead = readAhead(owner)): Promise<SignIns> {
    return read(owner, (await ahead).text);
  }

  /** Nobody is listed by a record that cannot be read: everybody signs in again. */
  async function read(owner: Owner, text: string | null): Promise<SignIns> {
    if (text === null) return new Map();
    const { signIns } = parse(text);
    if (signIns === undefined) await store.quarantine(keyOf(owner), text);
    return signIns ?? new Map();
  }

  /** Writes what `decide` makes of the entries, unless that is nothing. */
  function change(owner: Owner, decide: (signIns: SignIns) => SignIns | undefined): Promise<void> {
    return update<void>(store, keyOf(owner), LIFETIME_MS, async (current): Promise<Change<void>> => {
      const next = decide(await read(owner, current));
      return next
        ? { write: JSON.stringify(Object.fromEntries(next)), result: undefined }
        : { keep: true, result: undefined };
    });
  }

  return {
    async list(owner) {
      return joinByBrowser([...(await load(owner)).values()]);
    },

    async add(person, { name, agent }) {
      const at = new Date(now()).toISOString();
      const entry = { name, since: at, seen: at, agent: agent.slice(0, AGENT_LENGTH) };
      await change(person, (signIns) => {
        const alive = [...signIns].filter(([, { since }]) => now() - Date.parse(since) < LIFETIME_MS);
        const recent = alive.sort(([, a], [, b]) => compareSeen(a, b)).slice(0, MAX_SIGN_INS - 1);
        return new Map([...recent, [person.id, entry]]);
      });
    },

    readAhead,

    async see(person, ahead) {
      const entry = (await load(person, ahead)).get(person.id);
      if (entry === undefined) return false;
      if (now() - Date.parse(entry.seen) < NOTE_EVERY_MS) return true;
      const seen = new Date(now()).toISOString();
      // What was removed since then stays removed: there is nothing left to note it at.
      await change(person, (signIns) => {
        const current = signIns.get(person.id);
        return current && new Map([...signIns, [person.id, { ...current, seen }]]);
      });
      return true;
    },

    remove: (person) => change(person, (signIns) => without(signIns, (id) => id === person.id)),

    removeBrowser: (owner, name) =>
      change(owner, (signIns) => without(signIns, (_id, entry) => entry.name === name)),

    async removeAll(owner) {
      await store.forget(keyOf(owner));
    },
  };
}

function without(
  signIns: SignIns,
  isGone: (id: string, entry: z.infer<typeof SignIn>) => boolean,
): SignIns | undefined {
  const left = [...signIns].filter(([id, entry]) => !isGone(id, entry));
  return left.length < signIns.size ? new Map(left) : undefined;
}

/** Tabs that signed in at the same time leave several entries; to a person they are one browser. */
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

const parse = readOnce((text): { signIns: SignIns | undefined } => {
  try {
    return { signIns: new Map(Object.entries(SignInsShape.parse(JSON.parse(text)))) };
  } catch {
    return { signIns: undefined };
  }
});
