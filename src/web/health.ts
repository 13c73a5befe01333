import type { RequestHandler } from 'express';
import type { Store } from '../store/store.ts';

/** Whether the process can serve, and if not, why. */
export interface Readiness {
  isStopping: boolean;
  /** The store can be reached and takes writes. */
  isStoreWritable: boolean;
  /** No new tokens wait for the store. */
  areTokensSaved: boolean;
  /** Exports can be written to DATA_DIR. */
  isDataDirWritable: boolean;
}

/** Pings the store, which takes a second at most. */
export async function readReadiness(options: {
  store: Store;
  /** No new tokens wait for the store. */
  isSaved: () => boolean;
  isStopping: () => boolean;
  isDataDirWritable: () => boolean;
}): Promise<Readiness> {
  const isStoreWritable = await options.store.ping().then(
    () => true,
    () => false,
  );
  return {
    isStopping: options.isStopping(),
    isStoreWritable,
    areTokensSaved: options.isSaved(),
    isDataDirWritable: options.isDataDirWritable(),
  };
}

const KNOWN_MS = 250;

/** Any client may send requests, and each reading writes to the store: requests within 250 ms share one reading. */
export function readReadinessSeldom(read: () => Promise<Readiness>): () => Promise<Readiness> {
  let last: { readiness: Promise<Readiness>; at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at > KNOWN_MS) last = { readiness: read(), at: now };
    return last.readiness;
  };
}

/** `GET /healthz`: the process is up. Does not ask the store, so that a failing store never gets a healthy process killed. */
export function showHealth(): RequestHandler {
  return (_req, res) => {
    res.json({ status: 'ok' });
  };
}

/** `GET /readyz`: it can serve: it is not stopping, the store takes writes, and no new tokens wait for it. */
export function showReadiness(
  isStopping: () => boolean,
  readiness: () => Promise<Readiness>,
): RequestHandler {
  return async (_req, res) => {
    // Without asking the store: a load balancer has to hear it at once, however slow the store is.
    if (isStopping()) return void res.status(503).json({ status: 'stopping' });
    const { isStoreWritable, areTokensSaved, isDataDirWritable } = await readiness();
    // Only exports need it where Redis is the store: a replica that can show pages is not taken away for that.
    const dataDir = isDataDirWritable ? {} : { dataDir: 'not writable' };
    if (!isStoreWritable)
      return void res.status(503).json({ status: 'unavailable', store: 'away', ...dataDir });
    if (!areTokensSaved)
      return void res.status(503).json({ status: 'unavailable', tokens: 'unsaved', ...dataDir });
    res.json({ status: 'ready', ...dataDir });
  };
}
