import type session from 'express-session';
import { type Auth, createAuth } from './auth/index.ts';
import { createVisitorLimits } from './auth/visitor-limits.ts';
import type { RequestLimits } from './bitrix24/limits/request-limits.ts';
import type { AllowedPortals } from './bitrix24/portal.ts';
import { type CompanyReader, createCompanyReader } from './companies/company-reader.ts';
import { listAddress } from './companies/list-query.ts';
import { createPreferences, type PreferencesStore } from './companies/preferences.ts';
import { createExports, type Exports } from './exports/exports.ts';
import type { HttpClient } from './http-client/http-client.ts';
import type { Logger } from './log.ts';
import type { Observers } from './metrics/observers.ts';
import { createOverview, type Overview } from './overview/overview.ts';
import { createAnswerCache } from './portal-client/answer-cache.ts';
import { createEpochs } from './portal-client/epochs.ts';
import { background } from './portal-client/portal-client.ts';
import { watchDataDir } from './store/data-dir-watch.ts';
import type { Store } from './store/store.ts';
import { type Readiness, readReadiness } from './web/health.ts';

/** The settings that the application goes by, and the parts that live as long as the process. */
export interface ServicesOptions {
  publicUrl: URL;
  clientId: string;
  clientSecret: string;
  portals: AllowedPortals;
  authorizationServers: [URL, ...URL[]];
  sessionSecrets: string[];
  tokenKeys: Uint8Array[];
  trustedProxies: string[];
  /** What portals allow. */
  limits: RequestLimits;
  /** Age in seconds up to which an answer of a portal is shown again; 0 keeps none. */
  cacheSeconds: number;
  /** Where export files are kept; replicas share it. */
  dataDir: string;
  store: Store;
  sessionStore: session.Store;
  http: HttpClient;
  logger: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** True from the moment the process was asked to stop. */
  isStopping: () => boolean;
  /** Absent: nothing is measured. */
  observers?: Observers | undefined;
  /** How long a dead process keeps others from refreshing; as long as refresh.md says when absent. */
  exclusiveMs?: number | undefined;
  /** How many browsers may be at a portal at the same time; as many as usual when absent. */
  maxWaitingBrowsers?: number | undefined;
}

/** What the routes are made of. Holds no secret: those went to three constructors of `auth`. */
export interface Services {
  publicUrl: URL;
  clientId: string;
  portals: AllowedPortals;
  trustedProxies: string[];
  logger: Logger;
  now: () => number;
  isStopping: () => boolean;
  observers: Observers | undefined;
  auth: Auth;
  companyReader: CompanyReader;
  preferences: PreferencesStore;
  overview: Overview;
  /** Work in the background, which begins when it is started. */
  exports: Exports;
  /** What `/readyz` goes by. */
  readiness: () => Promise<Readiness>;
}

/** Makes everything once. */
export function createServices(options: ServicesOptions): Services {
  const { publicUrl, clientId, portals, trustedProxies, store, logger, now, isStopping, observers } = options;
  const auth = createAuth({
    publicUrl,
    clientId,
    clientSecret: options.clientSecret,
    home: listAddress(),
    portals,
    authorizationServers: options.authorizationServers,
    sessionSecrets: options.sessionSecrets,
    tokenKeys: options.tokenKeys,
    store,
    sessionStore: options.sessionStore,
    limits: options.limits,
    http: options.http,
    logger,
    now,
    observers,
    exclusiveMs: options.exclusiveMs,
    maxWaitingBrowsers: options.maxWaitingBrowsers,
  });
  const { portalClients } = auth;

  const overview = createOverview({
    store,
    clientFor: (user, signal) => portalClients.clientFor(user, { priority: background(signal) }),
    logger,
    now,
  });
  const answers = createAnswerCache({
    freshMs: options.cacheSeconds * 1000,
    epochs: createEpochs(store),
    now,
    observe: observers?.answer,
    onAccessEnded: overview.forget,
  });
  const companyReader = createCompanyReader({
    answers,
    portalClients,
    visitorLimits: createVisitorLimits({ store, clientId, observeRefused: observers?.visitorRefused }),
  });
  const exports = createExports({
    store,
    clientId,
    dataDir: options.dataDir,
    logger,
    observer: observers?.exports,
    portals: {
      clientFor: ({ owner, portal }, signal) =>
        portalClients.clientFor({ ...owner, portal }, { priority: background(signal) }),
      forecastFor: ({ owner, portal }) => portalClients.forecastFor({ ...owner, portal }, 'crm.company.list'),
    },
  });
  auth.onSignedOut((user) => Promise.all([companyReader.forget(user), overview.forget(user)]));
  auth.onForgotten((user) => exports.forgetAll(user));

  const isDataDirWritable = watchDataDir(options.dataDir, logger);
  // Once now, so that the log says it at the start and not with the first export.
  isDataDirWritable();

  return {
    publicUrl,
    clientId,
    portals,
    trustedProxies,
    logger,
    now,
    isStopping,
    observers,
    auth,
    companyReader,
    preferences: createPreferences(store),
    overview,
    exports,
    readiness: () => readReadiness({ store, isSaved: auth.isSaved, isStopping, isDataDirWritable }),
  };
}
