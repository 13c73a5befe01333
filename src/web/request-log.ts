import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { pinoHttp } from 'pino-http';
import { describeError, type Logger } from '../log.ts';

/**
 * One line per request, and `req.log` for lines that belong to it.
 *
 * Only method and path are written: the query of the redirection endpoint holds a code and a state.
 */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId(_req: IncomingMessage, res: ServerResponse) {
      const requestId = randomBytes(6).toString('hex');
      res.setHeader('X-Request-Id', requestId);
      return requestId;
    },
    quietReqLogger: true,
    // pino-http would hand the serializers a rewritten copy of what it was given, and an error is no Error any more.
    wrapSerializers: false,
    customAttributeKeys: { reqId: 'requestId', responseTime: 'durationMs' },
    serializers: {
      req: (req: IncomingMessage & { originalUrl?: string }) => ({
        method: req.method,
        path: (req.originalUrl ?? req.url)?.split('?', 1)[0],
      }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
      err: describeError,
    },
    customLogLevel: (_req: IncomingMessage, res: ServerResponse) =>
      res.statusCode >= 500 ? 'error' : 'info',
    // error-page.ts writes the error itself, once, with its cause.
    customErrorObject: () => ({}),
    customSuccessMessage: () => 'answered',
    customErrorMessage: () => 'answered',
    autoLogging: { ignore: (req: IncomingMessage) => /^\/(healthz|readyz)\b/.test(req.url ?? '') },
  });
}
