import type { Logger } from '../../log.ts';
import { randomId } from '../../random-id.ts';
import { Claim } from './claim.ts';
import type { ExportRef } from './export-job.ts';
import type { ExportRecords } from './export-records.ts';
import { type WorkDependencies, work } from './work.ts';

/** Exports that are worked on at a time; pages come first. Those that wait for a portal that is away do not count. */
const MAX_AT_ONCE = 3;
/** Exports that a process holds, with those that wait. */
const MAX_HELD = 20;
/** A portal that makes its exports wait leaves room for those of others. */
const MAX_OF_ONE_PORTAL = 2;
const LOOK_EVERY_MS = 1_000;

/** Takes open jobs that no process works on. One in each process. */
export class Worker {
  readonly #records: ExportRecords;
  readonly #logger: Logger;
  readonly #dependencies: WorkDependencies;
  readonly #underWay = new Map<Claim, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = true;

  constructor(records: ExportRecords, dependencies: WorkDependencies) {
    this.#records = records;
    this.#logger = dependencies.logger;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#isStopped = false;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
    this.look();
  }

  /** Looks for jobs now, and not only at the next interval. */
  look(): void {
    if (this.#isStopped || this.#looking) return;
    this.#looking = this.#takeFreeJobs()
      .catch((err: unknown) => this.#logger.debug({ err }, 'could not look for exports'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** Breaks off the work; the jobs stay open for the next process. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#looking;
    for (const claim of this.#underWay.keys()) claim.breakOff('stopping');
    await Promise.all(this.#underWay.values());
  }

  async #takeFreeJobs(): Promise<void> {
    this.#giveBackSurplus();
    if (!this.#hasRoom()) return;
    for (const ref of await this.#records.openJobs()) {
      if (this.#isStopped || !this.#hasRoom()) return;
      await this.#takeIfFree(ref);
    }
  }

  /** Exports that wait for portals that are away leave room for others. */
  #hasRoom(): boolean {
    return this.#working().length < MAX_AT_ONCE && this.#underWay.size < MAX_HELD;
  }

  /** Several waiting exports may go on at the same time: those above the limit are given back, with their rows on the disk. */
  #giveBackSurplus(): void {
    for (const claim of this.#working().slice(MAX_AT_ONCE)) claim.breakOff('stopping');
  }

  #working(): Claim[] {
    return [...this.#underWay.keys()].filter(({ job }) => job.trouble === null);
  }

  async #takeIfFree(ref: ExportRef): Promise<void> {
    const jobs = [...this.#underWay.keys()].map(({ job }) => job);
    if (jobs.some(({ id }) => id === ref.id)) return;
    const ofSamePortal = jobs.filter(({ owner }) => owner.memberId === ref.owner.memberId);
    if (ofSamePortal.length >= MAX_OF_ONE_PORTAL) return;
    const claim = await Claim.take(ref, this.#records, randomId(9));
    if (claim === undefined) return;
    const done = work(claim, this.#dependencies).finally(() => {
      this.#underWay.delete(claim);
      this.look();
    });
    this.#underWay.set(claim, done);
  }
}
