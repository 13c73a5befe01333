import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { PortalUserId } from '../../portal-user.ts';
import { KEY_PREFIX, type Store, update } from '../../store/store.ts';
import {
  type ExportJob,
  type ExportRef,
  isOpen,
  jobKey,
  listKey,
  parseJob,
  parseJobKey,
  UNTOUCHED_MS,
} from './export-job.ts';

/** Of one person at a time, ended ones included. */
export const MAX_EXPORTS = 20;
/** Of one person at a time; the others wait their turn. */
export const MAX_RUNNING = 2;
/** Of everybody. */
const MAX_OPEN = 1_000;

/** Longer than any job. */
const LIST_LIFETIME_MS = 2 * UNTOUCHED_MS;

/** There are as many exports as there may be. */
export class TooManyExportsError extends AppError {
  constructor(reason: 'own' | 'all') {
    super(`there are too many exports: ${reason}`, { code: 'too_many_exports', status: 429, reason });
  }
}

/** Ids become parts of keys, which a store takes up to a length. */
const List = z.array(z.object({ id: z.string().regex(/^[\w-]{22}$/), runsUntil: z.number() }));
type List = z.infer<typeof List>;
const OpenKeys = z.array(z.string());

/** Where exports are written down: a record each, a list per owner, and one of all that somebody must work on. */
export class ExportRecords {
  readonly #store: Store;
  /**
   * Tells idle processes whether there is work, so that none ever searches for it. Each application has its own: another
   * one on the same store has neither these people's tokens nor leave to ask their portals.
   */
  readonly #openKey: string;

  constructor(store: Store, clientId: string) {
    this.#store = store;
    this.#openKey = `${KEY_PREFIX}exports:open:${clientId}`;
  }

  now(): Promise<number> {
    return this.#store.now();
  }

  /** @throws {TooManyExportsError} */
  async create(job: ExportJob): Promise<void> {
    await this.#store.set(jobKey(job), JSON.stringify(job), UNTOUCHED_MS);
    try {
      await this.#makeRoom(job.owner);
      await this.#changeList(job.owner, (list) => {
        if (list.length >= MAX_EXPORTS) throw new TooManyExportsError('own');
        return [{ id: job.id, runsUntil: 0 }, ...list];
      });
      await this.open(job);
    } catch (error) {
      await this.forget(job).catch(() => {});
      throw error;
    }
  }

  /** @returns nothing for one that is not there any more, or is somebody else's */
  async load(ref: ExportRef): Promise<ExportJob | undefined> {
    const [job] = await this.#loadAll(ref.owner, [ref.id]);
    return job;
  }

  /** Newest first. */
  async list(owner: PortalUserId): Promise<ExportJob[]> {
    const list = readList(await this.#store.get(listKey(owner)));
    const jobs = await this.#loadAll(
      owner,
      list.map(({ id }) => id),
    );
    return jobs.filter((job) => job !== undefined);
  }

  /**
   * Changes a job, unless `decide` does not want to.
   *
   * @param decide  pure; gets the store's clock
   * @returns  the job as it is now, if it was changed
   */
  async change(
    ref: ExportRef,
    decide: (job: ExportJob, now: number) => ExportJob | undefined,
  ): Promise<ExportJob | undefined> {
    const changed = await update<{ job: ExportJob; now: number } | undefined>(
      this.#store,
      jobKey(ref),
      UNTOUCHED_MS,
      async (text) => {
        const job = parseJob(text);
        const now = await this.#store.now();
        const next = job && decide(job, now);
        if (next === undefined) return { keep: true, result: undefined };
        return { write: JSON.stringify(next), result: { job: next, now } };
      },
    );
    if (changed === undefined) return undefined;
    const { job, now } = changed;
    if (job.expiresAt !== null) await this.#store.prolong(jobKey(ref), Math.max(1, job.expiresAt - now));
    if (!isOpen(job)) await this.close(ref);
    return job;
  }

  /** @returns whether this one is among those of its owner that may run now */
  takeTurn({ owner, id }: ExportRef, leaseMs: number): Promise<boolean> {
    return this.#changeListBy(owner, async (list) => {
      const now = await this.#store.now();
      const others = list.filter((each) => each.id !== id && each.runsUntil > now);
      if (others.length >= MAX_RUNNING) return { result: false };
      // A list that was lost is written anew: who works on something is on it.
      const rest = list.filter((each) => each.id !== id);
      const at = Math.max(
        0,
        list.findIndex((each) => each.id === id),
      );
      return { list: rest.toSpliced(at, 0, { id, runsUntil: now + leaseMs }), result: true };
    });
  }

  endTurn({ owner, id }: ExportRef): Promise<unknown> {
    return this.#changeList(owner, (list) =>
      list.map((each) => (each.id === id ? { ...each, runsUntil: 0 } : each)),
    );
  }

  /** The jobs that somebody must work on, oldest first. */
  async openJobs(): Promise<ExportRef[]> {
    return readOpen(await this.#store.get(this.#openKey)).flatMap((key) => parseJobKey(key) ?? []);
  }

  /** Tells all processes that there is work. @throws {TooManyExportsError} */
  async open(ref: ExportRef): Promise<void> {
    const key = jobKey(ref);
    await this.#changeOpen((keys) => {
      if (keys.includes(key)) return keys;
      if (keys.length >= MAX_OPEN) throw new TooManyExportsError('all');
      return [...keys, key];
    });
  }

  async close(ref: ExportRef): Promise<void> {
    const key = jobKey(ref);
    await this.#changeOpen((keys) => (keys.includes(key) ? keys.filter((each) => each !== key) : keys));
  }

  async forget(ref: ExportRef): Promise<void> {
    await this.#store.forget(jobKey(ref));
    await this.close(ref);
    await this.#changeList(ref.owner, (list) => list.filter(({ id }) => id !== ref.id));
  }

  async #loadAll(owner: PortalUserId, ids: string[]): Promise<(ExportJob | undefined)[]> {
    const [now, ...texts] = await Promise.all([
      this.#store.now(),
      ...ids.map((id) => this.#store.get(jobKey({ owner, id }))),
    ]);
    return texts.map((text) => {
      const job = parseJob(text);
      return job && (job.expiresAt ?? Number.POSITIVE_INFINITY) > now ? job : undefined;
    });
  }

  /** What is gone leaves the list, and what ended without a file makes room for something new. */
  async #makeRoom(owner: PortalUserId): Promise<void> {
    const ids = readList(await this.#store.get(listKey(owner))).map(({ id }) => id);
    if (ids.length < MAX_EXPORTS) return;
    const jobs = await this.#loadAll(owner, ids);
    const useless = ids.filter((_, index) => {
      const job = jobs[index];
      return job === undefined || job.state === 'failed' || job.state === 'cancelled';
    });
    for (const id of useless) await this.forget({ owner, id });
  }

  #changeList(owner: PortalUserId, change: (list: List) => List): Promise<void> {
    return this.#changeListBy(owner, async (list) => ({ list: change(list), result: undefined }));
  }

  #changeListBy<T>(
    owner: PortalUserId,
    decide: (list: List) => Promise<{ list?: List; result: T }>,
  ): Promise<T> {
    return update(this.#store, listKey(owner), LIST_LIFETIME_MS, async (text) => {
      const { list, result } = await decide(readList(text));
      return list === undefined ? { keep: true, result } : { write: JSON.stringify(list), result };
    });
  }

  #changeOpen(change: (keys: string[]) => string[]): Promise<void> {
    return update(this.#store, this.#openKey, LIST_LIFETIME_MS, (text) => {
      const keys = readOpen(text);
      const next = change(keys);
      return next === keys
        ? { keep: true, result: undefined }
        : { write: JSON.stringify(next), result: undefined };
    });
  }
}

/** What cannot be read counts as nothing. */
function readList(text: string | null): List {
  return readAs(List, text) ?? [];
}

function readOpen(text: string | null): string[] {
  return readAs(OpenKeys, text) ?? [];
}

function readAs<T>(shape: z.ZodType<T>, text: string | null): T | undefined {
  try {
    return shape.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
