import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../app.ts';
import { idleTime } from '../auth/session.ts';
import type { Config } from '../config/config.ts';
import { createHttpClient } from '../http-client/http-client.ts';
import type { Logger } from '../log.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import { type MetricsServer, serveMetrics } from '../metrics/metrics-server.ts';
import { createServices, type Services } from '../services.ts';
import { type OpenStores, openStores } from '../store/open-stores.ts';
import { answerMalformed } from '../web/malformed-request.ts';
import { watchConnections } from './connections.ts';

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
  /** Where `/metrics` is; absent when METRICS_PORT is. */
  metricsPort: number | undefined;
  stop(): Promise<void>;
}

/** A port of ours is another program's. */
class PortTakenError extends Error {
  readonly code = 'EADDRINUSE';

  constructor(settings: string) {
    super(`The port is taken by another program. Stop it, or set ${settings}.`);
  }
}

/**
 * Connects, listens, and returns when the server answers.
 *
 * @throws {PortTakenError}  its message is a whole sentence for people
 */
export async function startServer(
  config: Config,
  logger: Logger,
  timings: Timings = {},
): Promise<RunningServer> {
  let isStopping = false;
  const metrics = config.metricsPort === undefined ? undefined : createMetrics();
  const { redis, dataDir } = config;
  const opened = openStores({ redis, dataDir, idleMsOf: idleTime(config.sessionHours) }, logger);
  const stores: OpenStores = metrics?.watchStores(opened) ?? opened;
  const listedHosts = new Set([
    ...config.portals.listed.map(({ hostname }) => hostname),
    ...config.authorizationServers.map(({ hostname }) => hostname),
  ]);
  const http = createHttpClient({ mayBePrivate: (hostname) => listedHosts.has(hostname) });
  const services = createServices({
    publicUrl: config.publicUrl,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    portals: config.portals,
    authorizationServers: config.authorizationServers,
    sessionSecrets: config.sessionSecrets,
    tokenKeys: config.tokenKeys,
    trustedProxies: config.trustedProxies,
    limits: config.limits,
    cacheSeconds: config.cacheSeconds,
    dataDir,
    store: stores.store,
    sessionStore: stores.sessionStore,
    http,
    logger,
    now: Date.now,
    isStopping: () => isStopping,
    observers: metrics?.observers,
    exclusiveMs: timings.exclusiveMs,
  });
  const { auth, exports } = services;
  const server = createServer(PATIENCE, createApp(services));
  server.on('clientError', answerMalformed({ isSecure: config.publicUrl.protocol === 'https:' }));
  const connections = watchConnections(server);
  // First, so that nobody is let in before it is known that the port is free.
  const metricsServer = await openMetrics(metrics, services, config, logger);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  await listening.catch(nameTheSetting('PORT and PUBLIC_URL'));
  exports.start();
  const { port } = server.address() as { port: number };
  logger.info(
    {
      host: config.host,
      port,
      metricsPort: metricsServer?.port,
      publicUrl: config.publicUrl.origin,
      store: stores.kind,
    },
    'listening',
  );

  return {
    address: config.publicUrl.origin,
    metricsPort: metricsServer?.port,
    async stop() {
      isStopping = true;
      const served = connections
        .refuseNew()
        // Whoever was still let in may need a refresh, so only after them none begins any more.
        .then(() => Promise.all([auth.drain(), connections.answered()]));
      await Promise.race([Promise.all([exports.stop(), served]), sleep(WAIT_MS, undefined, { ref: false })]);
      if (!auth.isSaved()) {
        logger.error(
          'stopping with new tokens that could not be stored; these people will have to sign in again',
        );
      }
      connections.end();
      http.close();
      // Until here it tells how the stopping goes.
      await metricsServer?.close();
      await stores.store.close();
      logger.info('stopped');
    },
  };
}

async function openMetrics(
  metrics: Metrics | undefined,
  { readiness }: Services,
  { host, metricsPort }: Config,
  logger: Logger,
): Promise<MetricsServer | undefined> {
  if (metrics === undefined || metricsPort === undefined) return undefined;
  return serveMetrics({
    host,
    port: metricsPort,
    contentType: metrics.contentType,
    exposition: async () => metrics.exposition(await readiness()),
    logger,
  }).catch(nameTheSetting('METRICS_PORT'));
}

function nameTheSetting(settings: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'EADDRINUSE' ? new PortTakenError(settings) : error;
  };
}
