import { setTimeout as wait } from 'node:timers/promises';
import { type ExportJob, type ExportRef, isOpen } from './export-job.ts';
import type { ExportRecords } from './export-records.ts';

/** How long a process that died keeps others from its job. */
export const LEASE_MS = 10_000;
/** A cancel is noticed within this. */
const LOOK_EVERY_MS = 400;
/** As timers go, every other look. */
const WRITE_EVERY_MS = 700;
const RENEW_TURN_MS = 3_000;
/** Our work ends this long before another process may begin it. */
const MARGIN_MS = 1_000;

/** Why work on a job was broken off. The one that broke it off decides what becomes of the job. */
export class BrokenOff extends Error {
  readonly why: 'cancelled' | 'lost' | 'stopping';

  constructor(why: BrokenOff['why']) {
    super(`work on an export was broken off: ${why}`);
    this.name = 'BrokenOff';
    this.why = why;
  }
}

/** What is known of the progress, and is on the disk. */
export type Progress = Partial<Pick<ExportJob, 'checkpoint' | 'rows' | 'total' | 'secondsLeft' | 'trouble'>>;

/**
 * A job that this process works on, and no other one: the claim is renewed in the record, and where that does not succeed
 * in time, `signal` ends the work before another process begins it.
 */
export class Claim {
  job: ExportJob;
  readonly #records: ExportRecords;
  readonly #holder: string;
  readonly #ending = new AbortController();
  readonly #idle = new AbortController();
  #describe: () => Promise<Progress> = async () => ({});
  #writing: Promise<unknown> = Promise.resolve();
  #renewedAt = performance.now();
  #beating = Promise.resolve();

  private constructor(job: ExportJob, records: ExportRecords, holder: string) {
    this.job = job;
    this.#records = records;
    this.#holder = holder;
  }

  /**
   * @param holder  a name that no other claim has, this process' others included
   * @returns undefined when another process has it, or its owner has enough exports that run
   */
  static async take(ref: ExportRef, records: ExportRecords, holder: string): Promise<Claim | undefined> {
    const before = await records.load(ref);
    if (before === undefined || !isOpen(before)) {
      await records.close(ref);
      return undefined;
    }
    if (!isFree(before, await records.now())) return undefined;
    if (!(await records.takeTurn(ref, LEASE_MS))) return undefined;
    const job = await records.change(ref, (current, now) =>
      isOpen(current) && isFree(current, now)
        ? { ...current, state: 'running', lease: { holder, until: now + LEASE_MS } }
        : undefined,
    );
    if (job === undefined) return undefined;
    const claim = new Claim(job, records, holder);
    claim.#beating = claim.#beat();
    return claim;
  }

  /** Aborts with a `BrokenOff`. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  breakOff(why: BrokenOff['why']): void {
    this.#ending.abort(new BrokenOff(why));
  }

  /** @param describe  called whenever the record is written; what it returns must be on the disk by then */
  reportBy(describe: () => Promise<Progress>): void {
    this.#describe = describe;
  }

  /** Writes the progress, and what else has changed. @throws {BrokenOff}  this process does not have the job any more */
  async save(more: Partial<ExportJob> = {}): Promise<void> {
    // One at a time: an older description must not overwrite a newer one.
    const writing = this.#writing.then(async () => {
      const progress = await this.#describe();
      const job = await this.#records.change(this.job, (current, now) =>
        this.#isOurs(current)
          ? { ...current, ...progress, ...more, lease: { holder: this.#holder, until: now + LEASE_MS } }
          : undefined,
      );
      if (job === undefined) this.#breakOffAs(await this.#records.load(this.job));
      this.signal.throwIfAborted();
      this.job = job ?? this.job;
      this.#renewedAt = performance.now();
    });
    this.#writing = writing.catch(() => {});
    await writing;
  }

  /**
   * Writes how the work on the job ended, and gives the claim up.
   *
   * @param ending  gets the store's clock
   * @returns whether this process still had the job
   */
  async end(ending: (job: ExportJob, now: number) => Partial<ExportJob>): Promise<boolean> {
    this.#idle.abort();
    await this.#beating;
    await this.#writing;
    const job = await this.#records.change(this.job, (current, now) =>
      this.#isOurs(current) ? { ...current, ...ending(current, now), lease: null } : undefined,
    );
    if (job) await this.#records.endTurn(this.job);
    return job !== undefined;
  }

  async #beat(): Promise<void> {
    let [wroteAt, turnAt] = [performance.now(), performance.now()];
    while (!this.signal.aborted) {
      await wait(LOOK_EVERY_MS, undefined, { signal: this.#idle.signal }).catch(() => {});
      if (this.#idle.signal.aborted) return;
      const now = performance.now();
      try {
        const found = await this.#records.load(this.job);
        if (found === undefined || !this.#isOurs(found)) return this.#breakOffAs(found);
        if (now - turnAt >= RENEW_TURN_MS) {
          await this.#records.takeTurn(this.job, LEASE_MS);
          turnAt = now;
        }
        if (now - wroteAt < WRITE_EVERY_MS) continue;
        await this.save();
        wroteAt = now;
      } catch {
        // The store may be back before another process takes this one for dead.
        if (now - this.#renewedAt > LEASE_MS - MARGIN_MS) this.breakOff('lost');
      }
    }
  }

  #isOurs(job: ExportJob): boolean {
    return isOpen(job) && job.lease?.holder === this.#holder;
  }

  #breakOffAs(found: ExportJob | undefined): void {
    this.breakOff(found === undefined || found.state === 'cancelled' ? 'cancelled' : 'lost');
  }
}

function isFree({ lease }: ExportJob, now: number): boolean {
  return lease === null || lease.until <= now;
}
