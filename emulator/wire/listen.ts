import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * One port on several addresses of this machine. Each address has its own server, because a socket listens on one
 * address.
 */
export interface Listener {
  port: number;
  /** Listens on one more address; no effect if it already listens there. */
  listenOn(address: string): Promise<void>;
  /** Closes the servers and every open connection, also those with a request in progress. */
  close(): Promise<void>;
}

/**
 * With port 0 the first address chooses the port. Another program may use that port on the next address, so we try
 * again.
 */
const ATTEMPTS_FOR_A_COMMON_PORT = 20;

export async function listen(port: number, addresses: string[], handle: RequestListener): Promise<Listener> {
  for (let attempt = 1; ; attempt += 1) {
    const servers = new Map<string, Server>();
    try {
      let common = port;
      for (const address of addresses) {
        const server = await openServer(common, address, handle);
        servers.set(address, server);
        common = (server.address() as AddressInfo).port;
      }
      return createListener(common, servers, handle);
    } catch (error) {
      await closeAll(servers.values());
      if (port !== 0 || attempt === ATTEMPTS_FOR_A_COMMON_PORT || !isPortTaken(error)) throw error;
    }
  }
}

function createListener(port: number, servers: Map<string, Server>, handle: RequestListener): Listener {
  return {
    port,
    async listenOn(address) {
      if (servers.has(address) || servers.has('0.0.0.0')) return;
      servers.set(address, await openServer(port, address, handle));
    },
    close: () => closeAll(servers.values()),
  };
}

function openServer(port: number, address: string, handle: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handle);
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

async function closeAll(servers: Iterable<Server>): Promise<void> {
  await Promise.all(
    [...servers].map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  );
}

export function isPortTaken(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
}

/**
 * Loopback addresses that browsers use: `localhost` may mean IPv4 or IPv6, and each 127.x.y.z is a separate address.
 */
export function loopbackAddresses(hosts: string[]): string[] {
  const ipv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  );
  return [...new Set(['127.0.0.1', ...(ipv6 ? ['::1'] : []), ...hosts.filter(isLoopbackAddress)])];
}

export function isLoopbackAddress(host: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(host);
}
