import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { loadRights, type Rights } from '../bitrix24/crm/rights.ts';
import type { AllowedPortals } from '../bitrix24/portal.ts';
import { AppError } from '../errors.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import { idOf } from '../portal-user.ts';
import type { TokenDescription, TokenVault } from '../vault/token-vault.ts';
import { prefersJson } from '../web/negotiate.ts';
import { logOf } from '../web/request-log.ts';
import type { Accounts } from './accounts.ts';
import { requireSignIn } from './current-user.ts';
import type { AuthEvents } from './hooks.ts';
import { parseReturnTo } from './return-to.ts';
import { browserName } from './session.ts';
import type { SignedInBrowser, SignIns } from './sign-ins.ts';
import type { SignedInUser } from './signed-in-user.ts';
import { clearSignedOutNotice, leaveSignedOutNotice } from './signed-out-notice.ts';
import { describeUserAgent } from './user-agent.ts';

export interface AccountPageDependencies {
  home: string;
  portals: AllowedPortals;
  portalClients: PortalClients;
  vault: TokenVault;
  signIns: SignIns;
  accounts: Accounts;
  events: AuthEvents;
  now: () => number;
}

/** The page does not wait longer than this for the rights, the only part of it that the portal knows. */
const PORTAL_WAIT_MS = 3_000;

/** Codes of the token endpoint for which there is one text: they mean the same to a person (protocol 2.7). */
const SAME_PROBLEM = new Map([
  ['expired_token', 'invalid_grant'],
  ['invalid_token', 'invalid_grant'],
  ['wrong_client', 'invalid_client'],
  ['invalid_scope', 'insufficient_scope'],
  ['query_limit_exceeded', 'portal_limited'],
  ['too_many_requests', 'portal_limited'],
]);

/** What the portal told about the user's rights, or why it could not be asked. */
type Asked = { rights: Rights } | { problem: { code: string; reason: string | null } };

const TOO_LONG: Asked = { problem: { code: 'portal_timeout', reason: null } };

/** `GET /account`: who is signed in, with which rights, since when, and with which browsers. */
export function showAccount(dependencies: AccountPageDependencies): RequestHandler {
  const { vault, signIns, accounts, portals, now } = dependencies;
  return async (req, res) => {
    const user = requireSignIn(req);
    const asked = await askForRights(user, dependencies);
    const [grant, browsers, others] = await Promise.all([
      // After the portal was asked, which may have refreshed the access token.
      vault.describe(idOf(user)),
      signIns.list(user),
      accounts.others(req),
    ]);
    const account = {
      person: describeUser(user),
      rights: 'rights' in asked ? asked.rights : null,
      problem: 'problem' in asked ? asked.problem : null,
      access: grant ? describeAccess(grant) : null,
      browsers: browsers.map((browser) => describeBrowser(browser, browserName(req, user))),
      others: others.map((other) => ({ ...describeUser(other.user), isSignedIn: other.isSignedIn })),
    };
    if (prefersJson(req)) return void res.json(account);
    const error = account.access?.lastError;
    res.render('account', {
      ...account,
      errorText: error && (SAME_PROBLEM.get(error.code) ?? error.code),
      portal: portals.findAllowed(user.portal),
      now: now(),
    });
  };
}

/** `POST /account/switch`: makes another account of this browser the active one. */
export function switchAccount({ accounts, home }: AccountPageDependencies): RequestHandler {
  return async (req, res) => {
    const { person: id, returnTo } = formOf(req.body);
    const found = await accounts.switchTo(req, id);
    if (found === undefined) return res.redirect(303, '/account');
    const target = parseReturnTo(returnTo, home);
    if (!found.isSignedIn) return res.redirect(303, loginAddress(found.user, target));
    clearSignedOutNotice(req, res);
    res.redirect(303, target);
  };
}

/** `POST /account/leave`: signs one account out of this browser. */
export function leaveAccount({ accounts, events }: AccountPageDependencies): RequestHandler {
  return async (req, res) => {
    const active = requireSignIn(req);
    const gone = await accounts.leave(req, formOf(req.body).person);
    if (gone) await events.signedOut(gone);
    if (gone?.id !== active.id) return res.redirect(303, '/account');
    leaveSignedOutNotice(res, gone.portal);
    res.redirect(303, '/');
  };
}

/** `POST /account/sign-out-browser`: signs the active user out of one browser, wherever it is. */
export function signOutBrowser({ signIns }: AccountPageDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const { browser } = formOf(req.body);
    if (typeof browser === 'string') await signIns.removeBrowser(user, browser);
    logOf(req).info('signed out another browser');
    res.redirect(303, '/account');
  };
}

/** `POST /account/sign-out-everywhere`: signs the active user out of all browsers, this one included. */
export function signOutEverywhere({ accounts, events }: AccountPageDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    // Another tab has switched accounts since the page was rendered: the form meant another user.
    if (formOf(req.body).person !== user.id) return res.redirect(303, '/account');
    await accounts.signOutEverywhere(req, user);
    await events.signedOut(user);
    logOf(req).info('signed out everywhere');
    leaveSignedOutNotice(res, user.portal);
    res.redirect(303, '/');
  };
}

/** Asks the portal, but for a bounded time: a token refresh that takes longer goes on without this request. */
async function askForRights(user: SignedInUser, dependencies: AccountPageDependencies): Promise<Asked> {
  const answered = new AbortController();
  const tooLong = sleep(PORTAL_WAIT_MS, TOO_LONG, { signal: answered.signal });
  tooLong.catch(() => {});
  try {
    return await Promise.race([ask(user, dependencies), tooLong]);
  } finally {
    answered.abort();
  }
}

async function ask(user: SignedInUser, { portalClients }: AccountPageDependencies): Promise<Asked> {
  try {
    return { rights: await loadRights(portalClients.clientFor(user, { waitMs: PORTAL_WAIT_MS })) };
  } catch (error) {
    // The page tells that the portal failed; a mistake of ours is an error page.
    if (!(error instanceof AppError)) throw error;
    return { problem: { code: error.code, reason: error.reason ?? null } };
  }
}

function describeUser({ id, memberId, userId, name, portal, since }: SignedInUser) {
  return { id, memberId, userId, name, portal, since };
}

function describeAccess({ state, since, renewedAt, lastError }: TokenDescription) {
  return {
    state,
    since: since.toISOString(),
    renewedAt: renewedAt?.toISOString() ?? null,
    lastError: lastError && { code: lastError.code, at: lastError.at.toISOString() },
  };
}

function describeBrowser({ name, since, seen, agent }: SignedInBrowser, own: string) {
  return { id: name, ...describeUserAgent(agent), agent, since, seen, isThis: name === own };
}

function loginAddress(user: SignedInUser, returnTo: string): string {
  return `/login?portal=${encodeURIComponent(user.portal)}&returnTo=${encodeURIComponent(returnTo)}`;
}

function formOf(body: unknown): Record<string, unknown> {
  return (body ?? {}) as Record<string, unknown>;
}
