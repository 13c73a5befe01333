import { jest } from '@jest/globals';

/** What `jest.useFakeTimers()` would replace besides. */
const REST = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
] as const;
const KINDS = {
  setTimeout: ['setInterval', 'clearInterval'],
  setInterval: ['setTimeout', 'clearTimeout'],
} as const;

/**
 * Stops the timers of this kind that are set from now on, until `pass` moves them. Sockets, promises and clocks go on, so
 * that the application and its neighbours talk as ever; what comes meanwhile has come without waiting for a timer.
 */
export function stopTimers(kind: keyof typeof KINDS): void {
  jest.useFakeTimers({ doNotFake: [...REST, ...KINDS[kind]] });
}

/** Lets this much time pass for the stopped timers. */
export async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

/**
 * Lets the stopped timers go on by one millisecond at a time until `work` is over.
 *
 * @returns how many milliseconds passed for them
 */
export async function passUntil(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  let passed = 0;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  for (; !isOver; passed += 1) await pass(1);
  return passed;
}

/** Those that were stopped never end; those that are set from now on do. */
export function letTimersRun(): void {
  jest.useRealTimers();
}
