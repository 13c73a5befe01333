import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { PortalUserId } from '../../portal-user.ts';
import { createRecords, portalUserKey, type Records } from '../../store/records.ts';
import { KEY_PREFIX, type Store } from '../../store/store.ts';
import { ExportJob, type ExportRef, isOpen, jobKey, parseJobKey, UNTOUCHED_MS } from './export-job.ts';

/** Exports of one portal user, ended ones included. */
export const MAX_EXPORTS = 20;
/** Exports of one portal user that run at a time; the others wait for their turn. */
export const MAX_RUNNING = 2;
/** Open exports of all portal users. */
const MAX_OPEN = 1_000;

/** Longer than any job. */
const LIST_LIFETIME_MS = 2 * UNTOUCHED_MS;

/** The portal user, or all of them together, have as many exports as there may be. */
export class TooManyExportsError extends AppError {
  constructor(reason: 'own' | 'all') {
    super(`there are too many exports: ${reason}`, { code: 'too_many_exports', status: 429, reason });
  }
}

/** An export's place in the list of its owner. Ids become parts of keys, which a store takes up to a length. */
const ListEntry = z.object({
  id: z.string().regex(/^[\w-]{22}$/),
  /** Until then a process works on it, and it counts among those that may run; 0 if none does. */
  runsUntil: z.number(),
});
type ListEntry = z.infer<typeof ListEntry>;

/** Keeps exports: a record each, a list per owner, and one list of all that a process must work on. */
export class ExportRecords {
  readonly #store: Store;
  readonly #jobs: Records<ExportRef, ExportJob | undefined>;
  readonly #lists: Records<PortalUserId, ListEntry[]>;
  /** Keys of open jobs. */
  readonly #open: Records<string, string[]>;
  readonly #clientId: string;

  constructor(store: Store, clientId: string) {
    this.#store = store;
    this.#clientId = clientId;
    this.#jobs = createRecords<ExportRef, ExportJob | undefined>(store, {
      key: jobKey,
      shape: ExportJob.optional(),
      empty: undefined,
      lifetimeMs: UNTOUCHED_MS,
    });
    this.#lists = createRecords<PortalUserId, ListEntry[]>(store, {
      key: (owner) => portalUserKey('exports', owner),
      shape: z.array(ListEntry),
      empty: [],
      lifetimeMs: LIST_LIFETIME_MS,
    });
    // Tells idle processes whether there is work, so that none ever searches for it. Each application has its own list:
    // another one on the same store has neither tokens of these portal users nor a right to call their portals.
    this.#open = createRecords<string, string[]>(store, {
      key: (client) => `${KEY_PREFIX}exports:open:${client}`,
      shape: z.array(z.string()),
      empty: [],
      lifetimeMs: LIST_LIFETIME_MS,
    });
  }

  now(): Promise<number> {
    return this.#store.now();
  }

  /** @throws {TooManyExportsError} */
  async create(job: ExportJob): Promise<void> {
    await this.#jobs.save(job, job);
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

  /** @returns undefined for an export that has lapsed, or belongs to another portal user */
  async load(ref: ExportRef): Promise<ExportJob | undefined> {
    const [job] = await this.#loadAll(ref.owner, [ref.id]);
    return job;
  }

  /** Newest first. */
  async list(owner: PortalUserId): Promise<ExportJob[]> {
    const list = await this.#lists.load(owner);
    const jobs = await this.#loadAll(
      owner,
      list.map(({ id }) => id),
    );
    return jobs.filter((job) => job !== undefined);
  }

  /**
   * Changes a job, unless `decide` returns undefined.
   *
   * @param decide  pure; gets the store's clock
   * @returns  the changed job; undefined when nothing was changed
   */
  async change(
    ref: ExportRef,
    decide: (job: ExportJob, now: number) => ExportJob | undefined,
  ): Promise<ExportJob | undefined> {
    const changed = await this.#jobs.change<{ job: ExportJob; now: number } | undefined>(ref, async (job) => {
      const now = await this.#store.now();
      const next = job && decide(job, now);
      return next === undefined ? { result: undefined } : { next, result: { job: next, now } };
    });
    if (changed === undefined) return undefined;
    const { job, now } = changed;
    if (job.expiresAt !== null) await this.#store.prolong(jobKey(ref), Math.max(1, job.expiresAt - now));
    if (!isOpen(job)) await this.close(ref);
    return job;
  }

  /** Renews an export's turn. @returns whether it is among the exports of its owner that may run now */
  takeTurn({ owner, id }: ExportRef, leaseMs: number): Promise<boolean> {
    return this.#lists.change(owner, async (list) => {
      const now = await this.#store.now();
      const others = list.filter((each) => each.id !== id && each.runsUntil > now);
      if (others.length >= MAX_RUNNING) return { result: false };
      // A list that was lost is written anew: an export that a process works on is on it.
      const rest = list.filter((each) => each.id !== id);
      const at = Math.max(
        0,
        list.findIndex((each) => each.id === id),
      );
      return { next: rest.toSpliced(at, 0, { id, runsUntil: now + leaseMs }), result: true };
    });
  }

  endTurn({ owner, id }: ExportRef): Promise<unknown> {
    return this.#changeList(owner, (list) =>
      list.map((each) => (each.id === id ? { ...each, runsUntil: 0 } : each)),
    );
  }

  /** The jobs that a process must work on, oldest first. */
  async openJobs(): Promise<ExportRef[]> {
    const keys = await this.#open.load(this.#clientId);
    return keys.flatMap((key) => parseJobKey(key) ?? []);
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
    await this.#jobs.forget(ref);
    await this.close(ref);
    await this.#changeList(ref.owner, (list) => list.filter(({ id }) => id !== ref.id));
  }

  async #loadAll(owner: PortalUserId, ids: string[]): Promise<(ExportJob | undefined)[]> {
    const [now, ...jobs] = await Promise.all([
      this.#store.now(),
      ...ids.map((id) => this.#jobs.load({ owner, id })),
    ]);
    return jobs.map((job) => (job && (job.expiresAt ?? Number.POSITIVE_INFINITY) > now ? job : undefined));
  }

  /** Removes from a full list what has lapsed, and what ended without a file. */
  async #makeRoom(owner: PortalUserId): Promise<void> {
    const ids = (await this.#lists.load(owner)).map(({ id }) => id);
    if (ids.length < MAX_EXPORTS) return;
    const jobs = await this.#loadAll(owner, ids);
    const useless = ids.filter((_, index) => {
      const job = jobs[index];
      return job === undefined || job.state === 'failed' || job.state === 'cancelled';
    });
    for (const id of useless) await this.forget({ owner, id });
  }

  #changeList(owner: PortalUserId, change: (list: ListEntry[]) => ListEntry[]): Promise<void> {
    return this.#lists.change(owner, (list) => ({ next: change(list), result: undefined }));
  }

  /** @param change  returns the same array where nothing is to be written */
  #changeOpen(change: (keys: string[]) => string[]): Promise<void> {
    return this.#open.change(this.#clientId, (keys) => {
      const next = change(keys);
      return next === keys ? { result: undefined } : { next, result: undefined };
    });
  }
}
