import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { OutgoingProxy } from './outgoing-proxy.ts';

/** A proxy that has not connected us by then will not. */
const CONNECT_MS = 10_000;

/** What every code of a failure at the proxy begins with: `EPROXY_407`, `EPROXY_ECONNREFUSED`. Nothing of ours was sent. */
export const PROXY_FAILURE = 'EPROXY_';

export function asProxyFailure(why: string | number): Error {
  return Object.assign(new Error(`the proxy: ${why}`), { code: `${PROXY_FAILURE}${why}` });
}

/**
 * Calls https hosts through a proxy: `CONNECT` first, then TLS with the host itself, whose certificate is checked as without
 * a proxy. The proxy looks the name up; here it may be unknown.
 *
 * Not axios' own way, which sends an https request to the proxy as it would send a plain one, nor `https-proxy-agent`, which
 * hands on a refusal of the proxy as if the host had answered: a proxy could say `invalid_grant` for a portal.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: OutgoingProxy;

  constructor(proxy: OutgoingProxy, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: tls.ConnectionOptions,
    callback: (error: Error | null, socket?: Duplex) => void,
  ): undefined {
    this.#connect(`${options.host}:${options.port}`, (error, socket) => {
      if (error) callback(error);
      else callback(null, tls.connect({ ...options, socket }));
    });
  }

  #connect(target: string, callback: (error: Error | null, socket?: Duplex) => void): void {
    const { url, authorization } = this.#proxy;
    const { request } = url.protocol === 'https:' ? https : http;
    const connecting = request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(authorization && { 'proxy-authorization': authorization }) },
      agent: false,
      timeout: CONNECT_MS,
    });
    let isDone = false;
    const finish = (error: Error | null, socket?: Duplex) => {
      if (!isDone) callback(error, socket);
      isDone = true;
    };
    connecting.once('connect', ({ statusCode = 0 }, socket) => {
      // The wait for the answer of the proxy is over; how long the host may take is the caller's business.
      socket.setTimeout(0);
      if (statusCode >= 200 && statusCode < 300) return finish(null, socket);
      socket.destroy();
      finish(asProxyFailure(statusCode));
    });
    // Most proxies refuse with an answer that has a body, which Node takes for an ordinary one.
    connecting.once('response', (answer) => {
      answer.destroy();
      finish(asProxyFailure(answer.statusCode ?? 0));
    });
    connecting.once('timeout', () => connecting.destroy(asProxyFailure('ETIMEDOUT')));
    connecting.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code?.startsWith(PROXY_FAILURE) ? error : asProxyFailure(error.code ?? 'failed'));
    });
    connecting.end();
  }
}
