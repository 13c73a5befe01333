import type { Command, Redis } from 'ioredis';

/**
 * Deadlines that look at the socket once more before they give up on an answer.
 *
 * When the process was stopped, collected garbage for long, or got no processor, Node runs the timers that are due before
 * it reads sockets. Timers alone would then throw away answers that have been in the kernel all the time, and a
 * connection that works; visitors would get 503 from a Redis that did nothing wrong.
 *
 * @see docs/decisions/0015-paused-process.md
 */

/** What ioredis 6.0.0 keeps to itself. */
interface InsideCommand extends Pick<Command, 'isSettled' | 'reject'> {
  /** Cleared by ioredis as soon as the command is settled; where there is one, ioredis starts none of its own. */
  _commandTimeoutTimer?: NodeJS.Timeout;
}

interface InsideRedis {
  stream: NodeJS.ReadableStream & { destroy(error: Error): void };
  commandQueue: { length: number };
  options: { socketTimeout?: number };
  /** Cleared by ioredis as soon as the connection is closed. */
  socketTimeoutTimer: NodeJS.Timeout | undefined;
  setSocketTimeout(): void;
}

/** Gives the command a deadline in place of that of ioredis. Of several calls for one command the first counts. */
export function setPatientTimeout(command: Pick<Command, 'isSettled' | 'reject'>, ms: number): void {
  const inside = command as InsideCommand;
  inside._commandTimeoutTimer ??= untilGivenUp(ms, () => {
    if (!inside.isSettled) inside.reject(new Error('Command timed out'));
  });
}

/** Makes this connection wait in the same way before it takes its socket for dead. */
export function makeSocketPatient(redis: Redis): void {
  (redis as unknown as InsideRedis).setSocketTimeout = setSocketTimeout;
}

/** As in ioredis, but for the second look. */
function setSocketTimeout(this: InsideRedis): void {
  const { stream } = this;
  const timer = untilGivenUp(this.options.socketTimeout ?? 0, () => {
    if (this.socketTimeoutTimer !== timer) return;
    this.socketTimeoutTimer = undefined;
    stream.destroy(new Error('Socket timeout: no data although some is due'));
  });
  this.socketTimeoutTimer = timer;
  // Runs after ioredis' own listener, so the commands that were answered have left the queue.
  stream.once('data', () => {
    clearTimeout(this.socketTimeoutTimer);
    this.socketTimeoutTimer = undefined;
    if (this.commandQueue.length > 0) this.setSocketTimeout();
  });
}

/** A timer that comes so late was held up by this process: the answer gets its time once more, and hardly ever needs it. */
const HELD_UP_MS = 100;

function untilGivenUp(ms: number, giveUp: () => void): NodeJS.Timeout {
  const dueAt = performance.now() + ms;
  return setTimeout(() => {
    // Sockets are read between timers and immediates. What takes several turns of the loop, such as a connection that
    // was being made, is not done by then.
    if (performance.now() - dueAt < HELD_UP_MS) setImmediate(giveUp);
    else setTimeout(() => setImmediate(giveUp), ms);
  }, ms);
}
