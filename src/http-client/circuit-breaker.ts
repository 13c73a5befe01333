import { LRUCache } from 'lru-cache';

/** Failures in a row after which a circuit opens. */
const THRESHOLD = 5;
/** An open circuit lets one call through this often, as a probe. */
const PROBE_EVERY_MS = 1_000;

/** A portal could name ever new addresses. */
const MAX_NAMES = 1_000;

/** The last failures of a host; nothing is kept about a host whose last call succeeded. */
interface HostHealth {
  failures: number;
  lastFailure: Error;
  nextProbeAt: number;
}

/**
 * Circuit breakers by name, such as the origin of a host.
 *
 * A circuit opens after `threshold` failures in a row. While it is open, one call a second goes through as a probe, and
 * all other callers get the last failure at once instead of waiting for one of their own.
 */
export class CircuitBreakers {
  readonly #failing = new LRUCache<string, HostHealth>({ max: MAX_NAMES });
  readonly #threshold: number;
  readonly #now: () => number;
  readonly #observe: CircuitObserver | undefined;

  /** @param options.now  milliseconds of a clock that never goes back */
  constructor({ threshold = THRESHOLD, now = () => performance.now(), observe }: CircuitBreakerOptions = {}) {
    this.#threshold = threshold;
    this.#now = now;
    this.#observe = observe;
  }

  /**
   * Asks for leave to call.
   *
   * @returns the failure to report instead of calling; undefined: make the call, then report `succeeded` or `failed`
   */
  beforeCall(name: string): Error | undefined {
    const failure = this.failureIfOpen(name);
    const health = this.#failing.get(name);
    // This caller is the probe: the others get the last failure until it reports, or until a second has passed.
    if (failure === undefined && health) health.nextProbeAt = this.#now() + PROBE_EVERY_MS;
    return failure;
  }

  /** The last failure while the circuit is open. Unlike `beforeCall`, it does not take the turn of the next probe. */
  failureIfOpen(name: string): Error | undefined {
    const health = this.#failing.get(name);
    const isOpen =
      health !== undefined && health.failures >= this.#threshold && health.nextProbeAt > this.#now();
    return isOpen ? health.lastFailure : undefined;
  }

  succeeded(name: string): void {
    const health = this.#failing.get(name);
    this.#failing.delete(name);
    if (health !== undefined && health.failures >= this.#threshold) this.#observe?.closed(name);
  }

  failed(name: string, lastFailure: Error): void {
    const failures = (this.#failing.get(name)?.failures ?? 0) + 1;
    this.#failing.set(name, { failures, lastFailure, nextProbeAt: this.#now() + PROBE_EVERY_MS });
    if (failures === this.#threshold) this.#observe?.opened(name, lastFailure);
  }
}

/** Told once when a circuit opens, and once when it is closed again. */
export interface CircuitObserver {
  opened(name: string, lastFailure: Error): void;
  closed(name: string): void;
}

export interface CircuitBreakerOptions {
  threshold?: number;
  now?: (() => number) | undefined;
  observe?: CircuitObserver | undefined;
}
