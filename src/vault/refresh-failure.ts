import { TransportError, UnexpectedResponseError } from '../http-client/transport-errors.ts';
import { TokenEndpointError } from '../oauth/token-endpoint.ts';

/**
 * What a failed refresh did to the refresh token.
 *
 * - `refused`: this token will never work again; another process may hold the pair that it was traded for.
 * - `kept`: the token was not used up.
 * - `unknown`: the request may have reached the server and used up the token, or not.
 */
export type RefreshFailure = 'refused' | 'kept' | 'unknown';

/** The table of refresh.md section 5, read from top to bottom. */
export function readRefreshFailure(error: unknown): RefreshFailure {
  if (error instanceof TransportError) return error.neverSent ? 'kept' : 'unknown';
  if (error instanceof UnexpectedResponseError) return error.answerStatus === 429 ? 'kept' : 'unknown';
  if (!(error instanceof TokenEndpointError)) return 'unknown';
  if (error.endsGrant) return 'refused';
  if (error.isMisconfiguration || error.isLimit || error.isDenial) return 'kept';
  // An error of a failing server does not say whether the server had used up the token before it failed.
  return error.answerStatus >= 500 ? 'unknown' : 'kept';
}

/** The name of a failure in the record, in the log and on /account. */
export function nameRefreshFailure(error: unknown): string {
  if (error instanceof TokenEndpointError) return error.wireCode;
  if (error instanceof TransportError || error instanceof UnexpectedResponseError) return error.code;
  return 'unexpected';
}

/** Whether the server refuses all portal users alike, so that an attempt for the next user would be refused too. */
export function concernsAllUsers(error: unknown): error is TokenEndpointError | UnexpectedResponseError {
  if (error instanceof TokenEndpointError) return error.isMisconfiguration || error.isLimit;
  return error instanceof UnexpectedResponseError && error.answerStatus === 429;
}
