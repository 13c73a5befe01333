import autocannon from 'autocannon';

export interface Load {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
}

/**
 * 20 connections that send a request as soon as the previous answer has arrived.
 *
 * @throws  if any answer is not 2xx, or a connection fails
 */
export async function load(url: string, headers: Record<string, string>, seconds: number): Promise<Load> {
  const result = await autocannon({
    url,
    connections: 20,
    duration: seconds,
    headers: { accept: 'text/html', 'accept-language': 'en', ...headers },
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  }
  return { rate: result.requests.average, p99: result.latency.p99 };
}
