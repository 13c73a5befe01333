import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import type session from 'express-session';
import { createAnswerCache } from './portal-client/answer-cache.ts';
import { type AllowedPortals, findAllowedEndpoint } from './bitrix24/portal.ts';
import { createRateLimiter } from './bitrix24/limits/rate-limiter.ts';
import type { RequestLimits } from './bitrix24/limits/request-limits.ts';
import { createExports, type Exports } from './exports/exports.ts';
import type { HttpClient } from './http-client/http-client.ts';
import type { Logger } from './log.ts';
import type { Observers } from './metrics/observers.ts';
import { createTokenEndpoint } from './oauth/token-endpoint.ts';
import { createOverview } from './overview/overview.ts';
import { createEpochs, createLimitRecords } from './portal-client/limit-records.ts';
import type { Store } from './store/store.ts';
import { createCipher } from './vault/cipher.ts';
import { createTokenRefresher, type TokenRefresher } from './vault/token-refresher.ts';
import { createTokenVault } from './vault/token-vault.ts';
import {
  leavePortal,
  showAccount,
  signOutBrowser,
  signOutEverywhere,
  switchPerson,
} from './auth/account-page.ts';
import { createAutomaticSteps } from './auth/automatic-trips.ts';
import { createBrowsers } from './auth/sign-ins.ts';
import { openView, showCompanies } from './companies/list-page.ts';
import { showCompany } from './companies/card-page.ts';
import { createCompanyReader } from './companies/company-reader.ts';
import { compressPages, compressPieces } from './web/compress-pages.ts';
import { errorPage, nothingHere } from './web/error-page.ts';
import { sendExportEvents } from './exports/export-events.ts';
import { createViewReader } from './exports/export-view.ts';
import {
  cancelExport,
  forgetExport,
  resumeExport,
  sendExportFile,
  showExports,
  startExport,
} from './exports/exports-page.ts';
import { receiveFrame } from './auth/frame-entry.ts';
import {
  type Readiness,
  readReadiness,
  readReadinessSeldom,
  showHealth,
  showReadiness,
} from './web/health.ts';
import { chooseLanguage, speakLanguage } from './web/language.ts';
import { forgetView, saveLayout, saveView } from './companies/saved-views.ts';
import { forgettingOverview, showOverview } from './overview/overview-page.ts';
import { createPendingAuthorizations, PENDING_MS } from './auth/pending-authorizations.ts';
import { createPeople } from './auth/browser-accounts.ts';
import { createPreferences } from './companies/preferences.ts';
import { ignorePrefetch } from './web/prefetch.ts';
import { neverStored, protectiveHeaders, requireSameOrigin } from './web/protect.ts';
import { background, limitedPortalOf, restClientOf } from './portal-client/portal-client.ts';
import { requestLog } from './web/request-log.ts';
import { watchRequests } from './web/request-observer.ts';
import { pathAskedFor } from './web/request-target.ts';
import { isRedirectionEndpoint } from './auth/return-to.ts';
import { browserSession, type SignedIn } from './auth/session.ts';
import {
  countRefusals,
  finishAuthorization,
  showAnotherSignIn,
  showSignIn,
  signOutHere,
  startAuthorization,
  startTypedAuthorization,
} from './auth/redirection-endpoint.ts';
import { renderTemplate, VIEWS } from './web/templates.ts';
import { createVisitorLimits } from './auth/visitor-limits.ts';
import { createWaitingBrowsers } from './auth/waiting-browsers.ts';

export interface AppDependencies {
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
  /** Where files are kept that people may fetch; replicas share it. */
  dataDir: string;
  store: Store;
  sessionStore: session.Store;
  http: HttpClient;
  logger: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** True from the moment the process was asked to stop. */
  isStopping: () => boolean;
  /** Whom to tell what happens here; nobody when absent. */
  observers?: Observers | undefined;
  /** How long a dead process keeps others from refreshing; as long as refresh.md says when absent. */
  exclusiveMs?: number | undefined;
  /** How many browsers may be at a portal at the same time; as many as usual when absent. */
  maxWaitingBrowsers?: number | undefined;
}

export interface App {
  /** Answers requests. */
  listener: RequestListener;
  /** Whose exchanges the process waits for before it stops. */
  tokenRefresher: TokenRefresher;
  /** Work in the background, which begins when it is started. */
  exports: Exports;
  /** What `/readyz` goes by. */
  readiness: () => Promise<Readiness>;
}

const PUBLIC = join(import.meta.dirname, '../public');
/** A path of their own, so that no page costs a look at the disk. */
const ASSETS = '/assets';
/** Some 7 MB in Redis. A portal whose people sign in at the rate of fifteen a second needs no more. */
const MAX_WAITING_BROWSERS = 10_000;

/** The whole application: middleware in order, then every route. */
export function createApp(dependencies: AppDependencies): App {
  const { publicUrl, portals, store, logger, now, observers } = dependencies;
  const isSecure = publicUrl.protocol === 'https:';
  const tokenEndpoint = createTokenEndpoint({ ...dependencies, observeCall: observers?.tokenCall });
  const vault = createTokenVault({ store, cipher: createCipher(dependencies.tokenKeys) });
  const tokenRefresher = createTokenRefresher({
    ...dependencies,
    vault,
    tokenEndpoint,
    findEndpoint: (text) => findAllowedEndpoint(text, portals),
    onStoreReturn: (listener) => store.onReturn(listener),
    observer: observers?.refreshes,
  });
  const pendingAuthorizations = createPendingAuthorizations(dependencies);
  const waitingBrowsers = createWaitingBrowsers({
    max: dependencies.maxWaitingBrowsers ?? MAX_WAITING_BROWSERS,
    lifetimeMs: PENDING_MS,
    now,
    // What cannot be removed just now lapses by itself.
    forget({ binding, sessionId }) {
      pendingAuthorizations.forget(binding).catch(() => {});
      if (sessionId !== undefined) dependencies.sessionStore.destroy(sessionId);
    },
  });
  const visitorLimits = createVisitorLimits({ ...dependencies, observeRefused: observers?.visitorRefused });
  const browsers = createBrowsers(dependencies);
  const people = createPeople({ browsers, now, isSecure });
  const rateLimiter = createRateLimiter({
    records: createLimitRecords(store, dependencies.clientId),
    limits: dependencies.limits,
    observer: observers?.limiter,
  });
  const answers = createAnswerCache({
    freshMs: dependencies.cacheSeconds * 1000,
    epochs: createEpochs(store),
    now,
    observe: observers?.answer,
  });
  const reading = { ...dependencies, tokenRefresher, rateLimiter, observeRestCall: observers?.restCall };
  const overview = createOverview<SignedIn>({
    ...dependencies,
    clientFor: (person, signal) => restClientOf(person, reading, { urgency: background(signal) }),
  });
  const companyReader = forgettingOverview(
    createCompanyReader({ ...reading, answers, visitorLimits }),
    overview,
  );
  const preferences = createPreferences(dependencies);
  const exports = createExports({
    ...dependencies,
    observer: observers?.exports,
    portals: {
      clientFor: ({ owner, portal }, signal) =>
        restClientOf({ ...owner, portal }, reading, { urgency: background(signal) }),
      outlookFor: ({ owner, portal }) =>
        rateLimiter.outlook(limitedPortalOf({ ...owner, portal }, reading), 'crm.company.list'),
    },
  });
  const exporting = {
    ...dependencies,
    exports,
    requireAccess: companyReader.requireAccess,
    readView: createViewReader({ wordsFor: companyReader.wordsFor, preferences }),
    isSignedIn: browsers.see,
  };
  const signingIn = {
    ...dependencies,
    tokenEndpoint,
    vault,
    pendingAuthorizations,
    waitingBrowsers,
    visitorLimits,
    people,
    rateLimiter,
    companyReader,
    exports,
    observeRestCall: observers?.restCall,
    observeSignIn: observers?.signIn,
  };
  const accounts = { ...reading, vault, browsers, people, companyReader };
  const readiness = () => readReadiness({ ...dependencies, tokenRefresher });
  const showing = { portals, companyReader, preferences, now };

  const app = express();
  app.disable('x-powered-by');
  // Pages are never stored, so nobody could send a tag back.
  app.disable('etag');
  app.set('is secure', isSecure);
  app.set('trust proxy', dependencies.trustedProxies);
  app.set('query parser', 'simple');
  // The last resort of Express shows stack traces unless it believes to be in production.
  app.set('env', 'production');
  app.set('view engine', 'ejs');
  // In development too: `npm run dev` restarts when a view changes.
  app.enable('view cache');
  app.set('views', VIEWS);
  app.engine('ejs', renderTemplate);
  app.locals.asset = assetAddresses();

  if (observers) app.use(watchRequests(observers.request));
  app.use(requestLog(logger.child({ clientId: dependencies.clientId })));
  app.use(compressPages());
  app.use(protectiveHeaders({ publicUrl, portals }));
  app.get('/healthz', showHealth());
  app.get('/readyz', showReadiness({ ...dependencies, readiness: readReadinessSeldom(readiness) }));
  // Before anything that can fail: an error page needs a language too.
  app.use(speakLanguage());
  const assets = express.static(PUBLIC, { index: false, redirect: false, maxAge: '30d', immutable: true });
  app.use(ASSETS, compressPieces, assets);

  app.use(neverStored());
  app.post('/bitrix', receiveFrame({ publicUrl, portals }));
  app.use(requireSameOrigin(publicUrl));
  app.use(express.urlencoded({ extended: false, limit: '10kb' }));
  app.post('/language', chooseLanguage({ isSecure }));
  app.use(ignorePrefetch(isRedirectionEndpoint));
  app.use(people.readAhead());
  app.use(
    browserSession({
      store: dependencies.sessionStore,
      secrets: dependencies.sessionSecrets,
      isSecure,
    }),
  );
  app.use(people.recognise());

  app.get('/', showSignIn(signingIn));
  app.get('/login', startAuthorization(signingIn));
  app.post('/login', startTypedAuthorization(signingIn));
  app.get('/bitrix', countRefusals(visitorLimits, finishAuthorization(signingIn)));
  app.post('/logout', signOutHere(signingIn));
  app.get('/companies', showCompanies(showing));
  app.get('/companies/view', openView());
  app.post('/companies/views', saveView(showing));
  app.post('/companies/views/forget', forgetView(showing));
  app.post('/companies/layout', saveLayout(showing));
  app.get('/companies/:id', showCompany(showing));
  app.get('/overview', showOverview({ overview, now }));
  app.get('/exports', showExports(exporting));
  app.post('/exports', startExport(exporting));
  app.get('/exports/events', sendExportEvents(exporting));
  app.get('/exports/:id/file', compressPieces, sendExportFile(exporting));
  app.post('/exports/:id/cancel', cancelExport(exporting));
  app.post('/exports/:id/resume', resumeExport(exporting));
  app.post('/exports/:id/forget', forgetExport(exporting));
  app.get('/account', showAccount(accounts));
  app.get('/account/add', showAnotherSignIn(signingIn));
  app.post('/account/switch', switchPerson(accounts));
  app.post('/account/leave', leavePortal(accounts));
  app.post('/account/sign-out-browser', signOutBrowser(accounts));
  app.post('/account/sign-out-everywhere', signOutEverywhere(accounts));

  app.use(nothingHere());
  app.use(errorPage({ automaticSteps: createAutomaticSteps({ store, now }) }));
  const listener: RequestListener = (req, res) => {
    req.url = pathAskedFor(req.url ?? '');
    app(req, res);
  };
  return { listener, tokenRefresher, exports, readiness };
}

/** Addresses of the files in public/ that change with their content, so that browsers may keep them. */
function assetAddresses(): (name: string) => string {
  const versions = new Map(
    readdirSync(PUBLIC).map((name) => {
      const digest = createHash('sha256')
        .update(readFileSync(join(PUBLIC, name)))
        .digest('hex');
      return [name, `${ASSETS}/${name}?v=${digest.slice(0, 8)}`];
    }),
  );
  return (name) => versions.get(name) ?? `${ASSETS}/${name}`;
}
