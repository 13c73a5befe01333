import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from '../log.ts';

declare module 'http' {
  interface IncomingMessage {
    /** Also the incident number of an error page. */
    id: string;
    /** For lines that belong to this request. */
    log: Logger;
  }
}

/** Asked every few seconds, and by machines only. */
const UNLOGGED = /^\/(healthz|readyz)\b/;

/** As they were before it was known who asks. */
const anonymous = new WeakMap<Request, Logger>();

/** From now on, lines of this request say whose it is. */
export function logAs(req: Request, who: { portal: string; memberId: string; userId: number }): void {
  const { memberId, userId } = who;
  req.log = (anonymous.get(req) ?? req.log).child({ portal: new URL(who.portal).host, memberId, userId });
}

/**
 * One line per request, and `req.log` for lines that belong to it.
 *
 * Only method and path are written: the query of the redirection endpoint holds a code and a state.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    req.id = randomUUID().slice(-12);
    req.log = logger.child({ requestId: req.id });
    anonymous.set(req, req.log);
    res.setHeader('X-Request-Id', req.id);
    if (!UNLOGGED.test(req.url)) {
      const { method } = req;
      const path = req.originalUrl.split('?', 1)[0];
      // Comes after the whole answer, and when somebody left before it.
      res.once('close', () => {
        const line = {
          req: { method, path },
          res: { status: res.statusCode },
          durationMs: Math.round(performance.now() - startedAt),
        };
        // error-page.ts writes the error itself, once, with its cause.
        const level = res.statusCode >= 500 ? 'error' : 'info';
        req.log[level](line, res.writableFinished ? 'answered' : 'left before the answer');
      });
    }
    next();
  };
}
