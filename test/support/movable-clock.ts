import type { Clock } from '../../src/vault/clock.ts';

/** A clock for the refresh procedure. It stands still until a test moves it, and sleeps end when their time has come. */
export interface MovableClock extends Clock {
  /** Moves the clock. Sleeps that end meanwhile end in their order, each after the work that the one before set off. */
  pass(ms: number): Promise<void>;
  /**
   * Moves the clock from sleep to sleep until `work` has ended.
   *
   * @returns the milliseconds that passed
   */
  passUntil(work: Promise<unknown>): Promise<number>;
  /** Moves the clock at once, as if the process had been frozen: no sleep ends. */
  advance(ms: number): void;
}

/** For work on a memory store with a plain cipher: nothing else is awaited there but promises and these sleeps. */
export function createMovableClock(): MovableClock {
  let time = Date.now();
  const sleeps = new Set<{ endsAt: number; end: () => void }>();

  async function endNext(until: number): Promise<boolean> {
    await workAtRest();
    const [next] = [...sleeps]
      .filter(({ endsAt }) => endsAt <= until)
      .sort((one, other) => one.endsAt - other.endsAt);
    if (next === undefined) return false;
    time = Math.max(time, next.endsAt);
    sleeps.delete(next);
    next.end();
    return true;
  }

  return {
    now: () => time,
    monotonic: () => time,
    advance(ms) {
      time += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleep = { endsAt: time + ms, end };
        sleeps.add(sleep);
        signal?.addEventListener('abort', abort);
        function end() {
          signal?.removeEventListener('abort', abort);
          resolve();
        }
        function abort() {
          sleeps.delete(sleep);
          reject(signal?.reason);
        }
      }),
    async pass(ms) {
      const until = time + ms;
      while (await endNext(until));
      time = until;
      await workAtRest();
    },
    async passUntil(work) {
      const startedAt = time;
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      work.then(over, over);
      await workAtRest();
      while (!isOver && (await endNext(Number.POSITIVE_INFINITY))) await workAtRest();
      return time - startedAt;
    },
  };
}

/** All promises that need no timer and no I/O are settled when the event loop comes here. */
function workAtRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
