import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Parsers of the values of settings. Each throws an Error whose message says what to write instead, without the value. */

export function parseWholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    if (SET_BY_KUBERNETES.test(text)) throw new Error(WHY_KUBERNETES);
    throw new Error(`must be a whole number from ${least} to ${most}`);
  };
}

/** For a Service named `metrics`, Kubernetes sets METRICS_PORT of every Pod to `tcp://10.43.7.9:9464`. */
const SET_BY_KUBERNETES = /^(tcp|udp|sctp):\/\/[\d.:[\]a-f]+$/;
const WHY_KUBERNETES =
  'was set by Kubernetes for a Service of that name: set enableServiceLinks: false in the Pod, or set it yourself';

export function parseOneOf<Value extends string>(values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value !== undefined) return value;
    const meant = values.find((each) => each.startsWith(text.toLowerCase()));
    const hint = meant === undefined ? '' : `: write ${meant}`;
    throw new Error(`must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}${hint}`);
  };
}

export function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` && !url.hostname.includes('*'))
    return url;
  throw new Error('must be an address of scheme, host and perhaps a port, without a path');
}

/** Below a path are only names that no proxy, cookie or browser writes in another way. */
const PLAIN_PATH = /^(\/[\w.~-]+)*\/?$/;

/** @returns an address whose path has no slash at its end, unless it is all of it */
export function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url &&
    /^https?:$/.test(url.protocol) &&
    url.href === url.origin + url.pathname &&
    !url.hostname.includes('*')
  ) {
    if (/\/bitrix\/?$/.test(url.pathname)) {
      throw new Error('ends with /bitrix, which is added to it: leave that out');
    }
    if (PLAIN_PATH.test(url.pathname)) return new URL(url.pathname.replace(/\/$/, ''), url.origin);
    throw new Error('may have a path of letters, digits, dots, dashes and underscores only');
  }
  throw new Error('must be an address of scheme, host and perhaps a port and a path, without ? and #');
}

export function parseClientId(text: string): string {
  if (/^[\w.-]{3,100}$/.test(text)) return text;
  throw new Error('must be letters, digits, dots and dashes, as the card shows it');
}

export function parseClientSecret(text: string, isProduction: boolean): string {
  if (isProduction && isSample(text)) throw new Error(SAMPLE);
  return text;
}

export function parseAuthorizationServers(text: string, isProduction: boolean): [URL, ...URL[]] {
  const servers = parseList(text).map(parseOrigin);
  if (isProduction && servers.some((server) => server.protocol !== 'https:')) {
    throw new Error('must use https when NODE_ENV=production: the client secret travels there');
  }
  const [first, ...others] = servers;
  if (first === undefined) throw new Error('must name at least one authorization server');
  return [first, ...others];
}

export function parseSessionSecrets(text: string, isProduction: boolean): string[] {
  const secrets = parseList(text);
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new Error('must be secrets of 32 characters or more each, separated by commas');
  }
  if (isProduction && secrets.some(isSample)) throw new Error(SAMPLE);
  return secrets;
}

export function parseTokenKeys(text: string, isProduction: boolean): Uint8Array[] {
  const keys = parseList(text).map((item) => Buffer.from(item, 'base64'));
  if (keys.length === 0 || keys.some((key) => key.length !== 32)) {
    throw new Error('must be base64 of exactly 32 bytes each, separated by commas');
  }
  if (isProduction && keys.some((key) => new Set(key).size < 16 || isSample(key.toString('latin1')))) {
    throw new Error(SAMPLE);
  }
  return keys;
}

export function parseProxies(text: string): string[] {
  const proxies = parseList(text);
  // ipaddr.js also reads old spellings, such as 1 for 0.0.0.1, which an operator never means.
  const wrong = proxies.find((proxy) => !isIP(proxy.split('/', 1)[0] ?? '') || !isAddressOrNetwork(proxy));
  if (wrong === undefined) return proxies.map(asExpressReads);
  throw new Error('must be IP addresses or networks (not /0, which is everyone), separated by commas');
}

/** Express refuses to start with the network `/0`, in words that do not name the setting. */
function isAddressOrNetwork(text: string): boolean {
  return ipaddr.isValid(text) || (ipaddr.isValidCIDR(text) && !/\/0+$/.test(text));
}

/** Express reads fewer spellings of an address than ipaddr.js does: not `3:d9e::10.0.0.1`, for one. */
function asExpressReads(proxy: string): string {
  const [address = '', ...prefix] = proxy.split('/');
  return [ipaddr.parse(address).toString(), ...prefix].join('/');
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const SAMPLE = 'looks like a sample; use a value of your own';

/** A secret that was copied from a guide is known to others. */
function isSample(secret: string): boolean {
  return (
    new Set(secret).size < 10 ||
    /change.?me|example|sample|placeholder|secret|password|your.?|demo|12345678/i.test(secret)
  );
}
