import { createServer, type Server } from 'node:http';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { createHttpClient } from './http.ts';
import type { Logger } from './log.ts';
import { openStores } from './open-stores.ts';
import { answerMalformed } from './web/malformed-request.ts';

/**
 * A refresh that is in flight may still succeed, and so may the exchange of a code; nobody waits longer for a portal
 * than this either. The platform's grace period should be 30 s or more.
 */
const WAIT_MS = 25_000;

/**
 * How long a visitor may take to send the head of a request, and all of it. Node looks only every half minute unless told
 * otherwise, and whoever sends a byte at a time would have that much longer.
 */
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };

/** Times that only tests change, to see in seconds what takes minutes. */
export interface Timings {
  /** How long a dead process keeps others from refreshing. */
  exclusiveMs?: number;
}

/** A server that listens, and how to stop it. */
export interface RunningServer {
  address: string;
  stop(): Promise<void>;
}

/** Connects, listens, and returns when the server answers. */
export async function startServer(
  config: Config,
  logger: Logger,
  timings: Timings = {},
): Promise<RunningServer> {
  let isStopping = false;
  const stores = openStores(config, logger);
  const listedHosts = new Set([
    ...config.portals.listed.map(({ hostname }) => hostname),
    ...config.authorizationServers.map(({ hostname }) => hostname),
  ]);
  const http = createHttpClient({ mayBePrivate: (hostname) => listedHosts.has(hostname) });
  const { express, tokenRefresher, exports } = createApp({
    ...config,
    ...stores,
    ...timings,
    http,
    logger,
    now: Date.now,
    isStopping: () => isStopping,
  });
  const server = createServer(PATIENCE, express);
  server.on('clientError', answerMalformed({ isSecure: config.publicUrl.protocol === 'https:' }));
  const unanswered = countUnanswered(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  exports.start();
  const { port } = server.address() as { port: number };
  logger.info(
    { host: config.host, port, publicUrl: config.publicUrl.origin, store: stores.kind },
    'listening',
  );

  return {
    address: config.publicUrl.origin,
    async stop() {
      isStopping = true;
      const done = Promise.all([exports.stop(), tokenRefresher.drain(), unanswered.none()]);
      server.close();
      // A connection that was busy a moment ago is kept alive by its browser; it must not hold us.
      const closing = setInterval(() => server.closeIdleConnections(), 20);
      await Promise.race([done, pause(WAIT_MS)]);
      if (!tokenRefresher.isSaved()) {
        logger.error(
          'stopping with new tokens that could not be stored; these people will have to sign in again',
        );
      }
      clearInterval(closing);
      server.closeAllConnections();
      http.close();
      await stores.store.close();
      logger.info('stopped');
    },
  };
}

/** Counts requests whose answers have not gone out whole. */
function countUnanswered(server: Server): { none(): Promise<void> } {
  let count = 0;
  let onNone = () => {};
  server.on('request', (_req, res) => {
    count += 1;
    res.once('close', () => {
      count -= 1;
      if (count === 0) onNone();
    });
  });
  return {
    none: () =>
      new Promise((resolve) => {
        onNone = resolve;
        if (count === 0) resolve();
      }),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
