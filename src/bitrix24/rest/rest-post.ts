import type { HttpClient } from '../../http-client/http-client.ts';
import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { checkMethodName } from './method-name.ts';
import { readRestError } from './rest-error.ts';
import type { Params, RestAccess } from './rest-types.ts';

const MAX_BYTES = 5 * 1024 * 1024;

/** What bounds one REST request. */
export interface PostLimits {
  timeoutMs: number;
  /** For large background requests: a timeout of these does not count against the portal in the circuit breaker. */
  mayTakeLong: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Sends one REST request and checks the envelope of its answer.
 *
 * @returns the answer, with a `result`
 * @throws {Error}  the method's name is not one
 * @throws {RestError}  the answer is an error, whatever its HTTP status
 * @throws {TransportError} @throws {UnexpectedResponseError}
 */
export async function postToPortal(
  http: HttpClient,
  access: RestAccess,
  method: string,
  params: Params,
  { timeoutMs, mayTakeLong, signal }: PostLimits,
): Promise<Record<string, unknown>> {
  const url = new URL(checkMethodName(method), access.clientEndpoint);
  // The token travels in the body: it is accepted everywhere there, and shows up in no URL and no access log.
  const { body, status } = await http.postJson(
    url,
    { ...params, auth: access.accessToken },
    {
      timeoutMs,
      maxBytes: MAX_BYTES,
      ...(mayTakeLong ? { mayTakeLong } : {}),
      ...(signal ? { signal } : {}),
    },
  );
  if (typeof body !== 'object' || body === null) {
    throw new UnexpectedResponseError(
      'body',
      `${method} answered ${status} with something that is not an object`,
      status,
    );
  }
  const error = readRestError(method, body);
  if (error) throw error;
  if (!('result' in body)) {
    throw new UnexpectedResponseError('result', `${method} answered ${status} without result`, status);
  }
  return body as Record<string, unknown>;
}
