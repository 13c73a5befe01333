import { domainToUnicode } from 'node:url';

/** The host of an address as people write it: `портал.рф`, not `xn--80atkibfj.xn--p1ai`; with the port, if there is one. */
export function showHost(address: string): string {
  const { hostname, host } = new URL(address);
  // Empty for what cannot be decoded.
  const shown = domainToUnicode(hostname) || hostname;
  return host.replace(hostname, shown);
}
