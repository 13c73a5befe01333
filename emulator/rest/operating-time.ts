import type { Clock } from '../clock.ts';
import type { Switches } from '../options.ts';
import { RestRefusal } from './refusal.ts';

/** Section 5: ten equal buckets; only calls longer than 0.1 s are counted. */
const BUCKETS = 10;
const DEFAULT_WINDOW_SECONDS = 600;
const LEAST_COUNTED_SECONDS = 0.1;

/** Stored in whole microseconds, so that thousands of calls of 0.3 seconds add up without rounding errors. */
const MICROSECONDS = 1_000_000;

/** The limit applies per portal, application and method. */
export interface OperatingSubject {
  memberId: string;
  clientId: string;
  method: string;
}

/** Execution time used within the window, per subject. */
export class OperatingTime {
  readonly #clock: Clock;
  readonly #switches: Switches;
  /** Microseconds used, by start time of the bucket. */
  readonly #used = new Map<string, Map<number, number>>();

  constructor(clock: Clock, switches: Switches) {
    this.#clock = clock;
    this.#switches = switches;
  }

  /**
   * Called before a method runs.
   *
   * @throws {RestRefusal}  429 OPERATION_TIME_LIMIT, for this method only
   */
  admit(subject: OperatingSubject): void {
    const limit = this.#switches.operatingLimit;
    if (limit !== null && this.operating(subject) >= limit.thresholdSeconds) {
      throw new RestRefusal('OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit', 429);
    }
  }

  /** Called after a method ran: adds its execution time. */
  book(subject: OperatingSubject): void {
    const seconds = this.#switches.operatingLimit?.secondsPerCall ?? 0;
    if (seconds <= LEAST_COUNTED_SECONDS) return;
    const buckets = this.#bucketsOf(subject);
    const startMs = this.#currentBucket();
    buckets.set(startMs, (buckets.get(startMs) ?? 0) + Math.round(seconds * MICROSECONDS));
  }

  /** `time.operating`: seconds used. */
  operating(subject: OperatingSubject): number {
    let sum = 0;
    for (const microseconds of this.#bucketsOf(subject).values()) sum += microseconds;
    return sum / MICROSECONDS;
  }

  /** `time.operating_reset_at`: when the oldest bucket drops out, in Unix seconds, rounded up. */
  resetAt(subject: OperatingSubject): number {
    const oldest = Math.min(...this.#bucketsOf(subject).keys(), this.#currentBucket());
    return Math.ceil((oldest + this.#windowMs) / 1000);
  }

  get #windowMs(): number {
    return (this.#switches.operatingLimit?.windowSeconds ?? DEFAULT_WINDOW_SECONDS) * 1000;
  }

  #currentBucket(): number {
    const bucketMs = this.#windowMs / BUCKETS;
    return Math.floor(this.#clock.now() / bucketMs) * bucketMs;
  }

  #bucketsOf({ memberId, clientId, method }: OperatingSubject): Map<number, number> {
    const key = `${memberId} ${clientId} ${method}`;
    const buckets = this.#used.get(key) ?? new Map<number, number>();
    this.#used.set(key, buckets);
    for (const startMs of buckets.keys()) {
      if (startMs + this.#windowMs <= this.#clock.now()) buckets.delete(startMs);
    }
    return buckets;
  }
}
