import type { ProbeAnswer } from '../http-client/http-client.ts';
import { noProxyAtAll, type ProxyFor } from '../http-client/outgoing-proxy.ts';
import { TransportError } from '../http-client/transport-errors.ts';
import { tellFailure, throughProxy } from './failure-words.ts';
import { type Finding, ok, problem, shortened, warning } from './finding.ts';
import type { OutgoingHost } from './outgoing-hosts.ts';

/** Can the portals and authorization servers of the settings be called from here? */
export function checkReachability(
  hosts: OutgoingHost[],
  patterns: string[],
  proxyFor: ProxyFor = noProxyAtAll,
): Finding[] {
  return [
    ...shortened(hosts.map((host) => describe(host, proxyFor))),
    ...patterns.map((pattern) => ok(`Portals ${pattern}: a pattern, which cannot be checked`)),
  ];
}

function describe({ kind, url, outcome }: OutgoingHost, proxyFor: ProxyFor): Finding {
  const proxy = proxyFor(url)?.url;
  const name = `${kind === 'portal' ? 'Portal' : 'Authorization server'} ${url.origin}${throughProxy(proxy)}`;
  if (outcome instanceof TransportError) {
    const { what, remedy } = tellFailure(outcome, proxy);
    return problem(`${name} ${what}`, remedy);
  }
  const { status, location } = outcome;
  if (status >= 500) {
    return warning(`${name} answers ${status}`, 'It, or a proxy before it, is in trouble: try again later');
  }
  if (isUpgrade(url, outcome)) {
    return warning(
      `${name} redirects every request to ${location?.origin}`,
      `Write ${location?.origin} instead of ${url.origin} in the settings`,
    );
  }
  if (kind === 'portal' && status === 404) {
    return warning(
      `${name} answers 404`,
      "Is it the portal's address as the browser's address bar shows it?",
    );
  }
  // The target is printed because it shows a renamed portal. It proves nothing: a cloud portal redirects visitors who are
  // not signed in to another host.
  const isElsewhere = location !== undefined && location.origin !== url.origin;
  return ok(
    `${name} answers${isElsewhere ? ` and redirects visitors who are not signed in to ${location.origin}` : ''}`,
  );
}

function isUpgrade(url: URL, { location }: ProbeAnswer): boolean {
  return url.protocol === 'http:' && location?.protocol === 'https:' && location.hostname === url.hostname;
}
