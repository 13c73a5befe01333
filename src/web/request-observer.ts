import type { Request, RequestHandler } from 'express';

/** A request that has come to its end. */
export interface FinishedRequest {
  method: string;
  /** The pattern of the route that answered, such as `/companies/:id`; `other` where none did. */
  route: string;
  /** `left`: the client did not wait for the whole answer. */
  status: number | 'left';
  ms: number;
}

export type RequestObserver = (request: FinishedRequest) => void;

/** Calls the observer when a request is over. */
export function watchRequests(observe: RequestObserver): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () =>
      observe({
        method: req.method,
        route: routeOf(req),
        status: res.writableFinished ? res.statusCode : 'left',
        ms: performance.now() - startedAt,
      }),
    );
    next();
  };
}

/** The pattern and never the address: there are as many addresses as companies, and visitors make up more. */
function routeOf({ route }: Request): string {
  return typeof route?.path === 'string' ? route.path : 'other';
}
