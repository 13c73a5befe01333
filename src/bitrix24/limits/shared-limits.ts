import type { LimitChange } from './limit-decisions.ts';
import { type LimitRecord, NO_LIMIT_RECORD, refreshRecord } from './limit-record.ts';

/** The records of all portals. They are stored with the tokens, so that all replicas go by the same count. */
export interface LimitRecords {
  /**
   * Reads the record of a portal, decides, and writes if no other replica was faster; else decides again.
   *
   * @param decide  gets `NO_LIMIT_RECORD` itself where there is none, and the store's time in milliseconds
   */
  change<T>(memberId: string, decide: (record: LimitRecord, now: number) => LimitChange<T>): Promise<T>;
}

/** A portal without limits may have got some on another replica: that is looked up this often. */
const LOOK_EVERY_MS = 1_000;
const MAX_PORTALS = 10_000;

/** The limit records as this process uses them. */
export class SharedLimits {
  readonly #records: LimitRecords;
  /** The last change of each portal that is under way. */
  readonly #changes = new Map<string, Promise<unknown>>();
  readonly #lookedUp = new Map<string, { hasRecord: boolean | Promise<boolean>; at: number }>();

  constructor(records: LimitRecords) {
    this.#records = records;
  }

  /** Whether the portal has a record. A portal that never refused and never counted costs one read of the store a second. */
  async hasRecord(memberId: string): Promise<boolean> {
    const known = this.#lookedUp.get(memberId);
    if (known && performance.now() - known.at < LOOK_EVERY_MS) return known.hasRecord;
    const looking = this.#records.change(memberId, (record) => ({ result: record !== NO_LIMIT_RECORD }));
    this.#note(memberId, looking);
    looking.catch(() => this.#lookedUp.delete(memberId));
    return looking;
  }

  /** One change at a time per portal, so that only replicas compete with each other for a record. */
  async change<T>(
    memberId: string,
    decide: (record: LimitRecord, now: number) => LimitChange<T>,
  ): Promise<T> {
    const before = this.#changes.get(memberId) ?? Promise.resolve();
    const change = before.then(() =>
      this.#records.change(memberId, (record, now) => decide(refreshRecord(record, now), now)),
    );
    const settled = change.then(
      () => this.#note(memberId, true),
      () => {},
    );
    this.#changes.set(memberId, settled);
    try {
      return await change;
    } finally {
      if (this.#changes.get(memberId) === settled) this.#changes.delete(memberId);
    }
  }

  /** Reads without a change, and so without a queue. */
  read<T>(memberId: string, read: (record: LimitRecord, now: number) => T): Promise<T> {
    return this.#records.change(memberId, (record, now) => ({
      result: read(refreshRecord(record, now), now),
    }));
  }

  #note(memberId: string, hasRecord: boolean | Promise<boolean>): void {
    if (this.#lookedUp.size >= MAX_PORTALS) this.#lookedUp.clear();
    this.#lookedUp.set(memberId, { hasRecord, at: performance.now() });
  }
}
