import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RangeOptions, type RootDatabase } from 'lmdb';
import { DataDirError } from './data-dir.ts';
import { QUARANTINE_MS, quarantineKey, type Store, StoreUnavailableError } from './store.ts';

/** When the key expires (milliseconds since the epoch), and its value. */
type Entry = [expiresAt: number, value: string];

const SWEEP_EVERY_MS = 10 * 60_000;
/** Keys that are read without a pause. */
const PORTION = 500;

/**
 * The store in a file of DATA_DIR (LMDB): transactional, shared by the processes of one machine, and nothing that was
 * acknowledged is lost by `kill -9`.
 */
export function openEmbeddedStore(dataDir: string, clock: () => number = Date.now): Store {
  const { db, release } = openIn(dataDir);
  const sweep = setInterval(() => void removeExpired().catch(() => {}), SWEEP_EVERY_MS);
  sweep.unref();

  function read(key: string): string | null {
    const entry: unknown = db.get(key);
    return isEntry(entry) && entry[0] > clock() ? entry[1] : null;
  }

  /** Runs as the only writer among all processes that share the file; resolves when its writes are committed. */
  async function alone<T>(work: () => T): Promise<T> {
    try {
      return await db.transaction(work);
    } catch (error) {
      const { message, commitError } = error as Error & { commitError?: Promise<unknown> };
      // lmdb rejects a second promise for a failed commit; unhandled, it would end the process.
      commitError?.catch(() => {});
      throw new StoreUnavailableError(message);
    }
  }

  function put(key: string, value: string, lifetimeMs: number): void {
    db.put(key, [clock() + lifetimeMs, value]);
  }

  function leftMs(key: string): number {
    const entry: unknown = db.get(key);
    return isEntry(entry) ? Math.max(0, entry[0] - clock()) : 0;
  }

  async function removeExpired(): Promise<void> {
    const now = clock();
    let looked = 0;
    for (const { key, value } of db.getRange()) {
      looked += 1;
      // Lets other work of the event loop run.
      if (looked % PORTION === 0) await new Promise(setImmediate);
      // Read again inside the transaction: it may have been written anew since.
      if (isOver(value, now)) await alone(() => (isOver(db.get(key), now) ? db.remove(key) : undefined));
    }
  }

  return {
    async get(key) {
      // lmdb reads from one snapshot for a turn of the event loop: what another process has committed since would be missed.
      db.resetReadTxn();
      return read(key);
    },
    async set(key, value, lifetimeMs) {
      await alone(() => put(key, value, lifetimeMs));
    },
    async replaceIfUnchanged(key, expected, value, lifetimeMs) {
      if (expected === null && lifetimeMs === 'keep') {
        throw new RangeError('an absent key has no lifetime to keep');
      }
      return alone(() => {
        if (read(key) !== expected) return false;
        put(key, value, lifetimeMs === 'keep' ? leftMs(key) : lifetimeMs);
        return true;
      });
    },
    count(key, windowMs) {
      return alone(() => {
        const before = Number(read(key) ?? Number.NaN);
        const isOpen = Number.isSafeInteger(before);
        const count = isOpen ? before + 1 : 1;
        put(key, String(count), isOpen ? leftMs(key) : windowMs);
        return { count, leftMs: leftMs(key) };
      });
    },
    async prolong(key, lifetimeMs) {
      await alone(() => {
        const value = read(key);
        if (value !== null) put(key, value, lifetimeMs);
      });
    },
    forget(key) {
      return alone(() => {
        const existed = read(key) !== null;
        db.remove(key);
        return existed;
      });
    },
    async quarantine(key, value) {
      await alone(() => {
        if (read(key) !== value) return;
        put(quarantineKey(key), value, QUARANTINE_MS);
        db.remove(key);
      });
    },
    async leftMs(key) {
      return leftMs(key) || null;
    },
    async *keys(prefix) {
      let range: RangeOptions = { start: prefix, limit: PORTION };
      for (;;) {
        const found = [...db.getKeys(range)].filter((key) => key.startsWith(prefix));
        yield* found.filter((key) => read(key) !== null);
        const last = found[PORTION - 1];
        if (last === undefined) return;
        range = { start: last, exclusiveStart: true, limit: PORTION };
        // Lets other work of the event loop run.
        await new Promise(setImmediate);
      }
    },
    async now() {
      return clock();
    },
    async ping() {
      await alone(() => put('b24:ping', '1', 1000));
    },
    onReturn() {
      // A file that is open cannot be lost and come back.
    },
    async describe() {
      const ping = alone(() => put('b24:ping', '1', 1000));
      const isWritable = await ping.then(
        () => true,
        () => false,
      );
      return { kind: 'embedded', isWritable, clockDifferenceMs: 0, masters: [] };
    },
    async close() {
      clearInterval(sweep);
      await release();
    },
  };
}

/** @throws {DataDirError} */
function openIn(dataDir: string): { db: Database; release(): Promise<void> } {
  const path = join(dataDir, 'store.mdb');
  try {
    // Private to our user: session records are in here in the clear.
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const handle = openOnce(path);
    // The folder may have been there before, and be open to others.
    for (const file of [path, `${path}-lock`]) chmodSync(file, 0o600);
    return handle;
  } catch (error) {
    throw new DataDirError(dataDir, (error as Error).message);
  }
}

type Database = RootDatabase<Entry, string>;

const opened = new Map<string, { db: Database; users: number }>();

/**
 * One handle for each file in this process. Opening a file is a transaction that blocks the process until the transaction
 * before it is committed. If that one is of another handle of this process, it can never be committed: a deadlock.
 */
function openOnce(path: string): { db: Database; release(): Promise<void> } {
  const known = opened.get(path);
  const shared = known ?? {
    db: open<Entry, string>({
      path,
      encoding: 'json',
      // Nothing awaits its promise, so a full disk would end the process with an unhandled rejection.
      eventTurnBatching: false,
    }),
    users: 0,
  };
  opened.set(path, shared);
  shared.users += 1;
  let isReleased = false;
  return {
    db: shared.db,
    async release() {
      if (isReleased) return;
      isReleased = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      opened.delete(path);
      await shared.db.close();
    },
  };
}

/** A file can hold anything; an entry of another shape counts as absent. */
function isEntry(entry: unknown): entry is Entry {
  return Array.isArray(entry) && typeof entry[0] === 'number' && typeof entry[1] === 'string';
}

function isOver(entry: unknown, now: number): boolean {
  return isEntry(entry) && entry[0] <= now;
}
