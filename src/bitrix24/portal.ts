import { AppError } from '../errors.ts';

/** A portal's address. Its lasting identity is the `memberId`; the address may change. */
export interface Portal {
  /** Scheme, host and port if it is not the scheme's own: `https://acme.bitrix24.com`. */
  origin: string;
  /** Host with the port if it is not the scheme's own. */
  host: string;
  /** Host alone: what the redirect's `domain` holds (protocol 1.3). */
  hostname: string;
}

/** The portals that may sign in. */
export interface AllowedPortals {
  /** Named one by one, the default first. */
  listed: Portal[];
  /** Cloud regions, any portal of which may sign in: `*.bitrix24.ru`. */
  patterns: string[];
  /** The listed portal that is meant by an origin or `host[:port]`, as it was written in the setting. */
  findListed(text: string): Portal | undefined;
  /** As `findListed`, but a typed address may also match a pattern. */
  findAllowed(text: string): Portal | undefined;
  /** Whether a pattern allows it, listed by name or not. */
  matchesPattern(portal: Portal): boolean;
}

/** The redirect, or the token answer, speaks of another portal than the one this sign-in began with. */
export class PortalMismatchError extends AppError {
  /**
   * @param field  the one that does not fit
   * @param came   what it says of scheme, host and port, or who it names; undefined when that cannot be told safely
   */
  constructor(field: string, came?: { came: string | undefined; expected: string }) {
    const difference =
      came === undefined ? '' : `: ${came.came ?? 'something unreadable'} came, ${came.expected} is expected`;
    super(`${field} is not that of this sign-in${difference}`, { code: 'portal_mismatch', status: 400 });
  }
}

/** The redirect names an authorization server that we were not told to trust with the client secret. */
export class UnknownServerError extends AppError {
  constructor(named: unknown) {
    const host = readHost(named) ?? 'with an unreadable name';
    super(
      `server_domain: the portal names authorization server ${host}, which BITRIX24_AUTHORIZATION_SERVERS lacks`,
      {
        code: 'portal_mismatch',
        status: 400,
        reason: 'authorization_server',
      },
    );
  }
}

/** A host of a redirect for the log. It comes through the browser, so anything that is not a host is left out. */
function readHost(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,253}(:\d{1,5})?$/.test(value)
    ? value.toLowerCase()
    : undefined;
}

/** Scheme, host and port of an address, for the log: path and query may hold secrets, and so may a user name. */
export function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

/** Somebody asked to sign in at a portal we were not told to trust. */
export class PortalNotAllowedError extends AppError {
  constructor() {
    super('the portal is not one of BITRIX24_PORTALS', { code: 'portal_not_allowed', status: 400 });
  }
}

/**
 * Parses a portal's address as people write it: `acme.bitrix24.ru`, `https://acme.bitrix24.ru/`, `http://box.local:8080`.
 *
 * A bare host means https. A path is dropped, because people paste the address bar.
 */
export function parsePortal(text: string): Portal | undefined {
  const trimmed = text.trim();
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (trimmed === '' || trimmed.length > 300 || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  if (url.hostname.includes('*') || url.hostname.split('.').includes('')) return undefined;
  return { origin: url.origin, host: url.host, hostname: url.hostname };
}

/**
 * Reads BITRIX24_PORTALS.
 *
 * @throws {Error} in plain words, naming the entry that is wrong
 */
export function parseAllowedPortals(text: string): AllowedPortals {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) throw new Error('must name at least one portal');
  const patterns = entries.filter((entry) => entry.startsWith('*'));
  const wrongPattern = patterns.find((pattern) => !/^\*(\.[a-z\d-]+){2,}$/i.test(pattern));
  if (wrongPattern !== undefined)
    throw new Error(
      `cannot read entry ${entries.indexOf(wrongPattern) + 1}: a region is written like *.bitrix24.ru`,
    );
  const listed = entries
    .filter((entry) => !entry.startsWith('*'))
    .map((entry) => {
      const portal = parsePortal(entry);
      // Named by its place only: an address may hold a password.
      if (portal === undefined)
        throw new Error(`cannot read entry ${entries.indexOf(entry) + 1} as the address of a portal`);
      if (isBareWord(entry))
        throw new Error(
          `entry ${entries.indexOf(entry) + 1} is a word, not a host: write acme.bitrix24.com, not acme`,
        );
      return portal;
    });
  requireDifferent([
    ...listed.map(({ origin }) => origin),
    ...patterns.map((pattern) => pattern.toLowerCase()),
  ]);
  return createAllowedPortals(
    listed,
    patterns.map((pattern) => pattern.toLowerCase()),
  );
}

/** Without a scheme it would be https, and no portal is there. `http://box` is written out, so it is meant. */
function isBareWord(entry: string): boolean {
  return /^[\w-]+$/.test(entry) && entry !== 'localhost';
}

function requireDifferent(portals: string[]): void {
  const again = portals.findIndex((portal, index) => portals.indexOf(portal) < index);
  if (again >= 0) throw new Error('names the same portal twice, perhaps in another spelling');
}

function createAllowedPortals(listed: Portal[], patterns: string[]): AllowedPortals {
  const byOrigin = new Map(listed.map((portal) => [portal.origin, portal]));
  function findListed(text: string): Portal | undefined {
    const find = (address: string) => byOrigin.get(parsePortal(address)?.origin ?? '');
    // A bare host means https, but one that is listed as http only is what was meant then.
    return find(text) ?? (text.includes('://') ? undefined : find(`http://${text.trim()}`));
  }
  function findAllowed(text: string): Portal | undefined {
    const portal = findListed(text) ?? parsePortal(text);
    return portal && (listed.includes(portal) || matchesRegion(portal)) ? portal : undefined;
  }
  // Exactly one label in front, no port, https: the only addresses that the vendor itself gives to portals. URLs take
  // letters such as `!` and `;` in a host as well, which no name on the internet has.
  function matchesRegion(portal: Portal): boolean {
    const [, region = ''] = /^[\w-]+(\..+)$/.exec(portal.hostname) ?? [];
    return portal.origin === `https://${portal.hostname}` && patterns.includes(`*${region}`);
  }
  return { listed, patterns, findListed, findAllowed, matchesPattern: matchesRegion };
}

/** Where a browser goes to authorize (protocol 1.1). */
export function authorizationEndpoint(portal: Portal): URL {
  return new URL('/oauth/authorize/', portal.origin);
}

/** All companies, in Bitrix24 itself. */
export function companyListPage(portal: Portal): string {
  return new URL('/crm/company/list/', portal.origin).href;
}

/** The company's page in Bitrix24 itself. */
export function companyPage(portal: Portal, companyId: number): string {
  return new URL(`/crm/company/details/${companyId}/`, portal.origin).href;
}

export function contactPage(portal: Portal, contactId: number): string {
  return new URL(`/crm/contact/details/${contactId}/`, portal.origin).href;
}

export function dealPage(portal: Portal, dealId: number): string {
  return new URL(`/crm/deal/details/${dealId}/`, portal.origin).href;
}

export function leadPage(portal: Portal, leadId: number): string {
  return new URL(`/crm/lead/details/${leadId}/`, portal.origin).href;
}

/** An item of a smart process. */
export function itemPage(portal: Portal, entityTypeId: number, itemId: number): string {
  return new URL(`/crm/type/${entityTypeId}/details/${itemId}/`, portal.origin).href;
}

/**
 * Checks the REST root that a token answer names.
 *
 * A self-hosted portal reports its own `client_endpoint` (protocol 11.2), so it is believed only when it is the portal
 * this sign-in began with. The one tolerated difference is https for a portal that was listed as http.
 *
 * @throws {PortalMismatchError}
 */
export function parseClientEndpoint(text: string, portal: Portal): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSameOrigin = url?.origin === portal.origin;
  const isUpgrade =
    portal.origin === `http://${portal.hostname}` && url?.origin === `https://${portal.hostname}`;
  if (!url || !(isSameOrigin || isUpgrade) || url.href !== `${url.origin}/rest/`) {
    throw new PortalMismatchError('client_endpoint', { came: originOf(text), expected: portal.origin });
  }
  return url;
}

/**
 * The REST root of an address that is not that of a sign-in: where a renamed portal sends us, or what a later token answer
 * names. Only an allowed portal is believed, the one tolerated difference being https where http is listed.
 *
 * @param text  an address of the portal's REST, with or without a method
 */
export function findAllowedEndpoint(text: string, portals: AllowedPortals): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^\/rest\/[\w.]*$/.test(url.pathname) || url.username || url.password) {
    return undefined;
  }
  const isUpgrade =
    url.origin === `https://${url.hostname}` && portals.findListed(`http://${url.hostname}`) !== undefined;
  const isAllowed = isUpgrade || portals.findAllowed(url.origin) !== undefined;
  return isAllowed ? `${url.origin}/rest/` : undefined;
}

/** What of the authorization response is only ever compared, never used (protocol 11.1). */
export interface PortalClaims {
  domain: unknown;
  serverDomain: unknown;
}

/**
 * Compares the redirect's `domain` with the portal this sign-in began with, and picks the authorization server.
 *
 * `server_domain` comes through the browser: it chooses one of our own list or is refused, and is never an address.
 *
 * @throws {PortalMismatchError} @throws {UnknownServerError}
 */
export function pickAuthorizationServer(claims: PortalClaims, portal: Portal, servers: [URL, ...URL[]]): URL {
  const { domain, serverDomain } = claims;
  const isOurs = typeof domain === 'string' && [portal.hostname, portal.host].includes(domain.toLowerCase());
  if (domain !== undefined && !isOurs) {
    throw new PortalMismatchError('domain', { came: readHost(domain), expected: portal.host });
  }
  if (serverDomain === undefined) return servers[0];
  const named = typeof serverDomain === 'string' ? serverDomain.toLowerCase() : undefined;
  const server = servers.find(({ host }) => host === named);
  if (server === undefined) throw new UnknownServerError(serverDomain);
  return server;
}
