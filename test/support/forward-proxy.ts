import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** An HTTP proxy on loopback that alone knows the names of some hosts. */
export interface ForwardProxy {
  url: URL;
  /** `CONNECT acme.example:443`, `POST http://box.example/rest/`: what it was asked, refused or not. */
  asked: string[];
  stop(): Promise<void>;
}

export interface ForwardProxyOptions {
  /** Ports on loopback by `host:port`; every other host gets 502. */
  hosts: Record<string, number>;
  /** Others get 407. */
  password?: string;
  /** What it answers to every `CONNECT`, instead of connecting. */
  refusal?: { status: number; body: string };
  /** Takes connections and never answers. */
  isSilent?: boolean;
}

export async function startForwardProxy(options: ForwardProxyOptions): Promise<ForwardProxy> {
  const asked: string[] = [];
  const expected = options.password && `Basic ${Buffer.from(`app:${options.password}`).toString('base64')}`;
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    if (expected && req.headers['proxy-authorization'] !== expected) return void res.writeHead(407).end();
    const url = new URL(req.url ?? '');
    const port = options.hosts[`${url.hostname}:${url.port || 80}`];
    if (port === undefined) return void res.writeHead(502).end('no such host');
    const { 'proxy-authorization': _own, ...headers } = req.headers;
    const onward = request(
      { host: '127.0.0.1', port, method: req.method, path: url.pathname + url.search, headers },
      (answer) => answer.pipe(res.writeHead(answer.statusCode ?? 502, answer.headers)),
    );
    req.pipe(onward);
  });
  server.on('connect', (req, socket) => {
    asked.push(`CONNECT ${req.url}`);
    socket.on('error', () => {});
    if (options.isSilent) return undefined;
    const refuse = (status: number, body: string) =>
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    if (options.refusal) return refuse(options.refusal.status, options.refusal.body);
    if (expected && req.headers['proxy-authorization'] !== expected) return refuse(407, 'who are you?');
    const port = options.hosts[req.url ?? ''];
    if (port === undefined) return refuse(502, 'no such host');
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 200))]);
    },
  };
}
