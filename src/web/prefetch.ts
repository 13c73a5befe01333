import type { RequestHandler } from 'express';

/**
 * Keeps prefetching browsers and link checkers from using up a one-time address: a HEAD or a prefetch gets an answer that
 * the browser does not keep, and the visit that may follow finds everything unchanged.
 */
export function ignorePrefetch(isOneTime: (path: string) => boolean): RequestHandler {
  return (req, res, next) => {
    const purpose = `${req.headers['sec-purpose'] ?? ''} ${req.headers.purpose ?? ''} ${req.headers['x-moz'] ?? ''}`;
    if (!isOneTime(req.path) || (req.method !== 'HEAD' && !purpose.includes('prefetch'))) return next();
    // Browsers throw away a prefetched answer that is not a success.
    res.status(req.method === 'HEAD' ? 200 : 503).end();
  };
}
