import { pause } from '../timing.ts';

/** The time of the refresh procedure. It is handed in, so that a test can move it instead of waiting. */
export interface Clock {
  /** The time of day, in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never goes back: for durations and deadlines inside this process. */
  monotonic(): number;
  /** @throws the reason of `signal` when it ends the sleep early */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: pause,
};
