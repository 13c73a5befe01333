/** A clock that tests move instead of sleeping. It runs on like a real one in between. */
export interface TestClock {
  now: () => number;
  advance(ms: number): void;
}

export function createClock(): TestClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms;
    },
  };
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
