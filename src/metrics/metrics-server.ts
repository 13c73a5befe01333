import { createServer } from 'node:http';
import type { Logger } from '../log.ts';

/** A scraper is near and sends its request at once; an idle connection is closed. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 };
const IDLE_MS = 10_000;

/** Every address of IPv4 and IPv6, which Node takes where it is given none; and 0.0.0.0 where the machine has no IPv6. */
export function hostToListenOn(host: string): string | undefined {
  return host === '::' ? undefined : host;
}

/** A listener for scrapers, apart from the one for visitors. */
export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Answers `GET /metrics` and nothing else.
 *
 * @param options.port        0 is any that is free
 * @param options.exposition  what to answer
 * @throws {Error}  of the system, such as `EADDRINUSE`
 */
export async function serveMetrics(options: {
  host: string;
  port: number;
  contentType: string;
  exposition: () => Promise<string>;
  logger: Logger;
}): Promise<MetricsServer> {
  const server = createServer(TIMEOUTS, async (req, res) => {
    const [path] = (req.url ?? '').split('?', 1);
    if (req.method !== 'GET' || path !== '/metrics') {
      res.writeHead(404, { 'Content-Type': 'text/plain' }).end('The metrics are at GET /metrics.\n');
      return;
    }
    try {
      const text = await options.exposition();
      res
        .writeHead(200, {
          'Content-Type': options.contentType,
          'Cache-Control': 'no-store',
          'X-Content-Type-Options': 'nosniff',
        })
        .end(text);
    } catch (err) {
      options.logger.error({ err }, 'the metrics could not be written');
      res.writeHead(500).end();
    }
  });
  server.setTimeout(IDLE_MS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: hostToListenOn(options.host) }, resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
