import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Something that listens on this machine, and that nobody of ours should ever come to. */
export interface Trap {
  port: number;
  /** Connections so far, whatever was said over them. */
  connections(): number;
  stop(): Promise<void>;
}

/** Other names for this machine than the portal's. */
const ADDRESSES = ['127.0.0.1', '127.0.0.66', '::1'];
const ATTEMPTS = 20;

/** Listens on one port of several addresses, so that every way to write one of them leads here. */
export async function startTrap(): Promise<Trap> {
  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  );
  const addresses = ADDRESSES.filter((address) => hasIpv6 || address !== '::1');
  let connections = 0;
  const handle = (socket: Socket) => {
    connections += 1;
    socket.destroy();
  };
  const servers = await listenOnAll(addresses, handle, ATTEMPTS);
  return {
    port: (servers[0]?.address() as AddressInfo | undefined)?.port ?? 0,
    connections: () => connections,
    stop: () => closeAll(servers),
  };
}

/** The first address picks the port; somebody else may hold it on the next. */
async function listenOnAll(
  addresses: string[],
  handle: (socket: Socket) => void,
  attempts: number,
): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const address of addresses) {
      const port = (servers[0]?.address() as AddressInfo | undefined)?.port ?? 0;
      servers.push(await listen(port, address, handle));
    }
    return servers;
  } catch (error) {
    await closeAll(servers);
    if (attempts <= 1) throw error;
    return listenOnAll(addresses, handle, attempts - 1);
  }
}

function listen(port: number, address: string, handle: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handle);
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

async function closeAll(servers: Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
}
