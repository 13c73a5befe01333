import { AppError } from '../errors.ts';
import { CircuitOpenError, RedirectedError, TransportError } from './transport-errors.ts';

/**
 * Called at the end of each call to a portal or an authorization server.
 *
 * @param outcome  `ok`, or one of a few names for what went wrong
 */
export type CallObserver = (outcome: string, ms: number) => void;

/** Makes a call, and reports its outcome and its duration. */
export async function observeCall<T>(
  observe: CallObserver | undefined,
  nameError: (error: unknown) => string,
  call: () => Promise<T>,
): Promise<T> {
  if (observe === undefined) return call();
  const startedAt = performance.now();
  try {
    const answer = await call();
    observe('ok', performance.now() - startedAt);
    return answer;
  } catch (error) {
    observe(nameError(error), performance.now() - startedAt);
    throw error;
  }
}

/** The name of a failure in the metrics: a code of ours, of which there are few, or one of three names for the transport. */
export function nameFailure(error: unknown): string {
  if (error instanceof CircuitOpenError) return 'circuit_open';
  if (error instanceof TransportError && error.wasCancelled) return 'cancelled';
  if (error instanceof RedirectedError) return 'redirected';
  return error instanceof AppError ? error.code : 'internal_error';
}
