import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express';
import type session from 'express-session';
import { createRateLimiter, type LimiterObserver } from '../bitrix24/limits/rate-limiter.ts';
import { parseRequestLimits, type RequestLimits } from '../bitrix24/limits/request-limits.ts';
import { type AllowedPortals, findAllowedEndpoint, parseAllowedPortals } from '../bitrix24/portal.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import { createHttpClient, type HttpClient } from '../http-client/http-client.ts';
import { createLogger, type Logger } from '../log.ts';
import { createTokenEndpoint } from '../oauth/token-endpoint.ts';
import { createLimitRecords } from '../portal-client/limit-records.ts';
import { createPortalClients, type PortalClients } from '../portal-client/portal-client.ts';
import { idOf, type PortalUser, type PortalUserId } from '../portal-user.ts';
import { type OpenStores, openStores as openStoresAt } from '../store/open-stores.ts';
import { parseRedisAddress } from '../store/redis/redis-address.ts';
import type { Store } from '../store/store.ts';
import { createCipher } from '../vault/cipher.ts';
import { SYSTEM_CLOCK } from '../vault/clock.ts';
import { parseTokenKey, TOKEN_KEY_PREFIX } from '../vault/token-record.ts';
import { createTokenRefresher, type RefreshObserver } from '../vault/token-refresher.ts';
import { createTokenVault, type TokenDescription } from '../vault/token-vault.ts';
import { ignorePrefetch } from '../web/prefetch.ts';
import { requireSameOrigin } from '../web/protect.ts';
import { bindLog } from '../web/request-log.ts';
import {
  leaveAccount,
  showAccount,
  signOutBrowser,
  signOutEverywhere,
  switchAccount,
} from './account-page.ts';
import { createAccounts } from './accounts.ts';
import { startAuthorization, startTypedAuthorization } from './authorization-request.ts';
import { createAutomaticSteps } from './automatic-steps.ts';
import { requireSignIn } from './current-user.ts';
import { type AuthHooks, createAuthHooks } from './hooks.ts';
import { createPendingAuthorizations, PENDING_MS } from './pending-authorizations.ts';
import { allowStep, reauthorize } from './reauthorize.ts';
import { countRefusals, finishAuthorization, type SignInObserver } from './redirection-endpoint.ts';
import { isRedirectionEndpoint } from './return-to.ts';
import { browserSession, idleTime } from './session.ts';
import { showAnotherSignIn, showSignIn } from './sign-in-page.ts';
import { createSignIns } from './sign-ins.ts';
import { signOutHere } from './sign-out.ts';
import type { SignedInUser } from './signed-in-user.ts';
import { createVisitorLimits, type VisitorLimit } from './visitor-limits.ts';
import { createWaitingBrowsers } from './waiting-browsers.ts';

export type { PortalUser, SignedInUser };

/**
 * Opens the store for `createAuth`.
 *
 * @param options.redisUrl      as REDIS_URL writes it; without one the embedded store in `dataDir` is opened
 * @param options.sessionHours  how long a browser session may be idle
 */
export function openStores({
  redisUrl,
  dataDir = './data',
  sessionHours = 168,
  logger = defaultLogger(),
}: {
  redisUrl?: string;
  dataDir?: string;
  sessionHours?: number;
  logger?: Logger;
} = {}): OpenStores {
  const redis = redisUrl === undefined ? undefined : parseRedisAddress(redisUrl);
  return openStoresAt({ redis, dataDir, idleMsOf: idleTime(sessionHours) }, logger);
}

/** What signing in with Bitrix24 needs to know. */
export interface AuthOptions {
  /** Where browsers reach the application; the redirect URI to register at the portal is this + `/bitrix`. */
  publicUrl: URL | string;
  /** `client_id` and `client_secret` from the application's card in Bitrix24. */
  clientId: string;
  clientSecret: string;
  /** Portals that may sign in, as BITRIX24_PORTALS writes them. */
  portals: AllowedPortals | string;
  /** Where a browser goes after a sign-in that asked for no page. */
  home?: string;
  /** Where a browser chooses between several portals: `{signInPage}?returnTo=…`; its links lead to `/login?portal=…`. */
  signInPage?: string;
  /** The only hosts that ever get the client secret. Bitrix24's own two when absent. */
  authorizationServers?: readonly (URL | string)[] | undefined;
  /** 32 characters or more each; the first signs the session cookie, all verify. */
  sessionSecrets: string[];
  /** 32 bytes each, as they are or in base64; the first seals tokens, all open them. */
  tokenKeys: readonly (Uint8Array | string)[];
  /** Where tokens, sessions and limits are kept; see `openStores`. */
  store: Store;
  sessionStore: session.Store;
  /** What portals allow; Bitrix24's documented limits for its cloud when absent. */
  limits?: RequestLimits;
  http?: HttpClient;
  logger?: Logger;
  /** Milliseconds since the epoch. */
  now?: () => number;
  observers?: AuthObservers | undefined;
  /** How long a dead process keeps others from refreshing, in milliseconds; as long as refresh.md says when absent. */
  exclusiveMs?: number | undefined;
  /** How many browsers may be at a portal at the same time. */
  maxWaitingBrowsers?: number | undefined;
}

/** Called when things happen, for a host that measures. */
export interface AuthObservers {
  tokenCall?: CallObserver;
  restCall?: CallObserver;
  refreshes?: RefreshObserver;
  limiter?: LimiterObserver;
  signIn?: SignInObserver;
  visitorRefused?: (limit: VisitorLimit) => void;
}

/** Signing in with Bitrix24, for an Express application. */
export interface Auth extends AuthHooks {
  /** Reads the session and finds the signed-in user. Before every route of the host. */
  middleware: RequestHandler[];
  /** `GET` and `POST /login`, `GET /bitrix`, `POST /logout`. */
  routes: Router;
  /** The same and the pages, one by one, for a host that writes its own table of routes and renders our views. */
  handlers: Record<AuthHandler, RequestHandler>;
  /** Lets only signed-in users pass; others get `SignInRequiredError`, which `reauthorize` turns into a sign-in. */
  requireSignIn: RequestHandler;
  /** Sends a page that needs a sign-in through the portal and back. After every route of the host. */
  reauthorize: ErrorRequestHandler;
  /** The signed-in user of a request behind `requireSignIn`. @throws {SignInRequiredError} */
  userOf(req: Request): SignedInUser;
  /** Calls the portal as this user, with an access token that is refreshed when needed and within the portal's limits. */
  clientFor: PortalClients['clientFor'];
  portalClients: PortalClients;
  /** The users of this application whose tokens are stored, in no order: for work that no browser asks for. */
  users(): AsyncIterable<PortalUser>;
  /** What is stored about the user's tokens, without them; undefined when there are none. */
  describe(user: PortalUserId): Promise<TokenDescription | undefined>;
  /** Deletes the user's tokens, and awaits what `onForgotten` listeners delete. */
  forget(user: PortalUser): Promise<void>;
  /** Whether this sign-in is still valid: the person may have signed out from another browser. */
  isSignedIn(user: SignedInUser): Promise<boolean>;
  /** Counts a reload that an error page takes by itself. @returns whether it may */
  mayReload(req: Request): Promise<boolean>;
  /** Whether the store takes writes and holds all tokens. */
  ready(): Promise<boolean>;
  /** False while new tokens are held in memory that the store has not taken yet. */
  isSaved(): boolean;
  /** Before the process ends: begins no refresh any more, and resolves when those under way are stored. */
  drain(): Promise<void>;
}

type AuthHandler =
  | 'showSignIn'
  | 'startAuthorization'
  | 'startTypedAuthorization'
  | 'finishAuthorization'
  | 'signOut'
  | 'showAccount'
  | 'showAnotherSignIn'
  | 'switchAccount'
  | 'leaveAccount'
  | 'signOutBrowser'
  | 'signOutEverywhere';

/** Bitrix24's two authorization servers (protocol 2.1). */
const AUTHORIZATION_SERVERS = ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech'];
/** Bitrix24's documented limits for cloud portals (protocol 5). */
const CLOUD_LIMITS = '*.bitrix24.*=50/2';
/** Some 7 MB in Redis. A portal whose users sign in at the rate of fifteen a second needs no more. */
const MAX_WAITING_BROWSERS = 10_000;

/**
 * Makes everything that signing in needs, from a store and a few settings.
 *
 * It knows nothing of what the host shows: `onSignedOut` and `onForgotten` tell the host's rooms what to delete.
 */
export function createAuth({
  clientId,
  clientSecret,
  sessionSecrets,
  store,
  sessionStore,
  home = '/',
  signInPage = '/',
  limits = parseRequestLimits(CLOUD_LIMITS),
  logger = defaultLogger(),
  now = Date.now,
  observers = {},
  exclusiveMs,
  maxWaitingBrowsers = MAX_WAITING_BROWSERS,
  ...given
}: AuthOptions): Auth {
  const publicUrl = new URL(given.publicUrl);
  const isSecure = publicUrl.protocol === 'https:';
  const portals = typeof given.portals === 'string' ? parseAllowedPortals(given.portals) : given.portals;
  const servers = (given.authorizationServers ?? AUTHORIZATION_SERVERS).map((each) => new URL(each));
  const authorizationServers = requireOne(servers);
  const tokenKeys = given.tokenKeys.map((key) =>
    typeof key === 'string' ? Buffer.from(key, 'base64') : key,
  );
  const http = given.http ?? createHttpClient({ mayBePrivate: isListed(portals, authorizationServers) });

  const vault = createTokenVault({ store, cipher: createCipher(tokenKeys) });
  const tokenEndpoint = createTokenEndpoint({
    clientId,
    clientSecret,
    http,
    observeCall: observers.tokenCall,
  });
  const tokenRefresher = createTokenRefresher({
    vault,
    tokenEndpoint,
    authorizationServers,
    logger,
    clock: { ...SYSTEM_CLOCK, now },
    exclusiveMs,
    findEndpoint: (text) => findAllowedEndpoint(text, portals),
    onStoreReturn: (listener) => store.onReturn(listener),
    observer: observers.refreshes,
  });
  const rateLimiter = createRateLimiter({
    records: createLimitRecords(store, clientId),
    limits,
    observer: observers.limiter,
  });
  const portalClients = createPortalClients({
    portals,
    tokenRefresher,
    http,
    rateLimiter,
    observeCall: observers.restCall,
  });

  const pendingAuthorizations = createPendingAuthorizations({ store, clientId });
  const waitingBrowsers = createWaitingBrowsers({
    max: maxWaitingBrowsers,
    lifetimeMs: PENDING_MS,
    now,
    forget({ binding, sessionId }) {
      // A record that cannot be deleted now lapses by itself.
      pendingAuthorizations.forget(binding).catch(() => {});
      if (sessionId !== undefined) sessionStore.destroy(sessionId);
    },
  });
  const visitorLimits = createVisitorLimits({ store, clientId, observeRefused: observers.visitorRefused });
  const signIns = createSignIns({ store, now });
  const accounts = createAccounts({ signIns, clientId, now });
  const hooks = createAuthHooks();
  const automaticSteps = createAutomaticSteps({ store, now });

  const signInDependencies = { home, portals, accounts };
  const authorizationRequest = {
    clientId,
    home,
    signInPage,
    portals,
    accounts,
    pendingAuthorizations,
    waitingBrowsers,
    visitorLimits,
  };
  const redirectionEndpoint = {
    ...authorizationRequest,
    authorizationServers,
    tokenEndpoint,
    vault,
    events: hooks,
    portalClients,
    now,
    observeSignIn: observers.signIn,
  };
  const accountPage = { home, portals, portalClients, vault, signIns, accounts, events: hooks, now };
  const handlers: Record<AuthHandler, RequestHandler> = {
    showSignIn: showSignIn(signInDependencies),
    startAuthorization: startAuthorization(authorizationRequest),
    startTypedAuthorization: startTypedAuthorization(authorizationRequest),
    finishAuthorization: countRefusals(visitorLimits, finishAuthorization(redirectionEndpoint)),
    signOut: signOutHere({ vault, accounts, events: hooks }),
    showAccount: showAccount(accountPage),
    showAnotherSignIn: showAnotherSignIn(signInDependencies),
    switchAccount: switchAccount(accountPage),
    leaveAccount: leaveAccount(accountPage),
    signOutBrowser: signOutBrowser(accountPage),
    signOutEverywhere: signOutEverywhere(accountPage),
  };

  return {
    middleware: [
      bindLog(logger.child({ clientId })),
      requireSameOrigin(publicUrl),
      express.urlencoded({ extended: false, limit: '10kb' }),
      ignorePrefetch(isRedirectionEndpoint),
      ...browserSession({ store: sessionStore, secrets: sessionSecrets, isSecure }),
      accounts.loadCurrentUser(),
    ],
    routes: express
      .Router()
      .get('/login', handlers.startAuthorization)
      .post('/login', handlers.startTypedAuthorization)
      .get('/bitrix', handlers.finishAuthorization)
      .post('/logout', handlers.signOut),
    handlers,
    requireSignIn(req, _res, next) {
      requireSignIn(req);
      next();
    },
    reauthorize: reauthorize(automaticSteps),
    userOf: requireSignIn,
    clientFor: portalClients.clientFor,
    portalClients,
    async *users() {
      for await (const key of store.keys(TOKEN_KEY_PREFIX)) {
        const id = parseTokenKey(key);
        if (id?.clientId !== clientId) continue;
        const tokens = await vault.load(id);
        if (tokens) yield { ...id, portal: new URL(tokens.clientEndpoint).origin };
      }
    },
    describe: (user) => vault.describe(idOf(user)),
    async forget(user) {
      await vault.forget(idOf(user));
      await hooks.forgotten(user);
    },
    isSignedIn: accounts.isSignedIn,
    mayReload: (req) => allowStep(automaticSteps, 'reload', req),
    async ready() {
      const isWritable = await store.ping().then(
        () => true,
        () => false,
      );
      return isWritable && tokenRefresher.isSaved();
    },
    isSaved: tokenRefresher.isSaved,
    drain: tokenRefresher.drain,
    onSignedIn: hooks.onSignedIn,
    onSignedOut: hooks.onSignedOut,
    onForgotten: hooks.onForgotten,
  };
}

function defaultLogger(): Logger {
  return createLogger({ level: 'info', isPretty: process.stdout.isTTY === true });
}

function requireOne(servers: URL[]): [URL, ...URL[]] {
  const [first, ...others] = servers;
  if (first === undefined) throw new Error('authorizationServers must name at least one');
  return [first, ...others];
}

/** Hosts that the configuration names may have private addresses; hosts that only match a pattern may not. */
function isListed(portals: AllowedPortals, authorizationServers: URL[]): (hostname: string) => boolean {
  const hostnames = new Set([...portals.listed, ...authorizationServers].map(({ hostname }) => hostname));
  return (hostname) => hostnames.has(hostname);
}
