import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../app.ts';
import { idleTime } from '../auth/session.ts';
import type { Config } from '../config/config.ts';
import { hostHealthLog } from '../http-client/host-health-log.ts';
import { createHttpClient } from '../http-client/http-client.ts';
import { chooseProxy } from '../http-client/outgoing-proxy.ts';
import type { Logger } from '../log.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import { hostToListenOn, type MetricsServer, serveMetrics } from '../metrics/metrics-server.ts';
import { createServices, type Services } from '../services.ts';
import { type OpenStores, openStores } from '../store/open-stores.ts';
import { answerMalformed } from '../web/malformed-request.ts';
import { type Connections, watchConnections } from './connections.ts';

/**
 * How long a server that stops waits: a refresh or the exchange of a code that is in flight may still succeed, and no call
 * to a portal that a visitor waits for lasts longer. The platform's grace period should be 30 s or more.
 */
const WAIT_MS = 25_000;

/**
 * How long a visitor may take to send the head of a request, and all of it. By default Node checks only every 30 s, which
 * would give a client that sends a byte at a time that much longer.
 */
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };

/** Times that only tests change, so that minutes pass in seconds. */
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

/** Another program listens on the port. */
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
  const stores = openWatchedStores(config, metrics, logger);
  const http = createHttpClient({
    mayBePrivate: isListedHost(config),
    proxyFor: chooseProxy(config),
    observeCircuits: hostHealthLog(logger),
  });
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
    dataDir: config.dataDir,
    store: stores.store,
    sessionStore: stores.sessionStore,
    http,
    logger,
    now: Date.now,
    isStopping: () => isStopping,
    observers: metrics?.observers,
    exclusiveMs: timings.exclusiveMs,
  });
  const server = createServer(PATIENCE, createApp(services));
  server.on('clientError', answerMalformed({ isSecure: config.publicUrl.protocol === 'https:' }));
  const connections = watchConnections(server);
  // First, so that no visitor is served before it is known that this port is free.
  const metricsServer = await openMetrics(metrics, services, config, logger);
  const port = await listen(server, config);
  services.exports.start();
  const metricsPort = metricsServer?.port;
  const { host } = config;
  const publicUrl = config.publicUrl.href.replace(/\/$/, '');
  logger.info({ host, port, metricsPort, publicUrl, store: stores.kind }, 'listening');

  return {
    address: publicUrl,
    metricsPort,
    async stop() {
      isStopping = true;
      await finishWork(services, connections, logger);
      connections.end();
      http.close();
      // Until here it tells how the stopping goes.
      await metricsServer?.close();
      await stores.store.close();
      logger.info('stopped');
    },
  };
}

function openWatchedStores(
  { redis, dataDir, sessionHours }: Config,
  metrics: Metrics | undefined,
  logger: Logger,
): OpenStores {
  const stores = openStores({ redis, dataDir, idleMsOf: idleTime(sessionHours) }, logger);
  return metrics?.watchStores(stores) ?? stores;
}

/** A host that the settings name may be in a private network. */
function isListedHost({ portals, authorizationServers }: Config): (hostname: string) => boolean {
  const hosts = new Set([...portals.listed, ...authorizationServers].map(({ hostname }) => hostname));
  return (hostname) => hosts.has(hostname);
}

/** @returns the port, which the system chooses when the setting is 0 */
async function listen(server: Server, { host, port }: Config): Promise<number> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: hostToListenOn(host) }, resolve);
  });
  await listening.catch(nameTheSetting('PORT and PUBLIC_URL'));
  return (server.address() as AddressInfo).port;
}

/** Answers what was asked, ends refreshes and exports that are under way, and gives up after WAIT_MS. */
async function finishWork(
  { auth, exports }: Services,
  connections: Connections,
  logger: Logger,
): Promise<void> {
  const served = connections
    .refuseNew()
    // A request that was still let in may need a refresh, so only after those requests no refresh begins any more.
    .then(() => Promise.all([auth.drain(), connections.answered()]));
  const finished = Promise.all([exports.stop(), served]);
  await Promise.race([finished, sleep(WAIT_MS, undefined, { ref: false })]);
  if (!auth.isSaved()) {
    logger.error(
      'stopping with new tokens that could not be stored; these people will have to sign in again',
    );
  }
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
