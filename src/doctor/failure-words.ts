import type { TransportError } from '../http-client/transport-errors.ts';

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
    remedy:
      'Usually a firewall: let this machine out to it. The application goes there directly, and does not heed HTTPS_PROXY',
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

/** Goes on from the address: `https://acme.bitrix24.com` + `does not resolve`. */
export function tellFailure({ why, code }: TransportError): FailureWords {
  if (code === 'portal_timeout') return WORDS.ETIMEDOUT as FailureWords;
  return WORDS[why.startsWith('ERR_SSL_') ? 'EPROTO' : why] ?? somethingElse(why);
}

function somethingElse(why: string): FailureWords {
  if (why.startsWith('HPE_')) {
    return { what: 'answers, but not in HTTP', remedy: 'Is the port right, and should it be https?' };
  }
  return { what: `cannot be asked (${why})`, remedy: 'Try it with curl from this machine' };
}
