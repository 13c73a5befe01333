import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, InvalidRequestError, NotFoundError } from '../errors.ts';
import { translate } from './language.ts';
import { prefersJson } from './negotiate.ts';
import { ownAddress } from './return-to.ts';
import { signedIn } from './session.ts';
import { hasSignedOut } from './signed-out-notice.ts';

/** The one thing to do that an error page offers. */
type Action = 'retry' | 'signIn' | 'home' | 'companies';

const ACTIONS: Record<string, Action> = {
  invalid_request: 'companies',
  state_mismatch: 'signIn',
  portal_mismatch: 'home',
  portal_not_allowed: 'home',
  code_refused: 'signIn',
  sign_in_required: 'signIn',
  not_found: 'companies',
  cross_origin: 'companies',
  app_misconfigured: 'home',
};

/** A grant that ends this soon after a sign-in would end again: then a page, not another trip. */
const TRIP_PAUSE_MS = 60_000;

/** Everything that no route answered. */
export function nothingHere(): RequestHandler {
  return (req) => {
    throw new NotFoundError(`nothing answers ${req.method} here`);
  };
}

/** The last middleware: turns an error into a status, a page or JSON, and a log line. */
export function errorPage(options: { now: () => number }): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (thrown: unknown, req, res, _next) => {
    const error = asAppError(thrown);
    logError(req, error, thrown);
    // An implicit session save or touch can fail after the answer went out; there is nobody left to tell.
    if (res.headersSent) return;
    if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', error.retryAfterSeconds);
    res.setHeader('Cache-Control', 'no-store');
    if (prefersJson(req)) {
      res.status(error.httpStatus).json({ error: { code: error.code, message: textOf(res, error).text } });
      return;
    }
    if (error.code === 'sign_in_required' && isWorthATrip(req, options.now())) {
      // Whoever has just signed out wants to be asked: the portal would let them in again without a word.
      res.redirect(
        303,
        hasSignedOut(req) ? `/?returnTo=${encodeURIComponent(ownAddress(req))}` : loginAddress(req),
      );
      return;
    }
    const action = ACTIONS[error.code] ?? actionAt(req);
    res.status(error.httpStatus).render('error', {
      ...textOf(res, error),
      action,
      actionHref: addressOf(action, req),
      retryAfterSeconds: error.retryAfterSeconds,
      incident: String(req.id ?? ''),
    });
  };
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  // Express and its parsers mark what the client did wrong: broken escapes, oversized bodies.
  const status = thrown instanceof Error && 'status' in thrown ? Number(thrown.status) : 500;
  if (status >= 400 && status < 500) return new InvalidRequestError('the request could not be read');
  return new AppError('unexpected', { code: 'internal_error', httpStatus: 500, cause: thrown });
}

function logError(req: Request, error: AppError, thrown: unknown): void {
  const fields = { errorCode: error.code, reason: error.reason };
  if (error.httpStatus >= 500) req.log.error({ ...fields, err: thrown }, 'request failed');
  else req.log.info({ ...fields, why: error.message }, 'request refused');
}

function textOf(res: Response, error: AppError): { title: string; text: string } {
  const t = translate(res);
  const keys = (part: string) => [
    `errors.${error.code}.${error.reason ?? 'default'}.${part}`,
    `errors.${error.code}.default.${part}`,
    `errors.internal_error.default.${part}`,
  ];
  return { title: t(keys('title')), text: t(keys('text')) };
}

/** A page is worth a trip to the portal and back, unless the person has only just come from there. */
function isWorthATrip(req: Request, now: number): boolean {
  if (req.method !== 'GET') return false;
  const person = signedIn(req, now);
  return person === undefined || now - Date.parse(person.since) > TRIP_PAUSE_MS;
}

function loginAddress(req: Request): string {
  return `/login?returnTo=${encodeURIComponent(ownAddress(req))}`;
}

/** Trying again means the same address, but a code works once: there, it means a new sign-in. */
function actionAt(req: Request): Action {
  if (req.path === '/bitrix') return 'signIn';
  return req.method === 'GET' ? 'retry' : 'home';
}

function addressOf(action: Action, req: Request): string {
  if (action === 'retry') return ownAddress(req);
  if (action === 'companies') return '/companies';
  if (action === 'home') return '/';
  return req.path === '/bitrix' ? '/login' : loginAddress(req);
}
