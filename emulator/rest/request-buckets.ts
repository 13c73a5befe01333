import type { Clock } from '../clock.ts';
import type { Switches } from '../options.ts';
import { RestRefusal } from './refusal.ts';

interface Bucket {
  level: number;
  atMs: number;
}

/**
 * The request limit of section 5: a leaky bucket per portal and source address.
 *
 * It counts HTTP requests, so a batch of 50 counts as one. A refused request does not fill the bucket further.
 */
export class RequestBuckets {
  readonly #clock: Clock;
  readonly #switches: Switches;
  #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, switches: Switches) {
    this.#clock = clock;
    this.#switches = switches;
  }

  /** @throws {RestRefusal}  503 QUERY_LIMIT_EXCEEDED */
  admit(memberId: string, remoteAddress: string): void {
    const limit = this.#switches.requestLimit;
    if (limit === null) return;
    const key = `${memberId} ${remoteAddress}`;
    const bucket = this.#buckets.get(key) ?? { level: 0, atMs: this.#clock.now() };
    const leakedSince = ((this.#clock.now() - bucket.atMs) / 1000) * limit.perSecond;
    const level = Math.max(0, bucket.level - leakedSince);
    if (level + 1 > limit.burst) {
      this.#buckets.set(key, { level, atMs: this.#clock.now() });
      throw new RestRefusal('QUERY_LIMIT_EXCEEDED', 'Too many requests', 503);
    }
    this.#buckets.set(key, { level: level + 1, atMs: this.#clock.now() });
  }

  empty(): void {
    this.#buckets = new Map();
  }
}
