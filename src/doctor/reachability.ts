import type { ProbeAnswer } from '../http-client/http-client.ts';
import { TransportError } from '../http-client/transport-errors.ts';
import { tellFailure } from './failure-words.ts';
import { type Finding, ok, problem, shortened, warning } from './finding.ts';
import type { Neighbour } from './neighbours.ts';

/** Can the portals and authorization servers of the settings be called from here? */
export function checkReachability(neighbours: Neighbour[], patterns: string[]): Finding[] {
  return [
    ...shortened(neighbours.map(describe)),
    ...patterns.map((pattern) => ok(`Portals ${pattern}: a pattern, which cannot be checked`)),
  ];
}

function describe({ kind, url, outcome }: Neighbour): Finding {
  const name = `${kind === 'portal' ? 'Portal' : 'Authorization server'} ${url.origin}`;
  if (outcome instanceof TransportError) {
    const { what, remedy } = tellFailure(outcome);
    return problem(`${name} ${what}`, remedy);
  }
  const { status, location } = outcome;
  if (status >= 500) {
    return warning(`${name} answers ${status}`, 'It, or a proxy before it, is in trouble: try again later');
  }
  if (isUpgrade(url, outcome)) {
    return warning(
      `${name} sends everybody on to ${location?.origin}`,
      `Write ${location?.origin} instead of ${url.origin} in the settings`,
    );
  }
  if (kind === 'portal' && status === 404) {
    return warning(
      `${name} answers 404`,
      "Is it the portal's address as the browser's address bar shows it?",
    );
  }
  // Where to, because that shows a renamed portal; a cloud portal sends strangers elsewhere to sign in, so it proves nothing.
  const isElsewhere = location !== undefined && location.origin !== url.origin;
  return ok(`${name} answers${isElsewhere ? ` and sends strangers to ${location.origin}` : ''}`);
}

function isUpgrade(url: URL, { location }: ProbeAnswer): boolean {
  return url.protocol === 'http:' && location?.protocol === 'https:' && location.hostname === url.hostname;
}
