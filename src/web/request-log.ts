import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { AppError } from '../errors.ts';
import type { Logger } from '../log.ts';

declare module 'http' {
  interface IncomingMessage {
    /** Also the incident number of an error page. */
    id: string;
  }
}

/** Requested every few seconds by load balancers. */
const UNLOGGED = /^\/(healthz|readyz)\b/;

interface RequestLines {
  logger: Logger;
  /** Fields of every line. */
  about: Record<string, unknown>;
  bound?: Logger | undefined;
}

const lines = new WeakMap<Request, RequestLines>();

function linesOf(req: Request): RequestLines {
  const own = lines.get(req);
  if (own === undefined) throw new Error('requestLog() has not seen this request');
  return own;
}

/** The logger of this request. Made for its first line, which for most requests comes after the answer. */
export function logOf(req: Request): Logger {
  const own = linesOf(req);
  own.bound ??= own.logger.child(own.about);
  return own.bound;
}

/** From now on, lines of this request name the portal user, or the portal. */
export function logAs(req: Request, who: { portal: string; memberId?: string; userId?: number }): void {
  const own = linesOf(req);
  const { portal, memberId, userId } = who;
  Object.assign(own.about, { portal: new URL(portal).host, memberId, userId });
  own.bound = undefined;
}

/** A request that was refused for a reason of its own; its answer is a page, JSON or a redirect to the sign-in. */
export function logRefusal(req: Request, { code, reason, message }: AppError): void {
  logOf(req).info({ errorCode: code, reason, why: message }, 'request refused');
}

/** Gives `logOf` a logger, for a host without `requestLog`. */
export function bindLog(logger: Logger): RequestHandler {
  return (req, _res, next) => {
    if (!lines.has(req)) {
      req.id = randomUUID().slice(-12);
      lines.set(req, { logger, about: { requestId: req.id } });
    }
    next();
  };
}

/**
 * One line per request, and `logOf` for lines that belong to it.
 *
 * Only method and path are written: the query of the redirection endpoint holds a code and a state.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    req.id = randomUUID().slice(-12);
    lines.set(req, { logger, about: { requestId: req.id } });
    res.setHeader('X-Request-Id', req.id);
    if (!UNLOGGED.test(req.url)) {
      const { method } = req;
      const path = req.originalUrl.split('?', 1)[0];
      // Fires after the whole answer, and when the browser left before it.
      res.once('close', () => {
        const line = {
          req: { method, path },
          res: { status: res.statusCode },
          durationMs: Math.round(performance.now() - startedAt),
        };
        // error-page.ts writes the error itself, once, with its cause.
        const level = res.statusCode >= 500 ? 'error' : 'info';
        logOf(req)[level](line, res.writableFinished ? 'answered' : 'left before the answer');
      });
    }
    next();
  };
}
