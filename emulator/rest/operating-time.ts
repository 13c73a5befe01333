import { type Clock, toUnixSeconds } from '../clock.ts';
import type { Switches } from '../options.ts';
import { RestRefusal } from './refusal.ts';

/** Section 5: ten buckets of one minute, and only runs longer than a tenth of a second are added. */
const BUCKET_MS = 60_000;
const BUCKETS = 10;
const LEAST_COUNTED_SECONDS = 0.1;

/** Whose allowance it is: one per application and method on a portal. */
export interface OperatingSubject {
  memberId: string;
  clientId: string;
  method: string;
}

/** The execution time that each method used within the last ten minutes. */
export class OperatingTime {
  readonly #clock: Clock;
  readonly #switches: Switches;
  readonly #used = new Map<string, Map<number, number>>();

  constructor(clock: Clock, switches: Switches) {
    this.#clock = clock;
    this.#switches = switches;
  }

  /**
   * Before a call.
   *
   * @throws {RestRefusal}  429 OPERATION_TIME_LIMIT, for this method only
   */
  admit(subject: OperatingSubject): void {
    const limit = this.#switches.operatingLimit;
    if (limit !== null && this.operating(subject) >= limit.thresholdSeconds) {
      throw new RestRefusal('OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit', 429);
    }
  }

  /** After a call. */
  book(subject: OperatingSubject): void {
    const seconds = this.#switches.operatingLimit?.secondsPerCall ?? 0;
    if (seconds <= LEAST_COUNTED_SECONDS) return;
    const minutes = this.#minutesOf(subject);
    const minute = this.#minute();
    minutes.set(minute, (minutes.get(minute) ?? 0) + seconds);
  }

  /** `time.operating`: seconds used. */
  operating(subject: OperatingSubject): number {
    return [...this.#minutesOf(subject).values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  /** `time.operating_reset_at`: when the oldest bucket falls out, in Unix seconds. */
  resetAt(subject: OperatingSubject): number {
    const oldest = Math.min(...this.#minutesOf(subject).keys(), this.#minute());
    return toUnixSeconds((oldest + BUCKETS) * BUCKET_MS);
  }

  #minute(): number {
    return Math.floor(this.#clock.now() / BUCKET_MS);
  }

  #minutesOf({ memberId, clientId, method }: OperatingSubject): Map<number, number> {
    const key = `${memberId} ${clientId} ${method}`;
    const minutes = this.#used.get(key) ?? new Map<number, number>();
    this.#used.set(key, minutes);
    for (const minute of minutes.keys()) {
      if (minute <= this.#minute() - BUCKETS) minutes.delete(minute);
    }
    return minutes;
  }
}
