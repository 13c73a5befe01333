import { AppError, InvalidRequestError } from '../errors.ts';

/** Opaque to us; documented samples are about 70 characters (protocol 1.4), so this is generous. */
const MAX_CODE_LENGTH = 2048;
/** 32 random bytes in base64url. */
const STATE = /^[\w-]{43}$/;
const MAX_STATE_LENGTH = 128;

/** The authorization server's answer at the redirection endpoint was an error, or the exchange of its code failed. */
export class CodeRefusedError extends AppError {
  constructor(reason: string) {
    super(`the authorization was refused: ${reason}`, { code: 'code_refused', status: 400, reason });
  }
}

/** The `state` is not one this browser is waiting for. */
export class StateMismatchError extends AppError {
  constructor() {
    super('the state is unknown, used, too old, or of another browser', {
      code: 'state_mismatch',
      status: 403,
    });
  }
}

/**
 * Builds the authorization request.
 *
 * Bitrix24 takes the redirect URI and the scope from the application's card and ignores `response_type` (protocol 1.1),
 * so the two documented parameters are all there is.
 *
 * @see RFC 6749 section 4.1.1
 */
export function buildAuthorizationRequest(endpoint: URL, clientId: string, state: string): URL {
  const url = new URL(endpoint);
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('state', state);
  return url;
}

/**
 * Reads the `state` of an authorization response, before anything else of it is looked at.
 *
 * @throws {InvalidRequestError}  missing, empty, repeated or too long
 * @throws {StateMismatchError}   not of a shape we ever sent
 */
export function readState(query: Record<string, unknown>): string {
  const { state } = query;
  if (typeof state !== 'string' || state === '' || state.length > MAX_STATE_LENGTH) {
    throw new InvalidRequestError('state is missing, empty, repeated or too long');
  }
  if (!STATE.test(state)) throw new StateMismatchError();
  return state;
}

/**
 * Reads the `code` of an authorization response whose state has been taken.
 *
 * @throws {CodeRefusedError}     the response carries `error` instead; historic, but still read (protocol 1.2)
 * @throws {InvalidRequestError}  the code is missing, empty, repeated or too long
 * @see RFC 6749 section 4.1.2
 */
export function readCode(query: Record<string, unknown>): string {
  const { code, error } = query;
  if (error !== undefined) throw new CodeRefusedError('authorization_error');
  if (typeof code !== 'string' || code === '' || code.length > MAX_CODE_LENGTH) {
    throw new InvalidRequestError('code is missing, empty, repeated or too long');
  }
  return code;
}
