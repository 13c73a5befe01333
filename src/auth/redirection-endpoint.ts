import type { Request, RequestHandler, Response } from 'express';
import { loadProfile } from '../bitrix24/crm/users.ts';
import {
  type AllowedPortals,
  authorizationEndpoint,
  type Portal,
  PortalMismatchError,
  PortalNotAllowedError,
  parseClientEndpoint,
  pickAuthorizationServer,
} from '../bitrix24/portal.ts';
import type { RateLimiter } from '../bitrix24/limits/rate-limiter.ts';
import { createRestClient } from '../bitrix24/rest/rest-client.ts';
import { parseTokenSet, type TokenSet } from '../bitrix24/token-set.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import { AppError } from '../errors.ts';
import type { Exports } from '../exports/exports.ts';
import { type HttpClient, UnexpectedResponseError } from '../http-client/http-client.ts';
import {
  buildAuthorizationRequest,
  CodeRefusedError,
  readCode,
  readState,
  StateMismatchError,
} from '../oauth/authorization.ts';
import { type TokenEndpoint, TokenEndpointError } from '../oauth/token-endpoint.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { CompanyReader } from '../companies/company-reader.ts';
import type { PendingAuthorization, PendingAuthorizations } from './pending-authorizations.ts';
import type { People } from './browser-accounts.ts';
import { SignInRequiredError } from '../web/protect.ts';
import { PERSON } from '../portal-client/portal-client.ts';
import { logAs, logOf } from '../web/request-log.ts';
import { DEFAULT_RETURN_TO, parseReturnTo } from './return-to.ts';
import { browserBinding, peopleOf, type SignedIn, signedIn, signedOutElsewhere } from './session.ts';
import { clearSignedOutNotice, leaveSignedOutNotice, readSignedOutNotice } from './signed-out-notice.ts';
import { networkOf, type VisitorLimits } from './visitor-limits.ts';
import type { WaitingBrowsers } from './waiting-browsers.ts';

/**
 * Told how each visit of the redirection endpoint ended.
 *
 * @param outcome  `success`; `restarted`: the code had lapsed, and the browser was sent to the portal once more;
 *                 `repeated`: an old address, opened by somebody who is signed in; else the code of an error of ours
 */
export type SignInObserver = (outcome: string) => void;

export interface SignInDependencies {
  clientId: string;
  portals: AllowedPortals;
  authorizationServers: [URL, ...URL[]];
  tokenEndpoint: TokenEndpoint;
  vault: TokenVault;
  pendingAuthorizations: PendingAuthorizations;
  waitingBrowsers: WaitingBrowsers;
  visitorLimits: VisitorLimits;
  people: People;
  companyReader: CompanyReader;
  /** What somebody has exported goes when their access does. */
  exports: Pick<Exports, 'forgetAll'>;
  rateLimiter: RateLimiter;
  http: HttpClient;
  now: () => number;
  observeRestCall?: CallObserver | undefined;
  observeSignIn?: SignInObserver | undefined;
}

/** Somebody is waiting to be let in, and all this tells is a name. */
const PROFILE_WAIT_MS = 3_000;

/** `GET /`: the ways in, or on to the companies for somebody who is in already. */
export function showSignIn(dependencies: SignInDependencies): RequestHandler {
  return async (req, res) => {
    if (signedIn(req, dependencies.now())) return res.redirect(303, DEFAULT_RETURN_TO);
    const others = await dependencies.people.others(req);
    const here = readSignedOutNotice(req, dependencies.portals);
    const elsewhere = dependencies.portals.findAllowed(signedOutElsewhere(req)?.portal ?? '');
    res.render('sign-in', {
      ...waysIn(dependencies, req),
      signedOutOf: here ?? elsewhere,
      wasElsewhere: here === undefined,
      stillHere: others.flatMap(({ person, isSignedIn }) => (isSignedIn ? [person] : [])),
      isAnother: false,
    });
  };
}

/** `GET /account/add`: the ways in for somebody who is in, and wants to be in at another portal as well. */
export function showAnotherSignIn(dependencies: SignInDependencies): RequestHandler {
  return (req, res) => {
    const ways = waysIn(dependencies, req);
    if (!signedIn(req, dependencies.now())) {
      return res.redirect(303, ways.returnTo ? `/?returnTo=${encodeURIComponent(ways.returnTo)}` : '/');
    }
    const known = new Set(peopleOf(req).map(({ portal }) => portal));
    // What is new comes first; the others are for somebody else of the same portal.
    const listed = [...ways.portals].sort(
      (a, b) => Number(known.has(a.origin)) - Number(known.has(b.origin)),
    );
    res.render('sign-in', { ...ways, portals: listed, known, stillHere: [], isAnother: true });
  };
}

function waysIn({ portals }: SignInDependencies, req: Request) {
  const { returnTo } = req.query;
  return {
    portals: portals.listed,
    patterns: portals.patterns,
    known: new Set<string>(),
    signedOutOf: undefined,
    returnTo: returnTo === undefined ? undefined : parseReturnTo(returnTo),
  };
}

/** `GET /login`: off to a portal that is listed by name, or is this browser's own. */
export function startAuthorization(dependencies: SignInDependencies): RequestHandler {
  const { portals, visitorLimits } = dependencies;
  return async (req, res) => {
    await visitorLimits.countStart(req.ip);
    const returnTo = parseReturnTo(req.query.returnTo);
    const own = peopleOf(req).flatMap((person) => portals.findAllowed(person.portal) ?? []);
    const portal = choosePortal(portals, req.query.portal, own);
    if (portal === undefined) return res.redirect(303, `/?returnTo=${encodeURIComponent(returnTo)}`);
    await leaveForPortal(dependencies, req, res, { portal, returnTo, attempt: 1 });
  };
}

/** `POST /login`: as GET, for a typed address, which a pattern may allow. */
export function startTypedAuthorization(dependencies: SignInDependencies): RequestHandler {
  return async (req, res) => {
    await dependencies.visitorLimits.countStart(req.ip);
    const { portal: typed, returnTo } = (req.body ?? {}) as Record<string, unknown>;
    const portal = typeof typed === 'string' ? dependencies.portals.findAllowed(typed) : undefined;
    if (portal === undefined) throw new PortalNotAllowedError();
    await leaveForPortal(dependencies, req, res, { portal, returnTo: parseReturnTo(returnTo), attempt: 1 });
  };
}

/**
 * `GET /bitrix`: the redirection endpoint.
 *
 * The pending authorization is taken out before anything else is looked at, so that every way out leaves it used up.
 */
export function finishAuthorization(dependencies: SignInDependencies): RequestHandler {
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

/** Answers, and returns what there is to say about it. */
async function receiveAuthorization(
  dependencies: SignInDependencies,
  req: Request,
  res: Response,
): Promise<'success' | 'restarted' | 'repeated'> {
  const { portals, vault, people, clientId, now } = dependencies;
  // Express reads it anew each time it is asked for.
  const { query } = req;
  const pending = await takePending(dependencies, req, query);
  if (pending === undefined) {
    if (!signedIn(req, now())) throw new StateMismatchError();
    res.redirect(303, DEFAULT_RETURN_TO);
    return 'repeated';
  }
  const portal = portals.findAllowed(pending.portal);
  if (portal === undefined) throw new PortalNotAllowedError();
  // Whatever becomes of it, the line that tells says where.
  logAs(req, { portal: portal.origin });
  const granted = await receiveTokens(dependencies, query, pending, portal);
  if (granted === 'too late') {
    await leaveForPortal(dependencies, req, res, { ...pending, portal, attempt: 2 });
    return 'restarted';
  }
  const { tokens, server } = granted;
  const person = await identify(dependencies, tokens, portal);
  await vault.save({ memberId: tokens.memberId, clientId, userId: person.userId }, tokens, server.origin);
  const since = new Date(now()).toISOString();
  await people.signIn(req, { memberId: tokens.memberId, portal: portal.origin, since, ...person });
  // Another tab may have signed somebody out while this one was at the portal.
  clearSignedOutNotice(req, res);
  logOf(req).info('signed in');
  res.redirect(303, pending.returnTo);
  return 'success';
}

/** A callback that is refused counts, whoever is to blame; one address may have so many in a minute. */
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

/** `POST /logout`: signs everybody out of this browser; with `forget=1` also forgets what we hold of the active person. */
export function signOutHere({
  vault,
  people,
  companyReader,
  exports,
  clientId,
  now,
}: SignInDependencies): RequestHandler {
  return async (req, res) => {
    const person = signedIn(req, now());
    const { forget, person: meant } = (req.body ?? {}) as Record<string, unknown>;
    // Another tab has switched since the page was shown: it is not this person who is to be forgotten.
    if (person && meant !== undefined && meant !== person.id) return res.redirect(303, '/account');
    // Signed out from elsewhere meanwhile: to say that it is forgotten would not be true.
    if (!person && forget === '1') throw new SignInRequiredError();
    if (person && forget === '1') {
      const owner = { memberId: person.memberId, clientId, userId: person.userId };
      await Promise.all([vault.forget(owner), exports.forgetAll(owner)]);
    }
    const everybody = peopleOf(req);
    await people.signOut(req);
    await Promise.all(everybody.map(companyReader.forget));
    if (person) leaveSignedOutNotice(res, person.portal);
    res.redirect(303, '/');
  };
}

/**
 * The portal that is meant; nothing when several are possible and none was named.
 *
 * @param own  those of the people of this browser, the active one's first
 */
function choosePortal(portals: AllowedPortals, named: unknown, own: Portal[]): Portal | undefined {
  if (named === undefined || named === '') {
    return (
      own[0] ?? (portals.listed.length === 1 && portals.patterns.length === 0 ? portals.listed[0] : undefined)
    );
  }
  const asked = typeof named === 'string' ? named : '';
  const portal =
    own.find(({ origin, host }) => asked === origin || asked === host) ?? portals.findListed(asked);
  if (portal === undefined) throw new PortalNotAllowedError();
  return portal;
}

/** Stores where the person wants to go, and only then sends them to the portal. */
async function leaveForPortal(
  { clientId, pendingAuthorizations, waitingBrowsers }: SignInDependencies,
  req: Request,
  res: Response,
  flow: { portal: Portal; returnTo: string; attempt: number },
): Promise<void> {
  const { portal, returnTo, attempt } = flow;
  const binding = await browserBinding(req);
  const sessionId = peopleOf(req).length === 0 ? req.sessionID : undefined;
  waitingBrowsers.add({ binding, network: networkOf(req.ip), sessionId });
  const state = await pendingAuthorizations.start(binding, { portal: portal.origin, returnTo, attempt });
  clearSignedOutNotice(req, res);
  const request = buildAuthorizationRequest(authorizationEndpoint(portal), clientId, state);
  res.redirect(attempt === 1 ? 302 : 303, request.href);
}

async function takePending(
  { pendingAuthorizations, waitingBrowsers }: SignInDependencies,
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
  { authorizationServers, tokenEndpoint, now }: SignInDependencies,
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
    if (!(error instanceof TokenEndpointError) || error.isMisconfiguration) throw error;
    if (error.isStaleGrant && pending.attempt === 1) return 'too late';
    throw new CodeRefusedError(error.wireCode);
  }
  const tokens = parseTokenSet(answer, requestedAt);
  if (memberId !== undefined && memberId !== tokens.memberId) throw new PortalMismatchError('member_id');
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
  { http, rateLimiter, observeRestCall }: SignInDependencies,
  tokens: TokenSet,
  { host, hostname }: Portal,
): Promise<Pick<SignedIn, 'userId' | 'name' | 'timeZone'>> {
  const access = { accessToken: tokens.accessToken, clientEndpoint: tokens.clientEndpoint };
  const client = createRestClient({
    http,
    tokens: { current: async () => access, renewed: async () => access },
    limits: {
      limiter: rateLimiter,
      portal: { memberId: tokens.memberId, host, hostname },
      urgency: PERSON,
    },
    waitMs: PROFILE_WAIT_MS,
    observeCall: observeRestCall,
  });
  try {
    const profile = await loadProfile(client);
    if (tokens.userId !== undefined && profile.id !== tokens.userId) throw new PortalMismatchError('user_id');
    return { userId: profile.id, name: profile.name, timeZone: profile.timeZone };
  } catch (error) {
    if (error instanceof PortalMismatchError) throw error;
    if (tokens.userId === undefined)
      throw new UnexpectedResponseError('user_id', 'nobody says whose tokens these are');
    return { userId: tokens.userId, name: null, timeZone: null };
  }
}
