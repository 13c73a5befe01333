import { isIP } from 'node:net';
import type { HttpClient, ProbeAnswer } from '../http-client/http-client.ts';
import { noProxyAtAll, type ProxyFor } from '../http-client/outgoing-proxy.ts';
import { TransportError } from '../http-client/transport-errors.ts';
import { type FailureWords, tellFailure, throughProxy } from './failure-words.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { probe } from './outgoing-hosts.ts';

const HEALTH = '/healthz';

/** Does PUBLIC_URL lead to our server? Asked from this machine, which may see the network otherwise than a browser does. */
export async function checkPublicUrl(
  http: HttpClient,
  publicUrl: URL,
  listeningAt: URL,
  proxyFor: ProxyFor = noProxyAtAll,
): Promise<Finding[]> {
  const [outside, inside] = await Promise.all([
    probe(http, new URL(writePublicUrl(publicUrl) + HEALTH)),
    probe(http, new URL(HEALTH, listeningAt)),
  ]);
  const proxy = proxyFor(publicUrl)?.url;
  return [whereItLeads({ publicUrl, listeningAt, proxy }, outside, inside), ...aboutTheAddress(publicUrl)];
}

/** With its path, if it has one, as PUBLIC_URL is written. */
export function writePublicUrl({ href }: URL): string {
  return href.replace(/\/$/, '');
}

/** Where the server is reached, from outside and from this machine. */
interface Way {
  publicUrl: URL;
  listeningAt: URL;
  /** The proxy through which this machine asks from outside, if there is one. */
  proxy: URL | undefined;
}

type Outcome = ProbeAnswer | TransportError;

function whereItLeads(way: Way, outside: Outcome, inside: Outcome): Finding {
  const { publicUrl, listeningAt, proxy } = way;
  const name = `PUBLIC_URL ${writePublicUrl(publicUrl)}${throughProxy(proxy)}`;
  if (isOurs(outside)) return ok(`${name} leads to our server`);
  if (isOurs(inside)) {
    const { what, remedy } = tellOutside(way, outside);
    return problem(`The server runs, but ${name} does not lead to it: it ${what}`, remedy);
  }
  const { what } = tellOutside(way, outside);
  return inside instanceof TransportError
    ? problem(
        `The server is not running: nothing answers at ${listeningAt.origin}, and ${name} ${what}`,
        'npm start. If it runs on another machine, run this there; if it is starting, try again',
      )
    : problem(
        `Another program answers at ${listeningAt.origin}, where our server should, and ${name} ${what}`,
        'Stop that program, or set PORT and PUBLIC_URL to a free port',
      );
}

function isOurs(outcome: Outcome): boolean {
  if (outcome instanceof TransportError) return false;
  try {
    return (JSON.parse(outcome.text) as { status?: unknown } | null)?.status === 'ok';
  } catch {
    return false;
  }
}

function tellOutside({ publicUrl, listeningAt, proxy }: Way, outcome: Outcome): FailureWords {
  if (outcome instanceof TransportError) return tellSilence(outcome, proxy);
  const { status, location } = outcome;
  if (location !== undefined && status >= 300 && status < 400) {
    const proposed = location.origin + publicUrl.pathname.replace(/\/$/, '');
    return location.origin === publicUrl.origin
      ? {
          what: `sends ${HEALTH} on to another page`,
          remedy: `A proxy keeps ${HEALTH} for itself: let it pass everything on to ${listeningAt.origin}`,
        }
      : {
          what: `sends browsers on to ${location.origin}`,
          remedy: `If browsers should use that address, set PUBLIC_URL=${proposed} and register ${proposed}/bitrix in Bitrix24`,
        };
  }
  return {
    what: `answers ${status}, which is not our server`,
    remedy: `Let the proxy pass every path ${publicUrl.pathname === '/' ? '' : `below ${publicUrl.pathname} `}on to ${listeningAt.origin}, or correct PUBLIC_URL`,
  };
}

function tellSilence(failure: TransportError, proxy: URL | undefined): FailureWords {
  const { what, remedy } = tellFailure(failure, proxy);
  const isUnreached = failure.isTimeout;
  return {
    what,
    remedy: isUnreached
      ? `${remedy}. If browsers do get there, the way back from this machine is what is missing, and nothing is wrong`
      : remedy,
  };
}

function aboutTheAddress({ protocol, hostname }: URL): Finding[] {
  if (isLoopback(hostname)) return [];
  const findings: Finding[] = [];
  if (protocol === 'http:') {
    findings.push(
      warning(
        'PUBLIC_URL is plain http: cookies travel unprotected, and cloud portals of Bitrix24 want https',
        'Put a proxy that ends TLS in front, and set PUBLIC_URL=https://…',
      ),
    );
  }
  if (isIP(hostname.replace(/^\[|\]$/g, ''))) {
    findings.push(
      warning(
        'PUBLIC_URL is a bare IP address: certificates are made for names',
        'Give the machine a name, and write that into PUBLIC_URL and on the card in Bitrix24',
      ),
    );
  }
  return findings;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}
