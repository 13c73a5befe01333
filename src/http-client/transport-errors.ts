import { AppError } from '../errors.ts';

/** The host did not answer, or not in time. */
export class TransportError extends AppError {
  /** True when the request provably did not leave this process, so that sending it again is safe. */
  readonly neverSent: boolean;
  /** The system's code of the failure: `ECONNREFUSED`, `CERT_HAS_EXPIRED` … */
  readonly why: string;

  /** True when the caller cancelled the call. */
  readonly wasCancelled: boolean;

  constructor(
    host: string,
    cause: string,
    options: { timedOut: boolean; neverSent: boolean; wasCancelled?: boolean },
  ) {
    super(`${host} did not answer: ${cause}`, {
      code: options.timedOut ? 'portal_timeout' : 'portal_failed',
      status: options.timedOut ? 504 : 502,
    });
    this.wasCancelled = options.wasCancelled ?? false;
    this.neverSent = options.neverSent;
    this.why = cause;
  }
}

/** The circuit breaker of the host is open: the host failed several times in a row, and nothing was sent. */
export class CircuitOpenError extends TransportError {
  constructor(host: string, lastFailure: Error) {
    const timedOut = lastFailure instanceof TransportError && lastFailure.isTimeout;
    // The messages of our own errors name host and code; of another error they may name anything.
    const cause = lastFailure instanceof AppError ? lastFailure.message : lastFailure.name;
    super(host, `it was not asked, because it failed several times in a row, the last time so: ${cause}`, {
      timedOut,
      neverSent: true,
    });
  }
}

/** The host answered, but not as the documents promise. */
export class UnexpectedResponseError extends AppError {
  /** What was wrong: a field's name, or `body`. */
  readonly field: string;
  /** The HTTP status of the answer, where it is known. */
  readonly answerStatus: number | undefined;

  constructor(field: string, message: string, answerStatus?: number) {
    super(message, { code: 'portal_failed', status: 502 });
    this.field = field;
    this.answerStatus = answerStatus;
  }
}

/** The host answered with a redirect. The client does not follow it; the caller checks the new address first. */
export class RedirectedError extends UnexpectedResponseError {
  // Private, so that no log shows more than scheme, host and port: the rest of the address may contain secrets.
  readonly #location: URL;

  constructor(host: string, status: number, location: URL) {
    super(
      'status',
      `${host} answered ${status}, a redirect to ${location.origin} that we do not follow`,
      status,
    );
    this.#location = location;
  }

  /** Where the redirect leads. */
  get location(): URL {
    return this.#location;
  }
}
