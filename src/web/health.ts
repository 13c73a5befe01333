import type { RequestHandler } from 'express';
import type { Store } from '../store/store.ts';

/** `GET /healthz`: the process is up. Asks nobody, so that a sick store never gets a healthy process killed. */
export function showHealth(): RequestHandler {
  return (_req, res) => {
    res.json({ status: 'ok' });
  };
}

/** `GET /readyz`: it can serve: it is not stopping, and the store takes writes. */
export function showReadiness(options: { store: Store; isStopping: () => boolean }): RequestHandler {
  return async (_req, res) => {
    if (options.isStopping()) return void res.status(503).json({ status: 'stopping' });
    try {
      await options.store.ping();
      res.json({ status: 'ready' });
    } catch {
      res.status(503).json({ status: 'unavailable', store: 'away' });
    }
  };
}
