import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, InvalidRequestError, NotFoundError } from '../errors.ts';
import { type Action, chooseAction, type FailedVisit } from './error-actions.ts';
import { translate } from './language.ts';
import { prefersJson } from './negotiate.ts';
import { logOf, logRefusal } from './request-log.ts';

/** What the error page asks of rooms above it. */
export interface ErrorPageOptions {
  /** Whether this page may load itself once more; counts it. */
  mayReload: (req: Request) => Promise<boolean>;
  /** The address of this page, or `/` where it must not be repeated. */
  ownAddress: (req: Request) => string;
  /** A sign-in that comes back to this page. */
  loginAddress: (req: Request) => string;
  isRedirectionEndpoint: (path: string) => boolean;
  publicUrl: URL;
}

/** After how long a page reloads itself, if it does. */
const RELOAD_AFTER_SECONDS = 2;
/** A page that would have to wait longer does not reload itself. */
const LONGEST_RELOAD_SECONDS = 15 * 60;

/** For requests that no route has answered. */
export function nothingHere(): RequestHandler {
  return (req) => {
    throw new NotFoundError(`nothing answers ${req.method} here`);
  };
}

/** The last middleware: turns an error into a status, a page or JSON, and a log line. */
export function errorPage(options: ErrorPageOptions): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return async (thrown: unknown, req, res, _next) => {
    const error = asAppError(thrown);
    logError(req, error, thrown);
    // Half an answer cannot become an error page; the connection is closed, so that the browser does not wait for the rest.
    if (res.headersSent) return void (res.writableEnded || res.destroy());
    res.set(error.headers);
    res.setHeader('Cache-Control', 'no-store');
    if (prefersJson(req)) {
      res.status(error.status).json({ error: { code: error.code, message: textOf(res, error).text } });
      return;
    }
    // The address of the redirection endpoint is used up: it would answer its own reload with a refusal.
    const reloadAfterSeconds = options.isRedirectionEndpoint(req.path) ? undefined : reloadDelay(error);
    const reloads =
      reloadAfterSeconds !== undefined && req.method === 'GET' && (await options.mayReload(req));
    if (reloads) res.setHeader('Refresh', reloadAfterSeconds);
    renderError(req, res, error, reloads, options);
  };
}

/** Causes that pass soon: a token refresh that is under way, a portal's limit. */
function reloadDelay({ code, reason, retryAfterSeconds = 5 }: AppError): number | undefined {
  if (code === 'reconnecting' && reason === undefined) return RELOAD_AFTER_SECONDS;
  const isShort = retryAfterSeconds <= LONGEST_RELOAD_SECONDS;
  return code === 'portal_limited' && isShort ? retryAfterSeconds : undefined;
}

function renderError(
  req: Request,
  res: Response,
  error: AppError,
  reloads: boolean,
  options: ErrorPageOptions,
): void {
  const isReconnecting = reloads && error.code === 'reconnecting';
  const action = reloads ? 'retry' : chooseAction(error, describeVisit(req, res, options));
  const actionHref = addressOf(action, req, options);
  res.status(error.status).render('error', {
    ...textOf(res, error, reloads),
    action,
    actionHref,
    // The page reloads within seconds, so it gives no advice when to try again.
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
  const { code: errorCode, reason } = error;
  if (error.status >= 500) logOf(req).error({ errorCode, reason, err: thrown }, 'request failed');
  else logRefusal(req, error);
}

function textOf(res: Response, error: AppError, reloads = false): { title: string; text: string } {
  const t = translate(res);
  // Only a page that reloads itself says so.
  const usual = error.code === 'reconnecting' && !reloads ? 'stuck' : 'default';
  const keys = (part: string) => [
    `errors.${error.code}.${error.reason ?? usual}.${part}`,
    `errors.${error.code}.default.${part}`,
    `errors.internal_error.default.${part}`,
  ];
  return { title: t(keys('title'), error.values), text: t(keys('text'), error.values) };
}

function describeVisit(
  req: Request,
  res: Response,
  { isRedirectionEndpoint }: ErrorPageOptions,
): FailedVisit {
  return {
    // As the head of every page knows it: absent while it could not be found out.
    isSignedIn: res.locals.person !== undefined,
    isGet: req.method === 'GET',
    isRedirectionEndpoint: isRedirectionEndpoint(req.path),
  };
}

function addressOf(
  action: Action,
  req: Request,
  { ownAddress, loginAddress, publicUrl }: ErrorPageOptions,
): string {
  if (action === 'publicUrl') return publicUrl.href;
  if (action === 'retry') return ownAddress(req);
  if (action === 'companies') return '/companies';
  if (action === 'exports') return '/exports';
  if (action === 'account') return '/account';
  if (action === 'home') return '/';
  return loginAddress(req);
}
