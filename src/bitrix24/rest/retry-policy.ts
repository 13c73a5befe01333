import { AppError } from '../../errors.ts';
import {
  CircuitOpenError,
  RedirectedError,
  TransportError,
  UnexpectedResponseError,
} from '../../http-client/transport-errors.ts';
import { pause } from '../../timing.ts';
import { RestError } from './rest-error.ts';

/**
 * How one kind of work repeats what failed.
 *
 * The policies below do not multiply: each repeats failures that the one below it does not. `REQUEST` repeats a request
 * that failed as a whole, `COMMAND` one command that failed inside a batch that arrived, `CLOSED_CIRCUIT` what was not
 * sent at all, and `JOB` begins again, minutes later, where all of them have given up.
 */
export interface RetryPolicy {
  /** In all, the first one included. */
  tries: number;
  /** Before the second try; each further pause is twice as long, and each is varied by half. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** From the first failure on; without it only `tries` ends the repetitions. */
  giveUpAfterMs?: number;
  /** Pauses at least as long as the error asks for with `retryAfterSeconds`, up to `longestPauseMs`. */
  heedsRetryAfter?: boolean;
  isWorthAnotherTry(error: unknown): boolean;
}

/** A request that failed as a whole and whose methods only read, so that a repetition does no harm. */
export const REQUEST: RetryPolicy = {
  tries: 4,
  firstPauseMs: 150,
  longestPauseMs: 1_200,
  isWorthAnotherTry: isMomentary,
};

/** As `REQUEST`, for methods that may write: repeated only where the portal provably did not perform them. */
export const WRITING_REQUEST: RetryPolicy = { ...REQUEST, isWorthAnotherTry: wasNotPerformed };

/** Commands that failed inside a batch, for work that no person waits for. */
export const COMMAND: RetryPolicy = {
  tries: 4,
  firstPauseMs: 500,
  longestPauseMs: 3_000,
  isWorthAnotherTry: (error) => error instanceof RestError && error.isOfCommand && error.passes,
};

/**
 * Names that the rows of a whole list refer to. These tries are for all of the list: without a name a row is still a
 * row, so a portal that never tells it does not hold up the reading at every page.
 */
export const LIST_NAMES: RetryPolicy = { ...COMMAND, tries: 7, isWorthAnotherTry: () => true };

/** Requests of background work while the circuit breaker of the portal is open: it is probed once a second. */
export const CLOSED_CIRCUIT: RetryPolicy = {
  tries: Number.POSITIVE_INFINITY,
  firstPauseMs: 1_000,
  longestPauseMs: 1_000,
  giveUpAfterMs: 60_000,
  isWorthAnotherTry: (error) => error instanceof CircuitOpenError,
};

/** Background work whose portal is away. After this long the portal user decides when it goes on. */
export const JOB: RetryPolicy = {
  tries: Number.POSITIVE_INFINITY,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  giveUpAfterMs: 10 * 60_000,
  heedsRetryAfter: true,
  isWorthAnotherTry: (error) => error instanceof AppError && error.isTemporary,
};

/** The tries that one piece of work has used up. */
export class Retries {
  readonly #policy: RetryPolicy;
  readonly #signal: AbortSignal | undefined;
  readonly #onPause: ((error: unknown) => void) | undefined;
  #failures = 0;
  #failingSince: number | undefined;

  /** @param onPause  called before each pause, with the error that it follows */
  constructor(policy: RetryPolicy, signal?: AbortSignal, onPause?: (error: unknown) => void) {
    this.#policy = policy;
    this.#signal = signal;
    this.#onPause = onPause;
  }

  /** The work got on: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0;
    this.#failingSince = undefined;
  }

  /**
   * Repeats `attempt` as the policy says.
   *
   * @param mayPauseMs  how long the next pause may be, for work with a deadline
   * @throws the error of the last attempt, or the reason of the signal
   */
  async run<T>(attempt: () => Promise<T>, mayPauseMs?: () => number): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(await this.pauseAfter(error, mayPauseMs?.()))) throw error;
      }
    }
  }

  /**
   * Pauses before the next try.
   *
   * @param error       what failed
   * @param mayPauseMs  how long the pause may be
   * @returns false, without a pause, when the policy allows no further try
   * @throws the reason of the signal, when that aborts
   */
  async pauseAfter(error: unknown, mayPauseMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    this.#signal?.throwIfAborted();
    this.#failures += 1;
    this.#failingSince ??= performance.now();
    const { tries, giveUpAfterMs = Number.POSITIVE_INFINITY } = this.#policy;
    const isOver = this.#failures >= tries || performance.now() - this.#failingSince > giveUpAfterMs;
    if (isOver || !this.#policy.isWorthAnotherTry(error)) return false;
    const pauseMs = pauseOf(this.#policy, this.#failures, error);
    if (pauseMs > mayPauseMs) return false;
    this.#onPause?.(error);
    await pause(pauseMs, this.#signal);
    return true;
  }
}

/** Repeats `attempt` as the policy says; see `Retries.run`. */
export function retry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
  mayPauseMs?: () => number,
): Promise<T> {
  return new Retries(policy, signal).run(attempt, mayPauseMs);
}

/**
 * Varied, so that callers who failed together do not come back together.
 *
 * @param failures  so far, 1 or more
 */
export function pauseOf(policy: RetryPolicy, failures: number, error: unknown): number {
  const varied = policy.firstPauseMs * 2 ** (failures - 1) * (0.5 + Math.random());
  const askedSeconds = error instanceof AppError ? (error.retryAfterSeconds ?? 0) : 0;
  const askedMs = policy.heedsRetryAfter ? askedSeconds * 1_000 : 0;
  return Math.min(policy.longestPauseMs, Math.max(varied, askedMs));
}

/**
 * Whether the same request may succeed a moment later. A request that has waited for its whole deadline has waited
 * enough, and an answer in another shape will have it again.
 */
function isMomentary(error: unknown): boolean {
  if (error instanceof RestError) return error.isTransient && !error.isOfCommand;
  if (error instanceof RedirectedError || error instanceof CircuitOpenError) return false;
  if (error instanceof UnexpectedResponseError) return (error.answerStatus ?? 0) >= 500;
  return error instanceof TransportError && !error.isTimeout && !error.wasCancelled;
}

/** The portal refused the request for its limit, or the request never left us. */
function wasNotPerformed(error: unknown): boolean {
  if (error instanceof RestError) return error.isRequestLimit && !error.isOfCommand;
  return error instanceof TransportError && error.neverSent && isMomentary(error);
}
