import { AppError, type AppErrorOptions } from '../errors.ts';
import { type CallObserver, nameFailure, observeCall } from '../http-client/call-observer.ts';
import type { HttpClient } from '../http-client/http-client.ts';
import { UnexpectedResponseError } from '../http-client/transport-errors.ts';

/** The longest time that a caller waits for the authorization server. */
export const TOKEN_ENDPOINT_WAIT_MS = 8_000;
/** How long the answer to a refresh is listened for: Bitrix24's own limit is 60 s, after which none can arrive. */
export const REFRESH_LISTEN_MS = 65_000;
const MAX_BYTES = 64 * 1024;

/** The client id or secret is wrong: repeating the call does not help, and the tokens stay valid. */
const MISCONFIGURED = ['invalid_client', 'wrong_client'];
/** Refusals that an administrator of the portal can lift, by code, with the reason that picks the text. */
const DENIED = new Map([
  ['payment_required', 'payment'],
  ['user_access_error', 'app_access'],
  ['invalid_scope', 'scope'],
  ['insufficient_scope', 'scope'],
]);
/** The server does not know what our request asks for: a proxy has changed it, or Bitrix24 has. */
const NOT_UNDERSTOOD = ['invalid_request', 'unsupported_grant_type'];
/** Bitrix24 asks for fewer calls. */
const LIMITED = ['query_limit_exceeded', 'too_many_requests'];
/** How long to wait then before the next call. */
const LIMIT_PAUSE_SECONDS = 5;
/** The reason that picks the text for a failure of the authorization server. */
const AUTHORIZATION_SERVER = 'authorization_server';
/** This code or refresh token is used up, too old or unknown; authorizing again brings a new one. */
const STALE_GRANT = ['invalid_grant', 'expired_token', 'invalid_token'];

/** The token endpoint answered with `error`, whatever the HTTP status (`wrong_client` comes with 200, protocol 2.7). */
export class TokenEndpointError extends AppError {
  /** The wire's code in lower case: letter case differs from code to code (protocol 2.7). */
  readonly wireCode: string;
  /** Authorizing again brings a valid code or token. */
  readonly isStaleGrant: boolean;
  /** The HTTP status that came with it. */
  readonly answerStatus: number;

  constructor(wireCode: string, answerStatus = 400, host = 'the token endpoint') {
    super(`${host} refused with ${answerStatus}: ${wireCode}`, meaningOf(wireCode, answerStatus));
    this.wireCode = wireCode;
    this.answerStatus = answerStatus;
    this.isStaleGrant = STALE_GRANT.includes(wireCode);
  }

  /** The grant is over: this code or refresh token will never work again. */
  get endsGrant(): boolean {
    return this.isStaleGrant || this.wireCode === 'not_installed';
  }

  get isMisconfiguration(): boolean {
    return this.code === 'app_misconfigured';
  }

  /** The server judged this sign-in, rather than failing or asking for a pause; beginning another may end otherwise. */
  get isJudgement(): boolean {
    return !this.isMisconfiguration && !this.isLimit && !this.isRepairable && this.answerStatus < 500;
  }

  /** An administrator of the portal can lift the refusal; the tokens stay valid. */
  get isDenial(): boolean {
    return this.code === 'access_denied';
  }
}

export interface TokenEndpoint {
  /**
   * Trades an authorization code for a token response.
   *
   * The code works once and for 30 seconds, so a failed exchange is never retried.
   *
   * @param server  one of our own list of authorization servers, never an address from a request
   * @param code    `code` of the authorization response, as received
   * @returns       the JSON body, checked only for `error`; parseTokenSet checks the rest
   * @throws {TokenEndpointError}  the server refused
   * @throws {TransportError}      no answer within 8 s
   * @see RFC 6749 section 4.1.3; protocol 2.2
   */
  exchangeCode(server: URL, code: string): Promise<unknown>;
  /**
   * Trades a refresh token for a new pair. The old pair is dead from the moment the server decides, not from the moment
   * we read the answer, so this listens far longer than any caller waits.
   *
   * @throws as exchangeCode
   * @see RFC 6749 section 6; protocol 2.2
   */
  refresh(server: URL, refreshToken: string): Promise<unknown>;
}

/** Sends the two grants by POST form: a GET would put the secret into URLs (protocol 2.2). */
export function createTokenEndpoint(options: {
  clientId: string;
  clientSecret: string;
  http: HttpClient;
  observeCall?: CallObserver | undefined;
}): TokenEndpoint {
  function send(server: URL, grant: Record<string, string>, timeoutMs: number): Promise<unknown> {
    return observeCall(options.observeCall, nameTokenFailure, () => sendOnce(server, grant, timeoutMs));
  }

  async function sendOnce(server: URL, grant: Record<string, string>, timeoutMs: number): Promise<unknown> {
    try {
      return await judge(server, grant, timeoutMs);
    } catch (error) {
      throw namingServer(error, server);
    }
  }

  async function judge(server: URL, grant: Record<string, string>, timeoutMs: number): Promise<unknown> {
    const { body, status } = await options.http.postForm(
      new URL('/oauth/token/', server),
      { ...grant, client_id: options.clientId, client_secret: options.clientSecret },
      { timeoutMs, maxBytes: MAX_BYTES },
    );
    if (typeof body !== 'object' || body === null) {
      throw new UnexpectedResponseError(
        'body',
        `${server.host} answered ${status} with something that is not an object`,
        status,
      );
    }
    if ('error' in body) throw new TokenEndpointError(readErrorCode(body.error), status, server.host);
    if (status !== 200) {
      throw new UnexpectedResponseError(
        'status',
        `${server.host} answered ${status} without tokens and without an error`,
        status,
      );
    }
    return body;
  }

  return {
    exchangeCode: (server, code) =>
      send(server, { grant_type: 'authorization_code', code }, TOKEN_ENDPOINT_WAIT_MS),
    refresh: (server, refreshToken) =>
      send(server, { grant_type: 'refresh_token', refresh_token: refreshToken }, REFRESH_LISTEN_MS),
  };
}

/** Without a reason the text would blame the portal. A 429 is a limit, whatever its body says. */
function namingServer(error: unknown, { host }: URL): unknown {
  if (error instanceof UnexpectedResponseError && error.answerStatus === 429) {
    return new TokenEndpointError('too_many_requests', 429, host);
  }
  if (error instanceof AppError && error.isTemporary && !error.isLimit) error.reason ??= AUTHORIZATION_SERVER;
  return error;
}

/** The outcome for the metrics: a code or token that has expired is not a failure of the server. */
function nameTokenFailure(error: unknown): string {
  return error instanceof TokenEndpointError && error.endsGrant ? 'grant_refused' : nameFailure(error);
}

function meaningOf(wireCode: string, answerStatus: number): AppErrorOptions {
  if (LIMITED.includes(wireCode) || answerStatus === 429) {
    return { code: 'portal_limited', status: 503, retryAfterSeconds: LIMIT_PAUSE_SECONDS };
  }
  if (MISCONFIGURED.includes(wireCode)) return { code: 'app_misconfigured', status: 502, reason: wireCode };
  const reason = DENIED.get(wireCode);
  if (reason !== undefined) return { code: 'access_denied', status: 403, reason };
  if (NOT_UNDERSTOOD.includes(wireCode)) {
    return { code: 'portal_refused', status: 502, reason: 'grant_not_understood' };
  }
  return { code: 'portal_failed', status: 502, reason: AUTHORIZATION_SERVER };
}

/** Passes on only a code that looks like one; anything else could be an echo of what we sent. */
function readErrorCode(error: unknown): string {
  const code = typeof error === 'string' ? error.toLowerCase() : '';
  return /^[a-z_]{1,40}$/.test(code) ? code : 'unreadable_error';
}
