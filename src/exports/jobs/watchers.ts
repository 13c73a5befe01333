import type { PortalUserId } from '../../portal-user.ts';
import type { ExportJob } from './export-job.ts';
import type { ExportRecords } from './export-records.ts';

const LOOK_EVERY_MS = 1_000;
/** Listeners of one portal user. A browser opens six connections to a host, and pages need some. */
const MAX_LISTENERS = 5;

/** Receives the exports of a portal user. */
export interface Listener {
  /** Called at once, and after each change. */
  changed(jobs: ExportJob[]): void;
  /** Called when no further change will be reported. */
  ended(): void;
}

interface Watched {
  owner: PortalUserId;
  listeners: Set<Listener>;
  last: ExportJob[] | undefined;
}

/** Polls the exports of portal users with listeners, once for all browser windows of a user. */
export class Watchers {
  readonly #records: ExportRecords;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(records: ExportRecords) {
    this.#records = records;
  }

  /** @returns how to stop listening; undefined when this user has too many listeners already, or the process stops */
  add(owner: PortalUserId, listener: Listener): (() => void) | undefined {
    const key = `${owner.memberId}:${owner.clientId}:${owner.userId}`;
    const watched = this.#watched.get(key) ?? { owner, listeners: new Set(), last: undefined };
    if (this.#isStopped || watched.listeners.size >= MAX_LISTENERS) return undefined;
    this.#watched.set(key, watched);
    watched.listeners.add(listener);
    // Not before the listener has the function that this returns.
    if (watched.last) queueMicrotask(() => this.#tell(watched, listener));
    else void this.#look(watched);
    this.#timer ??= setInterval(() => this.#lookAfterAll(), LOOK_EVERY_MS);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0) this.#watched.delete(key);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Ends all listeners. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const { listeners } of this.#watched.values()) for (const each of [...listeners]) each.ended();
  }

  #lookAfterAll(): void {
    for (const watched of this.#watched.values()) void this.#look(watched);
  }

  async #look(watched: Watched): Promise<void> {
    // While the store is away there is no change to report.
    const jobs = await this.#records.list(watched.owner).catch(() => undefined);
    if (jobs === undefined || (watched.last && JSON.stringify(jobs) === JSON.stringify(watched.last))) return;
    watched.last = jobs;
    for (const listener of [...watched.listeners]) this.#tell(watched, listener);
  }

  #tell({ listeners, last = [] }: Watched, listener: Listener): void {
    if (!listeners.has(listener)) return;
    try {
      listener.changed(last);
    } catch {
      // A listener that throws must not keep the change from the others.
      listener.ended();
    }
  }
}
