import { TransportError, UnexpectedResponseError } from '../http-client/transport-errors.ts';
import { TokenEndpointError } from '../oauth/token-endpoint.ts';

/**
 * What a failed refresh did to the refresh token.
 *
 * - `refused`: this token will never work again; somebody else may hold the pair it was traded for.
 * - `kept`: the token was not used up.
 * - `unknown`: the request may have reached the server and used it up, or not.
 */
export type RefreshFailure = 'refused' | 'kept' | 'unknown';

/** The table of refresh.md section 5, read from top to bottom. */
export function readRefreshFailure(error: unknown): RefreshFailure {
  if (error instanceof TransportError) return error.neverSent ? 'kept' : 'unknown';
  if (error instanceof UnexpectedResponseError) return error.answerStatus === 429 ? 'kept' : 'unknown';
  if (!(error instanceof TokenEndpointError)) return 'unknown';
  if (error.endsGrant) return 'refused';
  if (error.isMisconfiguration || error.isLimit || error.isDenial) return 'kept';
  // A server that is in trouble says something, but not what it has done before.
  return error.answerStatus >= 500 ? 'unknown' : 'kept';
}

/** How the record, the log and /account call it. */
export function nameRefreshFailure(error: unknown): string {
  if (error instanceof TokenEndpointError) return error.wireCode;
  if (error instanceof TransportError || error instanceof UnexpectedResponseError) return error.code;
  return 'unexpected';
}

/** The server refuses us all alike, whoever's token we show: asking for the next person helps nobody. */
export function concernsEverybody(error: unknown): boolean {
  if (error instanceof TokenEndpointError) return error.isMisconfiguration || error.isLimit;
  return error instanceof UnexpectedResponseError && error.answerStatus === 429;
}
