import type { TransportError } from '../http-client/transport-errors.ts';
import { PROXY_FAILURE } from '../http-client/tunnel-agent.ts';

/** Why a host did not answer, and what to do, in words. */
export interface FailureWords {
  what: string;
  remedy: string;
}

const UNKNOWN_ISSUER: FailureWords = {
  what: 'shows a certificate whose issuer this machine does not know',
  remedy:
    'If the issuer is your own, start server and doctor with NODE_EXTRA_CA_CERTS=/path/to/its/certificate.pem; else have the other side send its whole chain, intermediate certificates too',
};

const NO_ROUTE: FailureWords = {
  what: 'cannot be reached: there is no route to its address',
  remedy: 'Look at the network of this machine or container, and at IPv6 if the name has such an address',
};

/** Words for the error codes of the system. */
const WORDS: Record<string, FailureWords> = {
  ENOTFOUND: {
    what: 'does not exist: the name does not resolve',
    remedy:
      "Write the name as the browser's address bar shows it; if it is right, look at the DNS of this machine",
  },
  EAI_AGAIN: {
    what: 'cannot be looked up: no name server answers',
    remedy: 'Look at the DNS of this machine or container (/etc/resolv.conf)',
  },
  ECONNREFUSED: {
    what: 'refuses the connection: nothing listens on that port',
    remedy: 'Is the port right, and is it running? A firewall may refuse as well',
  },
  ETIMEDOUT: {
    what: 'does not answer in time',
    remedy: 'Usually a firewall: let this machine out to it, or name a proxy in HTTPS_PROXY',
  },
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  EADDRNOTAVAIL: NO_ROUTE,
  ECONNRESET: {
    what: 'cuts the connection off without an answer',
    remedy:
      'Usually a firewall or a proxy in between, or https where only http is spoken (or the other way round)',
  },
  CERT_HAS_EXPIRED: {
    what: 'shows a certificate that has expired',
    remedy: 'Renew it. If it is valid, the clock of this machine is wrong',
  },
  CERT_NOT_YET_VALID: {
    what: 'shows a certificate that is not valid yet',
    remedy: 'Usually the clock of this machine is wrong',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'shows a certificate that is for another name',
    remedy: 'Use the name the certificate is for, or get one for this name',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  EPROTO: {
    what: 'does not speak TLS as we do',
    remedy: 'Is it plain http, or another port? A very old server may know no TLS 1.2',
  },
};

/** Goes on from the address: `https://acme.bitrix24.com` + `, through the proxy …`. */
export function throughProxy(proxy: URL | undefined): string {
  return proxy === undefined ? '' : `, through the proxy ${proxy.origin},`;
}

/** Goes on from the address: `https://acme.bitrix24.com` + `does not resolve`. */
export function tellFailure({ why, code }: TransportError, proxy?: URL): FailureWords {
  if (why.startsWith(PROXY_FAILURE)) return tellProxyFailure(why.slice(PROXY_FAILURE.length));
  if (code === 'portal_timeout' && proxy !== undefined) return tellProxyFailure('ETIMEDOUT');
  if (code === 'portal_timeout') return WORDS.ETIMEDOUT as FailureWords;
  return WORDS[why.startsWith('ERR_SSL_') ? 'EPROTO' : why] ?? somethingElse(why);
}

const CANNOT_REACH_PROXY =
  'Correct HTTPS_PROXY or HTTP_PROXY; if this host can be reached directly, add it to NO_PROXY';

/** @param why  the status that the proxy answered with, or the error code of the system */
function tellProxyFailure(why: string): FailureWords {
  if (why === '407') {
    return {
      what: 'cannot be reached: the proxy wants a user and a password, or others than it got',
      remedy:
        'Write them into HTTPS_PROXY and HTTP_PROXY: http://user:password@host:port (write @ : / % in them as %40 %3A %2F %25)',
    };
  }
  if (/^5\d\d$/.test(why)) {
    return {
      what: `cannot be reached: the proxy answers ${why}, so it does not find the host or gets no answer`,
      remedy: 'Is the name right? Else ask whoever runs the proxy; its log says why',
    };
  }
  if (/^\d+$/.test(why)) {
    return {
      what: `cannot be reached: the proxy refuses to connect to it (${why})`,
      remedy: 'Have it allowed at the proxy; if this host can be reached directly, add it to NO_PROXY',
    };
  }
  if (why === 'ETIMEDOUT') {
    return { what: 'does not answer in time, or the proxy does not', remedy: CANNOT_REACH_PROXY };
  }
  return { what: `cannot be reached: the proxy itself cannot be (${why})`, remedy: CANNOT_REACH_PROXY };
}

function somethingElse(why: string): FailureWords {
  if (why.startsWith('HPE_')) {
    return { what: 'answers, but not in HTTP', remedy: 'Is the port right, and should it be https?' };
  }
  return { what: `cannot be asked (${why})`, remedy: 'Try it with curl from this machine' };
}
