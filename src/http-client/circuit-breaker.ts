import { LRUCache } from 'lru-cache';

/** After so many failures in a row nobody is asked any more. */
const FAILURES = 5;
/** But one, this often, who finds out whether things have changed. */
const PROBE_EVERY_MS = 1_000;

/** A portal could name ever new addresses. */
const MAX_SICK = 1_000;

/** How a neighbour has been lately; nothing is kept about those who are well. */
interface Sickness {
  failures: number;
  lastFailure: Error;
  nextProbeAt: number;
}

/**
 * Circuit breakers by name: a neighbour who fails again and again is left in peace but for one probe a second, and whoever
 * comes meanwhile hears at once what the last one heard after a long wait.
 */
export class Circuits {
  readonly #sick = new LRUCache<string, Sickness>({ max: MAX_SICK });
  readonly #now: () => number;

  /** @param now  milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns the failure to pass on without asking, or nothing: then ask, and say how it went */
  refusal(name: string): Error | undefined {
    const lastFailure = this.peek(name);
    const sickness = this.#sick.get(name);
    // Whoever is let through finds out; the others wait for what they hear.
    if (lastFailure === undefined && sickness) sickness.nextProbeAt = this.#now() + PROBE_EVERY_MS;
    return lastFailure;
  }

  /** As `refusal`, but a look only: nobody who looks is the one who finds out. */
  peek(name: string): Error | undefined {
    const sickness = this.#sick.get(name);
    const isOpen =
      sickness !== undefined && sickness.failures >= FAILURES && sickness.nextProbeAt > this.#now();
    return isOpen ? sickness.lastFailure : undefined;
  }

  succeeded(name: string): void {
    this.#sick.delete(name);
  }

  failed(name: string, lastFailure: Error): void {
    const failures = (this.#sick.get(name)?.failures ?? 0) + 1;
    this.#sick.set(name, { failures, lastFailure, nextProbeAt: this.#now() + PROBE_EVERY_MS });
  }
}
