import { AppError } from '../errors.ts';
import { CircuitOpenError, RedirectedError, TransportError } from './transport-errors.ts';

/**
 * Told of each call to a portal or an authorization server when it has ended.
 *
 * @param outcome  `ok`, or one of few words for what went wrong
 */
export type CallObserver = (outcome: string, ms: number) => void;

/** Makes a call, and tells how it went. */
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

/** Codes of ours, of which there are few; what the network does by itself has words of its own. */
export function nameFailure(error: unknown): string {
  if (error instanceof CircuitOpenError) return 'circuit_open';
  if (error instanceof TransportError && error.wasCancelled) return 'cancelled';
  if (error instanceof RedirectedError) return 'redirected';
  return error instanceof AppError ? error.code : 'internal_error';
}
