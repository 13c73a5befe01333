import type { Logger } from '../../log.ts';
import { randomId } from '../../random-id.ts';
import { Claim } from './claim.ts';
import type { ExportRef } from './export-job.ts';
import type { ExportRecords } from './export-records.ts';
import { type WorkDependencies, work } from './work.ts';

/** At the same time; pages come first. Those that only wait until their portal is well again are not among them. */
const MAX_AT_ONCE = 3;
/** With those that wait. */
const MAX_HELD = 20;
/** So that a portal that makes its exports wait leaves room for those of others. */
const MAX_OF_ONE_PORTAL = 2;
const LOOK_EVERY_MS = 1_000;

/** Takes the jobs of everybody that nobody works on. One in each process. */
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

  /** Something may have come that nobody works on. */
  look(): void {
    if (this.#isStopped || this.#looking) return;
    this.#looking = this.#takeWhatIsFree()
      .catch((err: unknown) => this.#logger.debug({ err }, 'could not look for exports'))
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** The jobs stay where they are, for whoever looks next. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#looking;
    for (const claim of this.#underWay.keys()) claim.breakOff('stopping');
    await Promise.all(this.#underWay.values());
  }

  async #takeWhatIsFree(): Promise<void> {
    this.#giveBackTooMany();
    if (!this.#hasRoom()) return;
    for (const ref of await this.#records.openJobs()) {
      if (this.#isStopped || !this.#hasRoom()) return;
      await this.#tryToTake(ref);
    }
  }

  /** One sick portal, or several, never keep the exports of others from being made. */
  #hasRoom(): boolean {
    return this.#working().length < MAX_AT_ONCE && this.#underWay.size < MAX_HELD;
  }

  /** Those that got well together: what they have is safe, and they go on when it is their turn. */
  #giveBackTooMany(): void {
    for (const claim of this.#working().slice(MAX_AT_ONCE)) claim.breakOff('stopping');
  }

  #working(): Claim[] {
    return [...this.#underWay.keys()].filter(({ job }) => job.trouble === null);
  }

  async #tryToTake(ref: ExportRef): Promise<void> {
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
