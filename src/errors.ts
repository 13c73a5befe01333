/** What every error we throw on purpose carries. */
export interface AppErrorOptions {
  /** Stable name, lower_snake for ours, as it came for the wire's. Programs branch on it. */
  code: string;
  /** HTTP status of our answer if no handler catches the error. */
  status: number;
  /** Picks a more precise text for the same code; see `errors` in i18n/messages. */
  reason?: string;
  /** What the text of the reason is filled in with; shown to the browser. */
  values?: Record<string, string>;
  /** Seconds after which trying again makes sense; becomes Retry-After. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** What a code says about the next step. Each is false for codes that the table does not name. */
export interface ErrorTraits {
  /** The other side took too long. */
  isTimeout: boolean;
  /** The portal or we are asked too often. */
  isLimit: boolean;
  /** The same request may succeed later, without the person or the operator doing anything. */
  isTemporary: boolean;
  /** The same request may succeed after the person has signed in again, or the operator has corrected a setting. */
  isRepairable: boolean;
  /** The portal has ended what the person could see: answers that were kept for them are not shown again. */
  endsAccess: boolean;
}

const NO_TRAITS: ErrorTraits = {
  isTimeout: false,
  isLimit: false,
  isTemporary: false,
  isRepairable: false,
  endsAccess: false,
};

const TRAITS = new Map<string, Partial<ErrorTraits>>([
  ['portal_timeout', { isTimeout: true, isTemporary: true }],
  ['portal_failed', { isTemporary: true }],
  ['portal_refused', { isRepairable: true }],
  ['portal_limited', { isLimit: true, isTemporary: true }],
  ['too_many_requests', { isLimit: true }],
  ['reconnecting', { isTemporary: true }],
  ['store_unavailable', { isTemporary: true }],
  ['app_misconfigured', { isRepairable: true }],
  ['sign_in_required', { isRepairable: true, endsAccess: true }],
  ['access_denied', { endsAccess: true }],
]);

/**
 * The traits of an error that was stored by its code.
 *
 * @param code  of an AppError
 */
export function traitsOf(code: string): ErrorTraits {
  return { ...NO_TRAITS, ...TRAITS.get(code) };
}

/**
 * The base of every error we throw on purpose.
 *
 * The message is for the log and never holds a token, a code or a secret. `cause` is not enumerable, so that
 * serialising an error leaks nothing of what lies below it.
 *
 * `status`, `expose` and `headers` are the names that Express and its error handlers read (http-errors): an application
 * without our error page answers 401, 403, 429 or 503 instead of 500.
 */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  /** A caller that knows better than the thrower what failed may name it. */
  reason: string | undefined;
  readonly values: Record<string, string> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: AppErrorOptions) {
    super(message);
    this.name = new.target.name;
    this.code = options.code;
    this.status = options.status;
    this.reason = options.reason;
    this.values = options.values;
    this.retryAfterSeconds = options.retryAfterSeconds;
    Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false });
  }

  /** Whether an error handler may show the message to the browser: only where the request was at fault. */
  get expose(): boolean {
    return this.status < 500;
  }

  /** Headers of the answer. */
  get headers(): Record<string, string> {
    return this.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(this.retryAfterSeconds) };
  }

  get isTimeout(): boolean {
    return traitsOf(this.code).isTimeout;
  }

  get isLimit(): boolean {
    return traitsOf(this.code).isLimit;
  }

  get isTemporary(): boolean {
    return traitsOf(this.code).isTemporary;
  }

  get isRepairable(): boolean {
    return traitsOf(this.code).isRepairable;
  }

  get endsAccess(): boolean {
    return traitsOf(this.code).endsAccess;
  }
}

/** The request has not the shape that the route takes. */
export class InvalidRequestError extends AppError {
  constructor(message: string) {
    super(message, { code: 'invalid_request', status: 400 });
  }
}

/** The address leads to nothing, or to something that this person may not know of. */
export class NotFoundError extends AppError {
  constructor(message: string) {
    super(message, { code: 'not_found', status: 404 });
  }
}
