import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A proxy for outgoing calls. */
export interface OutgoingProxy {
  /** Without user and password, so that it may be named. */
  url: URL;
  /** The value of `Proxy-Authorization`. */
  authorization: string | undefined;
}

/** Which proxy a call goes through; undefined: none. */
export type ProxyFor = (url: URL) => OutgoingProxy | undefined;

export const noProxyAtAll: ProxyFor = () => undefined;

/**
 * Reads HTTPS_PROXY or HTTP_PROXY as other programs do: `http://user:password@proxy.example:3128`, or without the scheme.
 *
 * @throws {Error}  in words that never hold the password
 */
export function parseOutgoingProxy(text: string): OutgoingProxy {
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname + url.search + url.hash !== '/') {
    throw new Error(
      'must be the address of an HTTP proxy, without a path: http://user:password@proxy.example:3128 (write @ : / % in user and password as %40 %3A %2F %25)',
    );
  }
  return { url: new URL(url.origin), authorization: authorizationOf(url) };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(plain).toString('base64')}`;
  } catch {
    throw new Error('has a % in its user or password that stands for nothing: write % as %25');
  }
}

/** The hosts of NO_PROXY, separated by commas or blanks. */
export function parseNoProxy(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '');
}

/**
 * Chooses the proxy by the scheme of the address that is called. This machine is never asked for through a proxy.
 *
 * `NO_PROXY` is read as curl and Go read it, which is more than the packages for it do: `acme.example` means the names below
 * it too, `10.0.0.0/8` all addresses in it, `acme.example:8080` that port only, and `*` every host.
 */
export function chooseProxy(settings: {
  httpsProxy: OutgoingProxy | undefined;
  httpProxy: OutgoingProxy | undefined;
  noProxy: string[];
}): ProxyFor {
  return (url) => {
    const proxy = url.protocol === 'https:' ? settings.httpsProxy : settings.httpProxy;
    if (proxy === undefined || isLoopback(url.hostname)) return undefined;
    return settings.noProxy.some((entry) => covers(entry, url)) ? undefined : proxy;
  };
}

function isLoopback(hostname: string): boolean {
  if (/^(.+\.)?localhost\.?$/.test(hostname)) return true;
  const address = addressIn(hostname);
  return address !== undefined && address.range() === 'loopback';
}

const HOST_AND_PORT = /^(\[.+\]|[^:]+)(?::(\d+))?$/;

function covers(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const network = networkIn(entry);
  const address = addressIn(url.hostname);
  if (network !== undefined) return address !== undefined && isWithin(address, network);
  const [, host = '', port] = isIP(entry) ? ['', entry] : (HOST_AND_PORT.exec(entry) ?? []);
  if (host === '') return false;
  if (port !== undefined && port !== portOf(url)) return false;
  const listed = addressIn(host);
  if (listed !== undefined) return address?.toString() === listed.toString();
  const name = host.replace(/^\*?\./, '');
  return url.hostname === name || url.hostname.endsWith(`.${name}`);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

function addressIn(host: string): Address | undefined {
  const literal = host.replace(/^\[|\]$/g, '');
  return isIP(literal) === 0 ? undefined : ipaddr.process(literal);
}

function networkIn(entry: string): [Address, number] | undefined {
  return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : undefined;
}

function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function portOf({ protocol, port }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}
