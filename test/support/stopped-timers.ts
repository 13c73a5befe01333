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

/** Lets the stopped timers go on by one millisecond at a time while `work` goes on. */
export async function passWhile<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  while (!isOver) await pass(1);
  return work;
}

/** Those that were stopped never end; those that are set from now on do. */
export function letTimersRun(): void {
  jest.useRealTimers();
}
