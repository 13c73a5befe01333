import type { Request, RequestHandler, Response } from 'express';
import { loadProfile } from '../bitrix24/crm/users.ts';
import {
  type Portal,
  PortalMismatchError,
  PortalNotAllowedError,
  parseClientEndpoint,
  pickAuthorizationServer,
} from '../bitrix24/portal.ts';
import { parseTokenSet, type TokenSet } from '../bitrix24/token-set.ts';
import { AppError } from '../errors.ts';
import type { HttpClient } from '../http-client/http-client.ts';
import { UnexpectedResponseError } from '../http-client/transport-errors.ts';
import { CodeRefusedError, readCode, readState, StateMismatchError } from '../oauth/authorization.ts';
import { type TokenEndpoint, TokenEndpointError } from '../oauth/token-endpoint.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import { logAs, logOf } from '../web/request-log.ts';
import { type AuthorizationRequestDependencies, leaveForPortal } from './authorization-request.ts';
import { currentUser } from './current-user.ts';
import type { AuthEvents } from './hooks.ts';
import { findMovedPortal } from './moved-portal.ts';
import type { PendingAuthorization } from './pending-authorizations.ts';
import type { SignedInUser } from './signed-in-user.ts';
import { clearSignedOutNotice } from './signed-out-notice.ts';
import type { VisitorLimits } from './visitor-limits.ts';

/**
 * Told how each visit of the redirection endpoint ended.
 *
 * @param outcome  `success`; `restarted`: the code had lapsed, and the browser was sent to the portal once more;
 *                 `repeated`: an old address, opened by a browser that is signed in; else the code of an AppError
 */
export type SignInObserver = (outcome: string) => void;

export interface RedirectionEndpointDependencies extends AuthorizationRequestDependencies {
  authorizationServers: [URL, ...URL[]];
  http: HttpClient;
  tokenEndpoint: TokenEndpoint;
  vault: TokenVault;
  events: AuthEvents;
  portalClients: PortalClients;
  now: () => number;
  observeSignIn: SignInObserver | undefined;
}

/** The person waits to be let in, and this call tells only a name and a time zone. */
const PROFILE_WAIT_MS = 3_000;

/**
 * `GET /bitrix`: the redirection endpoint.
 *
 * The pending authorization is taken out before anything else is looked at, so that every way out leaves it used up.
 */
export function finishAuthorization(dependencies: RedirectionEndpointDependencies): RequestHandler {
  const { observeSignIn } = dependencies;
  return async (req, res) => {
    try {
      const outcome = await receiveAuthorization(dependencies, req, res);
      observeSignIn?.(outcome);
    } catch (error) {
      observeSignIn?.(error instanceof AppError ? error.code : 'internal_error');
      throw error;
    }
  };
}

/** Answers the browser. @returns the outcome for the observer */
async function receiveAuthorization(
  dependencies: RedirectionEndpointDependencies,
  req: Request,
  res: Response,
): Promise<'success' | 'restarted' | 'repeated'> {
  const { portals, vault, accounts, events, clientId, now } = dependencies;
  // Express parses the query at each access.
  const { query } = req;
  const pending = await takePending(dependencies, req, query);
  if (pending === undefined) {
    if (!currentUser(req)) throw new StateMismatchError();
    res.redirect(303, dependencies.home);
    return 'repeated';
  }
  const begun = portals.findAllowed(pending.portal);
  if (begun === undefined) throw new PortalNotAllowedError();
  const portal = await findMovedPortal(dependencies, query.domain, begun);
  // From here on every log line of this request names the portal.
  logAs(req, { portal: portal.origin });
  const granted = await receiveTokens(dependencies, query, pending, portal);
  if (granted === 'too late') {
    await leaveForPortal(dependencies, req, res, { ...pending, portal, attempt: 2 });
    return 'restarted';
  }
  const { tokens, server } = granted;
  const profile = await identify(dependencies, tokens, portal);
  const { memberId } = tokens;
  await vault.save({ memberId, clientId, userId: profile.userId }, tokens, server.origin);
  const since = new Date(now()).toISOString();
  const user = await accounts.signIn(req, { memberId, clientId, portal: portal.origin, since, ...profile });
  // Another tab may have signed out while this one was at the portal.
  clearSignedOutNotice(req, res);
  logOf(req).info('signed in');
  // The user is signed in already: a listener that fails does not change that.
  await events.signedIn(user).catch((err: unknown) => logOf(req).warn({ err }, 'a sign-in hook failed'));
  res.redirect(303, pending.returnTo);
  return 'success';
}

/** Counts a refused callback, whatever the reason; one address may have a hundred in a minute. */
export function countRefusals(visitorLimits: VisitorLimits, handler: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    try {
      await handler(req, res, next);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) await visitorLimits.countRefusedCallback(req.ip);
      throw error;
    }
  };
}

async function takePending(
  { pendingAuthorizations, waitingBrowsers }: RedirectionEndpointDependencies,
  req: Request,
  query: Request['query'],
): Promise<PendingAuthorization | undefined> {
  const { binding } = req.session;
  try {
    const pending = await pendingAuthorizations.take(binding, readState(query));
    waitingBrowsers.remove(binding ?? '');
    return pending;
  } catch (error) {
    if (!(error instanceof StateMismatchError)) throw error;
    logOf(req).warn('state mismatch');
    return undefined;
  }
}

/**
 * Exchanges the code, and checks that what comes back belongs to the portal this sign-in began with.
 *
 * @returns `too late` when the code had lapsed and the one automatic restart is still to be had
 * @throws {PortalMismatchError}  before the exchange if the redirect gives it away, else after it; nothing is stored
 */
async function receiveTokens(
  { authorizationServers, tokenEndpoint, now }: RedirectionEndpointDependencies,
  query: Request['query'],
  pending: PendingAuthorization,
  portal: Portal,
): Promise<{ tokens: TokenSet; server: URL } | 'too late'> {
  const { domain, server_domain: serverDomain, member_id: memberId } = query;
  const code = readCode(query);
  const server = pickAuthorizationServer({ domain, serverDomain }, portal, authorizationServers);
  const requestedAt = new Date(now());
  let answer: unknown;
  try {
    answer = await tokenEndpoint.exchangeCode(server, code);
  } catch (error) {
    if (!(error instanceof TokenEndpointError && error.isJudgement)) throw error;
    if (error.isStaleGrant && pending.attempt === 1) return 'too late';
    throw new CodeRefusedError(error.wireCode);
  }
  const tokens = parseTokenSet(answer, requestedAt);
  if (memberId !== undefined && memberId !== tokens.memberId) {
    const came = typeof memberId === 'string' && /^\w{1,64}$/.test(memberId) ? memberId : undefined;
    throw new PortalMismatchError('member_id', { came, expected: tokens.memberId });
  }
  return {
    tokens: { ...tokens, clientEndpoint: parseClientEndpoint(tokens.clientEndpoint, portal).href },
    server,
  };
}

/**
 * Whose tokens these are: what the authorization server says, and the name from the portal. Without the server's
 * `user_id` the portal's `profile` has to tell; with it, a portal that does not answer costs only the name.
 */
async function identify(
  { portalClients }: RedirectionEndpointDependencies,
  { accessToken, clientEndpoint, memberId, userId }: TokenSet,
  { host, hostname }: Portal,
): Promise<Pick<SignedInUser, 'userId' | 'name' | 'timeZone'>> {
  const client = portalClients.clientWith(
    { accessToken, clientEndpoint },
    { memberId, host, hostname },
    { waitMs: PROFILE_WAIT_MS },
  );
  try {
    const profile = await loadProfile(client);
    if (userId !== undefined && profile.id !== userId) {
      throw new PortalMismatchError('user_id', { came: String(profile.id), expected: String(userId) });
    }
    return { userId: profile.id, name: profile.name, timeZone: profile.timeZone };
  } catch (error) {
    if (error instanceof PortalMismatchError) throw error;
    if (userId === undefined)
      throw new UnexpectedResponseError('user_id', 'neither the token response nor profile names the user');
    return { userId, name: null, timeZone: null };
  }
}
