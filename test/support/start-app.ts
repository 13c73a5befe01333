import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  type ClientOptions,
  type Emulator,
  type EmulatorOptions,
  SECRET_MARK,
  startEmulator,
} from '../../emulator/index.ts';
import { createApp } from '../../src/app.ts';
import { idleTime } from '../../src/auth/session.ts';
import { parseRequestLimits } from '../../src/bitrix24/limits/request-limits.ts';
import { parseAllowedPortals } from '../../src/bitrix24/portal.ts';
import { hostHealthLog } from '../../src/http-client/host-health-log.ts';
import { createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { createLogger } from '../../src/log.ts';
import { createServices, type Services } from '../../src/services.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis, type RedisClient } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { sessionStores } from '../../src/store/sessions.ts';
import type { Store } from '../../src/store/store.ts';
import { type BrowserAgent, createAgent, type Visit } from './browser-agent.ts';
import { aPortal } from './builders.ts';
import { createClock, type TestClock } from './clock.ts';
import { addToOutput, OUTPUT } from './output.ts';

export type StoreKind = 'embedded' | 'redis';
export const STORE_KINDS: StoreKind[] = ['embedded', 'redis'];

/**
 * For files that take long on each store: `npm test` runs them on the embedded one, `npm run test:slow` on Redis, and
 * `npm run test:all` on both. Their names are in the command of `test:slow`.
 */
export const STORE_KINDS_IN_TURN: readonly StoreKind[] = { slow: ['redis'] as const, 1: STORE_KINDS }[
  process.env.TEST_ALL ?? ''
] ?? ['embedded'];

export interface TestApp {
  /** What addresses begin with: the origin, and the path below which it is, if it is below one. */
  origin: string;
  emulator: Emulator;
  clock: TestClock;
  client: ClientOptions;
  store: Store;
  redis: RedisClient | undefined;
  dataDir: string;
  /** Log lines written so far. */
  logLines(): Record<string, unknown>[];
  /** Addresses the app has called, or tried to. */
  outgoing: URL[];
  agent(options?: { headers?: Record<string, string> }): BrowserAgent;
  /**
   * The same application once more, on the same data, as another process would run it; with other secrets, or as another
   * application, if it shall be.
   *
   * @returns its origin
   */
  replica(
    differing?: Partial<TestSecrets & Pick<ClientOptions, 'clientId' | 'clientSecret'>>,
  ): Promise<string>;
  /** The whole way in: from `path`, through the portal's login form, back to `path`. */
  signIn(agent: BrowserAgent, login?: string, options?: { portal?: number; path?: string }): Promise<Visit>;
  stop(): Promise<void>;
}

const SESSION_HOURS = 168;

export interface TestSecrets {
  sessionSecrets: string[];
  tokenKeys: Uint8Array[];
}

/** What the application starts with unless a test says otherwise. */
export const TEST_SECRETS: TestSecrets = {
  sessionSecrets: ['a session secret that only tests know'],
  tokenKeys: [Buffer.alloc(32, 'test token key')],
};

export interface TestAppOptions {
  store?: StoreKind;
  emulator?: EmulatorOptions;
  /** In place of the emulator's portals. */
  portals?: string;
  redisUrl?: string;
  dataDir?: string;
  authorizationServers?: string[];
  /** Where browsers are told to reach the app, when that is not where it listens. */
  publicUrl?: string;
  /** Below which path browsers reach the app, such as `/companies-app`. */
  subPath?: string;
  /** BITRIX24_LIMITS; emulated portals have none unless a test says so. */
  limits?: string;
  /** CACHE_SECONDS; by default every page asks the portal, so that a test sees what it has just changed. */
  cacheSeconds?: number;
  maxWaitingBrowsers?: number;
  /** Proxies that are believed, so that a test can have visitors from many addresses. */
  trustedProxies?: string[];
  /** Bends outgoing calls, for hosts that cannot be had here. */
  reroute?: (url: URL) => URL;
}

/** The real app in front of a real emulator, both on free ports, with a clock that both go by. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = createClock();
  const client: ClientOptions = {
    clientId: `local.${randomBytes(7).toString('hex')}.00000000`,
    // Marked like the emulator's tokens, so that one scan finds any leak.
    clientSecret: `client${SECRET_MARK}${randomBytes(12).toString('hex')}`,
    redirectUri: 'http://set-below.invalid/bitrix',
    scope: ['crm', 'user'],
  };
  const emulator = await startEmulator({ portals: [aPortal()], now: clock.now, ...options.emulator });
  const dataDir = options.dataDir ?? newDataDir();
  const { store, sessionStore, redis } = openStores(options, dataDir, clock);
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    isPretty: false,
    destination: {
      write(line: string) {
        lines.push(line);
        addToOutput(`app-${process.pid}.log`, line);
      },
    },
  });

  const server = createServer();
  const ownOrigin = await listen(server);
  const origin = ownOrigin + (options.subPath ?? '');
  emulator.registerClient({ ...client, redirectUri: `${origin}/bitrix` });
  const outgoing: URL[] = [];
  const http = watchOutgoing(
    createHttpClient({
      mayBePrivate: () => true,
      now: clock.now,
      observeCircuits: hostHealthLog(logger),
    }),
    outgoing,
    options.reroute,
  );
  const settings = {
    publicUrl: new URL(options.publicUrl ?? origin),
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    portals: parseAllowedPortals(
      options.portals ?? emulator.portals.map((portal) => portal.origin).join(','),
    ),
    authorizationServers: (options.authorizationServers ?? [emulator.authorizationServer]).map(
      (url) => new URL(url),
    ) as [URL],
    ...TEST_SECRETS,
    trustedProxies: options.trustedProxies ?? [],
    maxWaitingBrowsers: options.maxWaitingBrowsers,
    limits: parseRequestLimits(options.limits ?? ''),
    cacheSeconds: options.cacheSeconds ?? 0,
    dataDir,
    http,
    logger,
    now: clock.now,
    isStopping: () => false,
  };
  const first = createServices({ ...settings, store, sessionStore });
  first.exports.start();
  server.on('request', createApp(first));
  const replicas: { server: Server; store: Store; services: Services }[] = [];

  return {
    origin,
    emulator,
    clock,
    client,
    store,
    redis,
    dataDir,
    outgoing,
    logLines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    agent: (agentOptions = {}) => createAgent({ ...agentOptions, recorded: ownOrigin }),
    async signIn(agent, login = 'admin', { portal = 0, path = '/companies' } = {}) {
      const portalOrigin = emulator.portals[portal]?.origin ?? '';
      const start = `${origin}/login?portal=${encodeURIComponent(portalOrigin)}&returnTo=${encodeURIComponent(path)}`;
      const form = await agent.visit(start);
      return agent.post(form.url.href, { login, password: 'demo' });
    },
    async replica(differing = {}) {
      const stores = openStores(options, dataDir, clock);
      const second = createServices({ ...settings, ...stores, ...differing });
      second.exports.start();
      const another = createServer(createApp(second));
      replicas.push({ server: another, store: stores.store, services: second });
      return listen(another);
    },
    async stop() {
      for (const each of [{ server, store, services: first }, ...replicas]) {
        await each.services.exports.stop();
        await closeServer(each.server);
        await each.store.close();
      }
      http.close();
      await emulator.stop();
    },
  };
}

export function newDataDir(): string {
  mkdirSync(OUTPUT, { recursive: true });
  return mkdtempSync(join(OUTPUT, 'data-'));
}

function openStores(options: TestAppOptions, dataDir: string, clock: TestClock) {
  if (options.store !== 'redis' && options.redisUrl === undefined) {
    const store = openEmbeddedStore(dataDir, clock.now);
    return { store, sessionStore: sessionStores.embedded(store, idleTime(SESSION_HOURS)), redis: undefined };
  }
  const url = options.redisUrl ?? process.env.TEST_REDIS_URL ?? '';
  const redis = connectRedis(parseRedisAddress(url), () => {});
  return {
    store: createRedisStore(redis),
    sessionStore: sessionStores.redis(redis, idleTime(SESSION_HOURS)),
    redis,
  };
}

/** Nothing leaves this machine in a test, and a test can tell what was called. */
function watchOutgoing(http: HttpClient, outgoing: URL[], reroute = (url: URL) => url): HttpClient {
  function pass(url: URL): URL {
    outgoing.push(url);
    const target = reroute(url);
    if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(target.hostname))
      throw new Error(`a test called ${target.host}`);
    return target;
  }
  return {
    postForm: (url, fields, limits) => http.postForm(pass(url), fields, limits),
    postJson: (url, body, limits) => http.postJson(pass(url), body, limits),
    probe: (url, limits) => http.probe(pass(url), limits),
    assertCircuitClosed: (url) => http.assertCircuitClosed(reroute(url)),
    close: () => http.close(),
  };
}

/** @returns the origin */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
