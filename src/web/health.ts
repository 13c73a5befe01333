import type { RequestHandler } from 'express';
import type { Store } from '../store/store.ts';
import type { TokenRefresher } from '../vault/token-refresh.ts';

/** `GET /healthz`: the process is up. Asks nobody, so that a sick store never gets a healthy process killed. */
export function showHealth(): RequestHandler {
  return (_req, res) => {
    res.json({ status: 'ok' });
  };
}

/** `GET /readyz`: it can serve: it is not stopping, the store takes writes, and no new tokens wait for it. */
export function showReadiness(options: {
  store: Store;
  tokenRefresher: Pick<TokenRefresher, 'isSaved'>;
  isStopping: () => boolean;
}): RequestHandler {
  return async (_req, res) => {
    if (options.isStopping()) return void res.status(503).json({ status: 'stopping' });
    try {
      await options.store.ping();
      if (!options.tokenRefresher.isSaved()) {
        return void res.status(503).json({ status: 'unavailable', tokens: 'unsaved' });
      }
      res.json({ status: 'ready' });
    } catch {
      res.status(503).json({ status: 'unavailable', store: 'away' });
    }
  };
}
