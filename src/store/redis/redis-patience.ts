import { Command, Redis } from 'ioredis';

/**
 * Makes every connection of ioredis in this process look at its socket once more before it gives up on an answer.
 *
 * When the process was stopped, collected garbage for long, or got no processor, Node runs the timers that are due before
 * it reads sockets. Timers alone would then throw away answers that have been in the kernel all the time, and a
 * connection that works; people would get 503 from a Redis that did nothing wrong.
 *
 * Done to the classes of ioredis, because the connections to the nodes of a Cluster and to sentinels are made by ioredis
 * itself, of no class that we could name.
 */
export function makeRedisPatient(): void {
  Command.prototype.setTimeout = setCommandTimeout;
  (Redis.prototype as unknown as InsideRedis).setSocketTimeout = setSocketTimeout;
}

/** What ioredis 6.0.0 keeps to itself. */
interface InsideCommand extends Pick<Command, 'isSettled' | 'reject'> {
  /** Cleared by ioredis as soon as the command is settled. */
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

/** As in ioredis, but for the second look. */
function setCommandTimeout(this: unknown, ms: number): void {
  const command = this as InsideCommand;
  command._commandTimeoutTimer ??= untilGivenUp(ms, () => {
    if (!command.isSettled) command.reject(new Error('Command timed out'));
  });
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

/** A timer that comes so late was held up by us: what it waits for gets its time once more, and hardly ever needs it. */
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
