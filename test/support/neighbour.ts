import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

/** Somebody on loopback whom we call, and how they behave. */
export interface Neighbour {
  url: URL;
  /** What they were sent, as it came. */
  requests: { method: string; path: string; headers: Record<string, unknown>; body: string }[];
  /** Connections they were offered, used or not. */
  connections: number;
  stop(): Promise<void>;
}

/** Speaks HTTP; the whole request is read before the listener answers. */
export async function startNeighbour(answer: RequestListener): Promise<Neighbour> {
  const requests: Neighbour['requests'] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    requests.push({ method: req.method ?? '', path: req.url ?? '', headers: req.headers, body });
    answer(req, res);
  });
  const neighbour = { url: new URL('http://127.0.0.1'), requests, connections: 0, stop };
  server.on('connection', () => {
    neighbour.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  neighbour.url.port = String((server.address() as AddressInfo).port);

  async function stop() {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  return neighbour;
}

/** Does with the connection whatever the test says, in bytes. */
export async function startRawNeighbour(onConnection: (socket: Socket) => void): Promise<Neighbour> {
  const sockets = new Set<Socket>();
  const neighbour = { url: new URL('http://127.0.0.1'), requests: [], connections: 0, stop };
  const server = createTcpServer((socket) => {
    neighbour.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  neighbour.url.port = String((server.address() as AddressInfo).port);

  async function stop() {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  return neighbour;
}
