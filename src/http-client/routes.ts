import http from 'node:http';
import type { AxiosRequestConfig } from 'axios';
import type { OutgoingProxy, ProxyFor } from './outgoing-proxy.ts';
import { TunnelAgent } from './tunnel-agent.ts';

/** Connections to one origin: at most so many at once, and so many kept for the next call. */
const CONNECTIONS = 100;
const IDLE_CONNECTIONS = 32;
/** Shorter than servers keep them, so that a call rarely goes out on a connection that the server is just closing. */
const IDLE_MS = 15_000;
/** The value that axios sets for each call. With another value here, the kernel would be told both in turn, call after call. */
const KEEP_ALIVE_MS = 60_000;

export const AGENT_OPTIONS = {
  keepAlive: true,
  maxSockets: CONNECTIONS,
  maxFreeSockets: IDLE_CONNECTIONS,
  timeout: IDLE_MS,
  keepAliveMsecs: KEEP_ALIVE_MS,
};

/** How a call gets to its host, where that is not directly. */
export type Route = Pick<AxiosRequestConfig, 'httpAgent' | 'httpsAgent' | 'proxy' | 'headers'>;

/**
 * Through a proxy no name is looked up here, so addresses are not checked at the moment of connecting: the operator chose
 * the proxy, and what it may reach is configured there. Literal private addresses are refused all the same.
 */
export function createRoutes(proxyFor: ProxyFor): { to(url: URL): Route; close(): void } {
  const tunnels = new Map<OutgoingProxy, TunnelAgent>();
  const plain = new http.Agent(AGENT_OPTIONS);
  function tunnelThrough(proxy: OutgoingProxy): TunnelAgent {
    const known =
      tunnels.get(proxy) ?? new TunnelAgent(proxy, { ...AGENT_OPTIONS, rejectUnauthorized: true });
    tunnels.set(proxy, known);
    return known;
  }
  return {
    to(url) {
      const proxy = proxyFor(url);
      if (proxy === undefined) return {};
      if (url.protocol === 'https:') return { httpsAgent: tunnelThrough(proxy) };
      return { ...plainThrough(proxy), httpAgent: plain };
    },
    close() {
      plain.destroy();
      for (const tunnel of tunnels.values()) tunnel.destroy();
    },
  };
}

/** Plain http goes to the proxy as a request with the whole address, which axios writes as it should. */
function plainThrough({ url, authorization }: OutgoingProxy): Route {
  return {
    proxy: { protocol: url.protocol, host: url.hostname, port: Number(url.port || 80) },
    ...(authorization && { headers: { 'proxy-authorization': authorization } }),
  };
}
