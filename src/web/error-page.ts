import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, InvalidRequestError, NotFoundError } from '../errors.ts';
import type { AutomaticSteps } from '../auth/automatic-trips.ts';
import { translate } from './language.ts';
import { prefersJson } from './negotiate.ts';
import { logOf } from './request-log.ts';
import { isRedirectionEndpoint, ownAddress } from '../auth/return-to.ts';
import { hasSignedOut } from '../auth/signed-out-notice.ts';

/** The one thing to do that an error page offers. */
type Action = 'retry' | 'signIn' | 'home' | 'companies' | 'exports';

const ACTIONS: Record<string, Action> = {
  invalid_request: 'companies',
  state_mismatch: 'signIn',
  portal_mismatch: 'home',
  portal_not_allowed: 'home',
  code_refused: 'signIn',
  sign_in_required: 'signIn',
  reconnecting: 'signIn',
  not_found: 'companies',
  cross_origin: 'companies',
  too_many_views: 'companies',
  too_many_exports: 'exports',
  app_misconfigured: 'home',
};

/** What an error page needs besides the error. */
export interface ErrorPageDependencies {
  automaticSteps: AutomaticSteps;
}

/** How long a page waits before it asks again by itself, if it does. */
const RELOAD_AFTER_SECONDS = 2;
/** A page that would wait longer leaves it to the person when to ask again. */
const LONGEST_RELOAD_SECONDS = 15 * 60;

/** Everything that no route answered. */
export function nothingHere(): RequestHandler {
  return (req) => {
    throw new NotFoundError(`nothing answers ${req.method} here`);
  };
}

/** The last middleware: turns an error into a status, a page or JSON, and a log line. */
export function errorPage({ automaticSteps }: ErrorPageDependencies): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return async (thrown: unknown, req, res, _next) => {
    const error = asAppError(thrown);
    logError(req, error, thrown);
    // Half an answer cannot become an error page; whoever waits for the rest shall not wait for ever.
    if (res.headersSent) return void (res.writableEnded || res.destroy());
    if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', error.retryAfterSeconds);
    res.setHeader('Cache-Control', 'no-store');
    if (prefersJson(req)) {
      res.status(error.status).json({ error: { code: error.code, message: textOf(res, error).text } });
      return;
    }
    const mayStep = (kind: 'trip' | 'reload') => allowStep(automaticSteps, kind, req);
    // To be asked is no trip, so it is not counted: the back button may be pressed as often as one likes.
    const isAsked = req.method === 'GET' && wantsToBeAsked(req, res);
    if (error.code === 'sign_in_required' && (isAsked || (await mayStep('trip')))) return goSignIn(req, res);
    const reloadAfterSeconds = reloadDelay(error);
    const reloads = reloadAfterSeconds !== undefined && (await mayStep('reload'));
    if (reloads) res.setHeader('Refresh', reloadAfterSeconds);
    renderError(req, res, error, reloads);
  };
}

/** What passes by itself and soon: access that is being renewed, a portal that wants to be asked less often. */
function reloadDelay({ code, reason, retryAfterSeconds = 5 }: AppError): number | undefined {
  if (code === 'reconnecting' && reason === undefined) return RELOAD_AFTER_SECONDS;
  const isShort = retryAfterSeconds <= LONGEST_RELOAD_SECONDS;
  return code === 'portal_limited' && isShort ? retryAfterSeconds : undefined;
}

/** A page is worth a trip to the portal and back, or another try by itself, but only so often. */
async function allowStep(
  automaticSteps: AutomaticSteps,
  kind: 'trip' | 'reload',
  req: Request,
): Promise<boolean> {
  if (req.method !== 'GET') return false;
  // A store that is away cannot count, and then nothing happens by itself.
  return automaticSteps.allow(kind, req.session?.binding, ownAddress(req)).catch(() => false);
}

/**
 * Whoever has just signed out wants to be asked: the portal would let them in again without a word. Somebody who is
 * signed in has been asked, and would be sent back and forth between the sign-in page and this one.
 */
function wantsToBeAsked(req: Request, res: Response): boolean {
  return hasSignedOut(req) && res.locals.person === undefined;
}

function goSignIn(req: Request, res: Response): void {
  const address = wantsToBeAsked(req, res)
    ? `/?returnTo=${encodeURIComponent(ownAddress(req))}`
    : loginAddress(req);
  res.redirect(303, address);
}

function renderError(req: Request, res: Response, error: AppError, reloads: boolean): void {
  const isReconnecting = reloads && error.code === 'reconnecting';
  const action = reloads ? 'retry' : (ACTIONS[error.code] ?? actionAt(req));
  res.status(error.status).render('error', {
    ...textOf(res, error, reloads),
    action,
    actionHref: addressOf(action, req),
    // Where a moment is all it takes, no advice is needed.
    retryAfterSeconds: isReconnecting ? undefined : error.retryAfterSeconds,
    countdown: reloads && !isReconnecting ? error.retryAfterSeconds : undefined,
    incident: String(req.id ?? ''),
  });
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  // Express and its parsers mark what the client did wrong: broken escapes, oversized bodies.
  const status = thrown instanceof Error && 'status' in thrown ? Number(thrown.status) : 500;
  if (status >= 400 && status < 500) return new InvalidRequestError('the request could not be read');
  return new AppError('unexpected', { code: 'internal_error', status: 500, cause: thrown });
}

function logError(req: Request, error: AppError, thrown: unknown): void {
  const fields = { errorCode: error.code, reason: error.reason };
  if (error.status >= 500) logOf(req).error({ ...fields, err: thrown }, 'request failed');
  else logOf(req).info({ ...fields, why: error.message }, 'request refused');
}

function textOf(res: Response, error: AppError, reloads = false): { title: string; text: string } {
  const t = translate(res);
  // The page that asks again by itself says so; nobody else does.
  const usual = error.code === 'reconnecting' && !reloads ? 'stuck' : 'default';
  const keys = (part: string) => [
    `errors.${error.code}.${error.reason ?? usual}.${part}`,
    `errors.${error.code}.default.${part}`,
    `errors.internal_error.default.${part}`,
  ];
  return { title: t(keys('title')), text: t(keys('text')) };
}

function loginAddress(req: Request): string {
  return `/login?returnTo=${encodeURIComponent(ownAddress(req))}`;
}

/** Trying again means the same address, but a code works once: there, it means a new sign-in. */
function actionAt(req: Request): Action {
  if (isRedirectionEndpoint(req.path)) return 'signIn';
  return req.method === 'GET' ? 'retry' : 'home';
}

function addressOf(action: Action, req: Request): string {
  if (action === 'retry') return ownAddress(req);
  if (action === 'companies') return '/companies';
  if (action === 'exports') return '/exports';
  if (action === 'home') return '/';
  return isRedirectionEndpoint(req.path) ? '/login' : loginAddress(req);
}
