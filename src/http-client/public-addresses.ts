import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The code of a refusal to connect to an address that is not public. */
export const NOT_PUBLIC = 'EADDRNOTPUBLIC';

/**
 * A DNS lookup for `http.Agent` that refuses private addresses at the moment of connecting. A check before that would
 * not stop DNS rebinding: the name could lead elsewhere a moment later.
 *
 * @param mayBePrivate  whether the configuration names this host; then its address may be private
 */
export function publicLookup(mayBePrivate: (hostname: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      if (!mayBePrivate(hostname) && !addresses.every(({ address }) => isPublicAddress(address))) {
        const refusal = Object.assign(new Error(`${hostname} has no public address`), {
          code: NOT_PUBLIC,
        });
        return callback(refusal, '', 0);
      }
      const [first] = addresses;
      if (options.all || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

/**
 * Whether the host name of a URL is itself an IP address that is not public. Node connects to such a host without a
 * lookup, so `publicLookup` does not see it.
 */
export function isPrivateLiteral(hostname: string): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) !== 0 && !isPublicAddress(literal);
}

function isPublicAddress(address: string): boolean {
  // ipaddr.js counts ::127.0.0.1, an old way to write IPv4 in IPv6, as unicast; ::/96 has no public addresses any more.
  return ipaddr.process(address).range() === 'unicast' && !isIPv4Compatible(address);
}

function isIPv4Compatible(address: string): boolean {
  return (
    ipaddr.IPv6.isValid(address) &&
    ipaddr.IPv6.parse(address)
      .parts.slice(0, 6)
      .every((part) => part === 0)
  );
}
