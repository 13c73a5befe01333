import { AppError } from '../errors.ts';

/** Bitrix24 has ended the grant, or there are no stored tokens: the portal user has to authorize again. */
export class GrantEndedError extends AppError {
  constructor(reason: string) {
    super(`the grant is over: ${reason}`, { code: 'sign_in_required', status: 401, reason });
  }
}

/** A refresh is in progress and takes longer than a caller waits; it goes on without the caller. */
export class RefreshPendingError extends AppError {
  constructor(options: { retryAfterMs?: number; reason?: string } = {}) {
    super(`renewing the access token takes long${options.reason ? `: ${options.reason}` : ''}`, {
      code: 'reconnecting',
      status: 503,
      retryAfterSeconds: Math.ceil((options.retryAfterMs ?? 2_000) / 1000),
      ...(options.reason ? { reason: options.reason } : {}),
    });
  }
}

/** The process is about to end: a refresh that began now could lose the tokens it brings. */
export class StoppingError extends AppError {
  constructor() {
    super('the process is stopping', { code: 'store_unavailable', status: 503, retryAfterSeconds: 2 });
  }
}
