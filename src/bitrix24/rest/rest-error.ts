import { AppError } from '../../errors.ts';
import type { RedirectedError } from '../../http-client/transport-errors.ts';
import { showHost } from '../../i18n/show-host.ts';

/** Our code and status for a refusal of the portal, and which text explains it. */
interface Meaning {
  code: string;
  status: number;
  reason?: string;
}

const portalFailed: Meaning = { code: 'portal_failed', status: 502 };
/** Trying again never mends it; the text of the reason says who can. */
const refused = (reason: string): Meaning => ({ code: 'portal_refused', status: 502, reason });
const denied = (reason: string): Meaning => ({ code: 'access_denied', status: 403, reason });
const grantOver = (reason: string): Meaning => ({ code: 'sign_in_required', status: 401, reason });

/** Protocol 3.3, 4 and 5; compared in lower case, because letter case differs from code to code. */
const MEANINGS = meanings({
  insufficient_scope: denied('scope'),
  user_access_error: denied('app_access'),
  allowed_only_intranet_user: denied('extranet'),
  wrong_license: denied('plan'),
  method_confirm_waiting: denied('consent_awaited'),
  method_confirm_denied: denied('consent_denied'),
  authorization_error: grantOver('dismissed'),
  error_oauth: grantOver('not_installed'),
  application_not_found: grantOver('not_installed'),
  not_installed: grantOver('not_installed'),
  payment_required: denied('payment'),
  query_limit_exceeded: { code: 'portal_limited', status: 503 },
  operation_time_limit: { code: 'portal_limited', status: 503, reason: 'operating' },
  overload_limit: refused('blocked'),
  portal_deleted: refused('deleted'),
  connection_error: { code: 'portal_failed', status: 502, reason: 'box_offline' },
  no_auth_found: refused('token_not_received'),
  invalid_credentials: refused('token_not_received'),
  // Only after a refreshed token was refused as well: the first time, the caller gets a new one.
  invalid_token: refused('token_not_accepted'),
  expired_token: refused('token_not_accepted'),
  error_method_not_found: refused('method_missing'),
  error_manifest_is_not_available: refused('method_missing'),
  invalid_request: refused('request_not_understood'),
  error_argument: refused('request_not_understood'),
  wrong_auth_type: refused('request_not_understood'),
  error_batch_length_exceeded: refused('request_not_understood'),
  error_batch_method_not_allowed: refused('request_not_understood'),
});

/** `crm.company.*` fails with an empty code, so the documented text is compared instead (protocol 7.3). */
const MEANINGS_OF_TEXT = meanings({
  'access denied': denied('crm'),
  'not found': { code: 'not_found', status: 404 },
});

/** A refreshed access token may help against these, once (protocol 3.3). */
const WORTH_A_REFRESH = ['expired_token', 'invalid_token'];

/** The portal was asked too often (protocol 5). */
const REQUEST_LIMIT = 'query_limit_exceeded';
/** The method has used up its execution time (protocol 5). */
const OPERATING_LIMIT = 'operation_time_limit';
/** The same request may succeed a moment later (protocol 4). */
const TRANSIENT = [REQUEST_LIMIT, 'internal_server_error', 'error_unexpected_answer'];

/** Bitrix24's bucket empties at 2 a second from 50 (protocol 5): after this, a page's worth of calls fits again. */
const LIMIT_PAUSE_SECONDS = 5;

/**
 * The portal answered with `error`, whatever the HTTP status: statuses differ between portals (protocol 3.3), and the
 * code may be an empty string (protocol 7.3).
 */
export class RestError extends AppError {
  /** As it came, in lower case; empty for most failures of `crm.company.*`. */
  readonly wireCode: string;
  readonly needsNewToken: boolean;
  /** True for one command of a batch that arrived; false for a request that was refused as a whole. */
  readonly isOfCommand: boolean;

  constructor(method: string, wireCode: string, meaning: Meaning, options: { isOfCommand?: boolean } = {}) {
    super(`${method} was refused: ${wireCode || 'empty code'}`, {
      ...meaning,
      ...(meaning.code === 'portal_limited' ? { retryAfterSeconds: LIMIT_PAUSE_SECONDS } : {}),
    });
    this.wireCode = wireCode;
    this.needsNewToken = WORTH_A_REFRESH.includes(wireCode);
    this.isOfCommand = options.isOfCommand ?? false;
  }

  get isRequestLimit(): boolean {
    return this.wireCode === REQUEST_LIMIT;
  }

  get isOperatingLimit(): boolean {
    return this.wireCode === OPERATING_LIMIT;
  }

  /** Not final: a momentary failure, or a limit that will be lifted. */
  get passes(): boolean {
    return this.isTransient || this.isOperatingLimit;
  }

  /** A repetition a moment later may succeed. */
  get isTransient(): boolean {
    return TRANSIENT.includes(this.wireCode);
  }
}

/** The portal redirects to an address that BITRIX24_PORTALS does not allow. The log has its scheme, host and port. */
export class PortalMovedError extends AppError {
  constructor({ location }: RedirectedError) {
    super(`the portal has moved to ${location.origin}, which BITRIX24_PORTALS does not allow`, {
      ...refused('moved'),
      values: { address: `${location.protocol}//${showHost(location.href)}` },
    });
  }
}

/** One code for three things (protocol 3.3, 4): the plan, the rights, and a user who may not act through us. */
function readDenial(text: string): Meaning {
  if (text.includes('commercial plans')) return denied('plan');
  return text.startsWith('access denied') ? denied('crm') : denied('app_access');
}

/** One code for every request that the portal cannot read; plain http is the one that an operator can mend (protocol 4). */
function readInvalidRequest(text: string): Meaning | undefined {
  return text.includes('https required') ? refused('https_required') : MEANINGS.get('invalid_request');
}

/** A map, because a portal may answer any word, `constructor` included. */
function meanings(table: Record<string, Meaning>): Map<string, Meaning> {
  return new Map(Object.entries(table));
}

/** The error of an answer, if it is one. A key `error` makes it one, even when its value is empty. */
export function readRestError(
  method: string,
  body: object,
  options: { isOfCommand?: boolean } = {},
): RestError | undefined {
  if (!('error' in body)) return undefined;
  const wireCode = asText(body.error).toLowerCase();
  const description = 'error_description' in body ? asText(body.error_description) : '';
  const text = description.toLowerCase().replace(/[.!\s]+$/, '');
  const meaning = readMeaning(wireCode, text);
  return new RestError(
    method,
    /^\w{0,60}$/.test(wireCode) ? wireCode : 'unreadable',
    meaning ?? portalFailed,
    options,
  );
}

function readMeaning(wireCode: string, text: string): Meaning | undefined {
  if (wireCode === '') return MEANINGS_OF_TEXT.get(text);
  if (wireCode === 'access_denied') return readDenial(text);
  if (wireCode === 'invalid_request') return readInvalidRequest(text);
  return MEANINGS.get(wireCode);
}

/** An object from the wire may have a `toString` of its own that is no function, so String() is not called on it. */
function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'unreadable' : String(value);
}
