import type session from 'express-session';
import type { LimiterObserver } from '../bitrix24/limits/rate-limiter.ts';
import { parseRequestLimits, type RequestLimits } from '../bitrix24/limits/request-limits.ts';
import { type AllowedPortals, parseAllowedPortals } from '../bitrix24/portal.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import { hostHealthLog } from '../http-client/host-health-log.ts';
import { createHttpClient, type HttpClient } from '../http-client/http-client.ts';
import { createLogger, type Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { RefreshObserver } from '../vault/token-refresher.ts';
import type { SignInObserver } from './redirection-endpoint.ts';
import type { VisitorLimit } from './visitor-limits.ts';

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

/** Bitrix24's two authorization servers (protocol 2.1). */
const AUTHORIZATION_SERVERS = ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech'];
/** Bitrix24's documented limits for cloud portals (protocol 5). */
const CLOUD_LIMITS = '*.bitrix24.*=50/2';
/** Some 7 MB in Redis. A portal whose users sign in at the rate of fifteen a second needs no more. */
const MAX_WAITING_BROWSERS = 10_000;

const SHORTEST_SECRET = 32;
const KEY_BYTES = 32;

/** The options with every default filled in, and texts read. */
export type CompleteAuthOptions = ReturnType<typeof completeOptions>;

/** @throws {Error}  names the option that cannot be used */
export function completeOptions({
  publicUrl,
  clientId,
  clientSecret,
  home = '/',
  signInPage = '/',
  sessionSecrets,
  store,
  sessionStore,
  limits = parseRequestLimits(CLOUD_LIMITS),
  logger = defaultLogger(),
  now = Date.now,
  observers = {},
  exclusiveMs,
  maxWaitingBrowsers = MAX_WAITING_BROWSERS,
  ...given
}: AuthOptions) {
  const portals = typeof given.portals === 'string' ? parseAllowedPortals(given.portals) : given.portals;
  const [first, ...others] = (given.authorizationServers ?? AUTHORIZATION_SERVERS).map(
    (each) => new URL(each),
  );
  const tokenKeys = given.tokenKeys.map((key) =>
    typeof key === 'string' ? Buffer.from(key, 'base64') : key,
  );
  if (clientId === '' || clientSecret === '')
    throw new Error('createAuth: clientId and clientSecret are needed');
  if (first === undefined) throw new Error('createAuth: authorizationServers must name at least one');
  if (!isUsable(sessionSecrets, (secret) => secret.length >= SHORTEST_SECRET))
    throw new Error(`createAuth: sessionSecrets must have ${SHORTEST_SECRET} characters or more each`);
  if (!isUsable(tokenKeys, (key) => key.length === KEY_BYTES))
    throw new Error(`createAuth: tokenKeys must be ${KEY_BYTES} bytes each`);
  const authorizationServers: [URL, ...URL[]] = [first, ...others];
  const http =
    given.http ??
    createHttpClient({
      mayBePrivate: isListed(portals, authorizationServers),
      observeCircuits: hostHealthLog(logger),
    });
  return {
    publicUrl: new URL(publicUrl),
    clientId,
    clientSecret,
    home,
    signInPage,
    portals,
    authorizationServers,
    sessionSecrets,
    tokenKeys,
    store,
    sessionStore,
    limits,
    http,
    logger,
    now,
    observers,
    exclusiveMs,
    maxWaitingBrowsers,
  };
}

export function defaultLogger(): Logger {
  return createLogger({ level: 'info', isPretty: process.stdout.isTTY === true });
}

function isUsable<T>(values: T[], isGood: (value: T) => boolean): boolean {
  return values.length > 0 && values.every(isGood);
}

/** Hosts that the options name may have private addresses; hosts that only match a pattern may not. */
function isListed(portals: AllowedPortals, authorizationServers: URL[]): (hostname: string) => boolean {
  const hostnames = new Set([...portals.listed, ...authorizationServers].map(({ hostname }) => hostname));
  return (hostname) => hostnames.has(hostname);
}
