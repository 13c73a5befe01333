import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StateMismatchError } from '../oauth/authorization.ts';
import { randomId } from '../random-id.ts';
import { createRecords } from '../store/records.ts';
import { KEY_PREFIX, type Store } from '../store/store.ts';

/** A sign-in whose browser was redirected to the portal and is expected back. */
export interface PendingAuthorization {
  /** Origin of the portal it left for. */
  portal: string;
  /** A path of ours to go to afterwards. */
  returnTo: string;
  /** 1 at first, 2 after the one automatic restart. */
  attempt: number;
}

export interface PendingAuthorizations {
  /** Stores it, and only then gives out the state that fetches it back. */
  start(binding: string, pending: PendingAuthorization): Promise<string>;
  /**
   * Fetches it and marks it as taken in one step: whatever happens next, this state is used up.
   *
   * @throws {StateMismatchError}  unknown, used, too old, or of another browser
   */
  take(binding: string | undefined, state: string): Promise<PendingAuthorization>;
  /** Deletes every sign-in that a browser has begun. */
  forget(binding: string): Promise<void>;
}

/** As long as a person may take at the portal's login form. */
export const PENDING_MS = 10 * 60_000;
/** One for each tab; the oldest makes room. */
const MAX_PER_BROWSER = 20;

const Entry = z.object({
  portal: z.string(),
  returnTo: z.string(),
  attempt: z.number(),
  startedAt: z.number(),
  /** Id of the attempt that took it: a command that is sent again after a cut connection recognises its own work. */
  takenBy: z.string().optional(),
});
const Entries = z.record(z.string(), Entry);
type Entries = z.infer<typeof Entries>;

/**
 * Pending authorizations, one record per browser beside its session: kept inside the session blob, parallel sign-ins
 * overwrite each other (measured, L4).
 *
 * Neither the state nor the binding is stored as it is, so reading the store is no way to finish a sign-in. The key names
 * the application: of two that share a store, each finds its own states only.
 */
export function createPendingAuthorizations(options: {
  store: Store;
  clientId: string;
}): PendingAuthorizations {
  const { store, clientId } = options;
  const records = createRecords<string, Entries>(store, {
    key: (binding) => `${KEY_PREFIX}pending:${clientId}:${hash(binding)}`,
    shape: Entries,
    // A record that cannot be read counts as none: the person signs in once more.
    empty: {},
    lifetimeMs: PENDING_MS,
  });

  return {
    async start(binding, pending) {
      const state = randomId(32);
      const clock = storeClock(store);
      await records.change(binding, async (current) => {
        const now = await clock;
        const alive = Object.entries(current).filter(([, entry]) => isWaiting(entry, now));
        const newest = alive.sort(([, a], [, b]) => b.startedAt - a.startedAt).slice(0, MAX_PER_BROWSER - 1);
        const next = { ...Object.fromEntries(newest), [hash(state)]: { ...pending, startedAt: now } };
        return { next, result: undefined };
      });
      return state;
    },

    async take(binding, state) {
      if (binding === undefined) throw new StateMismatchError();
      const id = randomId(9);
      const clock = storeClock(store);
      const taken = await records.change(binding, async (entries) => {
        const found = entries[hash(state)];
        if (found?.takenBy === id) return { result: found };
        if (found === undefined || !isWaiting(found, await clock)) return { result: undefined };
        return { next: { ...entries, [hash(state)]: { ...found, takenBy: id } }, result: found };
      });
      if (taken === undefined) throw new StateMismatchError();
      return taken;
    },

    async forget(binding) {
      await records.forget(binding);
    },
  };
}

/** By the store's clock, because another replica may take the record. Asked at the same time as the record itself. */
function storeClock(store: Store): Promise<number> {
  const clock = store.now();
  // The awaiting caller gets the rejection; this avoids an unhandledRejection.
  clock.catch(() => {});
  return clock;
}

function isWaiting(entry: z.infer<typeof Entry>, now: number): boolean {
  return entry.takenBy === undefined && now - entry.startedAt < PENDING_MS;
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
