/** What every error we throw on purpose carries. */
export interface AppErrorOptions {
  /** Stable name, lower_snake for ours, as it came for the wire's. Programs branch on it. */
  code: string;
  /** Status of our answer if nobody handles the error on its way up. */
  httpStatus: number;
  /** Picks a more precise text for the same code; see `errors` in i18n/messages. */
  reason?: string;
  /** Seconds after which trying again makes sense; becomes Retry-After. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/**
 * The base of every error we throw on purpose.
 *
 * The message is for the log and never holds a token, a code or a secret. `cause` is not enumerable, so that
 * serialising an error leaks nothing of what lies below it.
 */
export class AppError extends Error {
  readonly code: string;
  readonly httpStatus: number;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: AppErrorOptions) {
    super(message);
    this.name = new.target.name;
    this.code = options.code;
    this.httpStatus = options.httpStatus;
    this.reason = options.reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
    Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false });
  }
}

/**
 * Whether the portal has ended what somebody could see: nothing that they were shown before is shown again.
 *
 * @param code  of an AppError
 */
export function endsAccess(code: string): boolean {
  return code === 'access_denied' || code === 'sign_in_required';
}

/** The visitor's request is not of a shape we answer. */
export class InvalidRequestError extends AppError {
  constructor(message: string) {
    super(message, { code: 'invalid_request', httpStatus: 400 });
  }
}

/** There is nothing at this address, or nothing this person may know of. */
export class NotFoundError extends AppError {
  constructor(message: string) {
    super(message, { code: 'not_found', httpStatus: 404 });
  }
}
