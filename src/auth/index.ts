import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express';
import type { Logger } from '../log.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import { idOf, type PortalUser, type PortalUserId } from '../portal-user.ts';
import { type OpenStores, openStores as openStoresAt } from '../store/open-stores.ts';
import { parseRedisAddress } from '../store/redis/redis-address.ts';
import type { Store } from '../store/store.ts';
import { parseTokenKey, TOKEN_KEY_PREFIX } from '../vault/token-record.ts';
import type { TokenDescription, TokenVault } from '../vault/token-vault.ts';
import { cookieSuffix, nameCookies } from '../web/cookies.ts';
import { ignorePrefetch } from '../web/prefetch.ts';
import { requireSameOrigin } from '../web/protect.ts';
import { bindLog } from '../web/request-log.ts';
import { createSubPath } from '../web/sub-path.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type AuthHandlers, createAuthHandlers } from './auth-handlers.ts';
import {
  type AuthOptions,
  type CompleteAuthOptions,
  completeOptions,
  defaultLogger,
} from './auth-options.ts';
import { createAutomaticSteps } from './automatic-steps.ts';
import { requireSignIn } from './current-user.ts';
import { type AuthHooks, createAuthHooks } from './hooks.ts';
import { allowStep, reauthorize } from './reauthorize.ts';
import { isRedirectionEndpoint } from './return-to.ts';
import { browserSession, idleTime } from './session.ts';
import { createSignIns } from './sign-ins.ts';
import type { SignedInUser } from './signed-in-user.ts';
import { createTokenAccess } from './token-access.ts';

export type { AuthObservers, AuthOptions } from './auth-options.ts';
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

/** Signing in with Bitrix24, for an Express application. */
export interface Auth extends AuthHooks {
  /** Reads the session and finds the signed-in user. Before every route of the host. */
  middleware: RequestHandler[];
  /** `GET` and `POST /login`, `GET /bitrix`, `POST /logout`. */
  routes: Router;
  /** The same and the pages, one by one, for a host that writes its own table of routes and renders our views. */
  handlers: AuthHandlers;
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

/**
 * Makes everything that signing in needs, from a store and a few settings.
 *
 * It knows nothing of what the host shows: `onSignedOut` and `onForgotten` tell the host's rooms what to delete.
 *
 * @throws {Error}  an option cannot be used; the message names it
 */
export function createAuth(given: AuthOptions): Auth {
  const options = completeOptions(given);
  const { clientId, store, now } = options;
  const access = createTokenAccess(options);
  const { vault, tokenRefresher, portalClients } = access;
  const signIns = createSignIns({ store, now });
  const accounts = createAccounts({ signIns, clientId, now });
  const hooks = createAuthHooks();
  const automaticSteps = createAutomaticSteps({ store, now });
  const handlers = createAuthHandlers(options, access, { accounts, signIns, events: hooks });
  return {
    middleware: middlewareOf(options, accounts),
    routes: routesOf(handlers),
    handlers,
    requireSignIn(req, _res, next) {
      requireSignIn(req);
      next();
    },
    reauthorize: reauthorize(automaticSteps),
    userOf: requireSignIn,
    clientFor: portalClients.clientFor,
    portalClients,
    users: () => storedUsers(store, vault, clientId),
    describe: (user) => vault.describe(idOf(user)),
    async forget(user) {
      await vault.forget(idOf(user));
      await hooks.forgotten(user);
    },
    isSignedIn: accounts.isSignedIn,
    mayReload: (req) => allowStep(automaticSteps, 'reload', req),
    ready: async () => (await isWritable(store)) && tokenRefresher.isSaved(),
    isSaved: tokenRefresher.isSaved,
    drain: tokenRefresher.drain,
    onSignedIn: hooks.onSignedIn,
    onSignedOut: hooks.onSignedOut,
    onForgotten: hooks.onForgotten,
  };
}

function middlewareOf(
  { publicUrl, clientId, logger, sessionStore, sessionSecrets }: CompleteAuthOptions,
  accounts: Accounts,
): RequestHandler[] {
  const isSecure = publicUrl.protocol === 'https:';
  const suffix = cookieSuffix({ clientId, publicUrl });
  return [
    bindLog(logger.child({ clientId })),
    nameCookies(suffix),
    requireSameOrigin(publicUrl),
    express.urlencoded({ extended: false, limit: '10kb' }),
    ignorePrefetch(isRedirectionEndpoint),
    ...browserSession({
      store: sessionStore,
      secrets: sessionSecrets,
      isSecure,
      suffix,
      path: createSubPath(publicUrl).cookiePath,
    }),
    accounts.loadCurrentUser(),
  ];
}

function routesOf(handlers: AuthHandlers): Router {
  return express
    .Router()
    .get('/login', handlers.startAuthorization)
    .post('/login', handlers.startTypedAuthorization)
    .get('/bitrix', handlers.finishAuthorization)
    .post('/logout', handlers.signOut);
}

async function* storedUsers(store: Store, vault: TokenVault, clientId: string): AsyncGenerator<PortalUser> {
  for await (const key of store.keys(TOKEN_KEY_PREFIX)) {
    const id = parseTokenKey(key);
    if (id?.clientId !== clientId) continue;
    const tokens = await vault.load(id);
    if (tokens) yield { ...id, portal: new URL(tokens.clientEndpoint).origin };
  }
}

function isWritable(store: Store): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}
