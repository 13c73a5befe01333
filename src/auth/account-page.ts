import type { RequestHandler } from 'express';
import { loadRights, type Rights } from '../bitrix24/crm/rights.ts';
import { AppError } from '../errors.ts';
import type { GrantDescription, TokenVault } from '../vault/token-vault.ts';
import type { Browsers, SignedInBrowser } from './sign-ins.ts';
import type { CompanyReader } from '../companies/company-reader.ts';
import { prefersJson } from '../web/negotiate.ts';
import type { People } from './browser-accounts.ts';
import { requireSignIn } from '../web/protect.ts';
import { ownerOf, type ReadingDependencies, restClientOf } from '../portal-client/portal-client.ts';
import { logOf } from '../web/request-log.ts';
import { parseReturnTo } from './return-to.ts';
import { browserName, type SignedIn } from './session.ts';
import { clearSignedOutNotice, leaveSignedOutNotice } from './signed-out-notice.ts';
import { describeUserAgent } from './user-agent.ts';

export interface AccountDependencies extends ReadingDependencies {
  vault: TokenVault;
  browsers: Browsers;
  people: People;
  companyReader: CompanyReader;
  now: () => number;
}

/** The page is about much that we know ourselves; it does not wait longer than this for what the portal knows. */
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

/** What the portal told about somebody's rights, or why it could not be asked. */
type Asked = { rights: Rights } | { problem: { code: string; reason: string | null } };

/** `GET /account`: who is signed in, with which rights, since when, and where else. */
export function showAccount(dependencies: AccountDependencies): RequestHandler {
  const { vault, browsers, people, portals, now } = dependencies;
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const asked = await askForRights(person, dependencies);
    const [grant, signedInBrowsers, others] = await Promise.all([
      // After the portal was asked, which may have renewed the access.
      vault.describe(ownerOf(person, dependencies)),
      browsers.list(person),
      people.others(req),
    ]);
    const account = {
      person: describePerson(person),
      rights: 'rights' in asked ? asked.rights : null,
      problem: 'problem' in asked ? asked.problem : null,
      access: grant ? describeAccess(grant) : null,
      browsers: signedInBrowsers.map((browser) => describeBrowser(browser, browserName(req, person))),
      others: others.map((other) => ({
        ...describePerson(other.person),
        isSignedIn: other.isSignedIn,
      })),
    };
    if (prefersJson(req)) return void res.json(account);
    const error = account.access?.lastError;
    res.render('account', {
      ...account,
      errorText: error && (SAME_PROBLEM.get(error.code) ?? error.code),
      portal: portals.findAllowed(person.portal),
      now: now(),
    });
  };
}

/** `POST /account/switch`: acts as somebody else who is signed in with this browser. */
export function switchPerson({ people }: AccountDependencies): RequestHandler {
  return async (req, res) => {
    const { person: id, returnTo } = formOf(req.body);
    const found = await people.switchTo(req, id);
    if (found === undefined) return res.redirect(303, '/account');
    const target = parseReturnTo(returnTo);
    if (!found.isSignedIn) return res.redirect(303, loginAddress(found.person, target));
    clearSignedOutNotice(req, res);
    res.redirect(303, target);
  };
}

/** `POST /account/leave`: signs one of the people out of this browser. */
export function leavePortal({ people, companyReader, now }: AccountDependencies): RequestHandler {
  return async (req, res) => {
    const active = requireSignIn(req, now());
    const gone = await people.leave(req, formOf(req.body).person);
    if (gone) await companyReader.forget(gone);
    if (gone?.id !== active.id) return res.redirect(303, '/account');
    leaveSignedOutNotice(res, gone.portal);
    res.redirect(303, '/');
  };
}

/** `POST /account/sign-out-browser`: signs the active person out of one browser, wherever it is. */
export function signOutBrowser({ browsers, now }: AccountDependencies): RequestHandler {
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const { browser } = formOf(req.body);
    if (typeof browser === 'string') await browsers.removeBrowser(person, browser);
    logOf(req).info('signed out another browser');
    res.redirect(303, '/account');
  };
}

/** `POST /account/sign-out-everywhere`: signs the active person out of all browsers, this one included. */
export function signOutEverywhere({ people, companyReader, now }: AccountDependencies): RequestHandler {
  return async (req, res) => {
    const person = requireSignIn(req, now());
    // Another tab has switched since this page was shown: it is not this person who is meant.
    if (formOf(req.body).person !== person.id) return res.redirect(303, '/account');
    await people.signOutEverywhere(req, person);
    await companyReader.forget(person);
    logOf(req).info('signed out everywhere');
    leaveSignedOutNotice(res, person.portal);
    res.redirect(303, '/');
  };
}

/** Asks the portal, but for a while only: a refresh that takes long goes on without us. */
async function askForRights(person: SignedIn, dependencies: AccountDependencies): Promise<Asked> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Asked>((resolve) => {
    timer = setTimeout(resolve, PORTAL_WAIT_MS, { problem: { code: 'portal_timeout', reason: null } });
  });
  const asking = ask(person, dependencies);
  try {
    return await Promise.race([asking, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(person: SignedIn, dependencies: AccountDependencies): Promise<Asked> {
  try {
    return { rights: await loadRights(restClientOf(person, dependencies, { waitMs: PORTAL_WAIT_MS })) };
  } catch (error) {
    // A portal in trouble is part of what this page tells; a mistake of ours is not.
    if (!(error instanceof AppError)) throw error;
    return { problem: { code: error.code, reason: error.reason ?? null } };
  }
}

function describePerson({ id, memberId, userId, name, portal, since }: SignedIn) {
  return { id, memberId, userId, name, portal, since };
}

function describeAccess({ state, since, renewedAt, lastError }: GrantDescription) {
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

function loginAddress(person: SignedIn, returnTo: string): string {
  return `/login?portal=${encodeURIComponent(person.portal)}&returnTo=${encodeURIComponent(returnTo)}`;
}

function formOf(body: unknown): Record<string, unknown> {
  return (body ?? {}) as Record<string, unknown>;
}
