import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StateMismatchError } from '../oauth/authorization.ts';
import { randomId } from '../random-id.ts';
import { KEY_PREFIX, type Store, update } from '../store/store.ts';

/** A sign-in that has left for the portal and is expected back. */
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
  /** All that a browser has begun. */
  forget(binding: string): Promise<void>;
}

/** As long as somebody may sit at the portal's login form. */
export const PENDING_MS = 10 * 60_000;
/** One for each tab; the oldest makes room. */
const MAX_PER_BROWSER = 20;

const Entry = z.object({
  portal: z.string(),
  returnTo: z.string(),
  attempt: z.number(),
  startedAt: z.number(),
  /** Who took it: a command that is sent again after a cut connection recognises its own work. */
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
  const keyOf = (binding: string) => `${KEY_PREFIX}pending:${clientId}:${hash(binding)}`;

  return {
    async start(binding, pending) {
      const state = randomId(32);
      const clock = storeClock(store);
      await update(store, keyOf(binding), PENDING_MS, async (current) => {
        const now = await clock;
        const alive = Object.entries(parseEntries(current)).filter(([, entry]) => isWaiting(entry, now));
        const newest = alive.sort(([, a], [, b]) => b.startedAt - a.startedAt).slice(0, MAX_PER_BROWSER - 1);
        const entries = { ...Object.fromEntries(newest), [hash(state)]: { ...pending, startedAt: now } };
        return { write: JSON.stringify(entries), result: undefined };
      });
      return state;
    },

    async take(binding, state) {
      if (binding === undefined) throw new StateMismatchError();
      const id = randomId(9);
      const clock = storeClock(store);
      const taken = await update(store, keyOf(binding), PENDING_MS, async (current) => {
        const entries = parseEntries(current);
        const found = entries[hash(state)];
        if (found?.takenBy === id) return { keep: true, result: found };
        if (found === undefined || !isWaiting(found, await clock)) return { keep: true, result: undefined };
        const rest = { ...entries, [hash(state)]: { ...found, takenBy: id } };
        return { write: JSON.stringify(rest), result: found };
      });
      if (taken === undefined) throw new StateMismatchError();
      return taken;
    },

    async forget(binding) {
      await store.forget(keyOf(binding));
    },
  };
}

/** Whoever takes it may be another process, whose clock differs. Asked at the same time as the record. */
function storeClock(store: Store): Promise<number> {
  const clock = store.now();
  // Whoever waits for it hears of a failure.
  clock.catch(() => {});
  return clock;
}

function isWaiting(entry: z.infer<typeof Entry>, now: number): boolean {
  return entry.takenBy === undefined && now - entry.startedAt < PENDING_MS;
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** What cannot be read is as good as nothing: the person signs in once more. */
function parseEntries(text: string | null): Entries {
  try {
    return Entries.parse(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}
