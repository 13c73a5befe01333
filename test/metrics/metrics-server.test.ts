import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/log.ts';
import { type MetricsServer, serveMetrics } from '../../src/metrics/metrics-server.ts';
import { firstOf } from '../support/order.ts';

let lines: string[];
let server: MetricsServer;
let exposition: () => Promise<string>;
beforeEach(async () => {
  lines = [];
  exposition = async () => 'a_metric 1\n';
  server = await start();
});
afterEach(() => server.close());

function start(port = 0): Promise<MetricsServer> {
  return serveMetrics({
    host: '127.0.0.1',
    port,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    exposition: () => exposition(),
    logger: createLogger({
      level: 'info',
      isPretty: false,
      destination: { write: (line) => void lines.push(line) },
    }),
  });
}

const origin = () => `http://127.0.0.1:${server.port}`;

describe('serveMetrics()', () => {
  it.each(['/metrics', '/metrics?name=x'])('answers GET %s as scrapers expect it', async (path) => {
    const answer = await fetch(origin() + path);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe('a_metric 1\n');
  });

  it.each([
    ['GET', '/'],
    ['GET', '/companies'],
    ['GET', '/metrics/'],
    ['GET', '//metrics'],
    ['HEAD', '/metrics'],
    ['POST', '/metrics'],
    ['OPTIONS', '*'],
  ])('answers %s %s with 404', async (method, path) => {
    const status = await new Promise((resolve, reject) => {
      request({ port: server.port, host: '127.0.0.1', method, path }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });

    expect(status).toBe(404);
  });

  it('when the metrics cannot be written › answers 500 with nothing of the error, and logs it', async () => {
    exposition = () => Promise.reject(new Error('CANARY'));

    const answer = await fetch(`${origin()}/metrics`);

    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe('');
    expect(lines.join()).toContain('the metrics could not be written');
  });

  it('when the port is taken › says so as the system does', async () => {
    await expect(start(server.port)).rejects.toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  it('when it is closed › ends connections that are kept alive, and the port is free', async () => {
    await fetch(`${origin()}/metrics`, { headers: { connection: 'keep-alive' } });
    const { port } = server;

    await server.close();

    const next = createServer();
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => next.close(resolve));
    server = await start();
  });

  it('when it is closed in the middle of a request › does not wait for the client', async () => {
    const other = await start();
    const socket = connect(other.port, '127.0.0.1');
    const hungUp = new Promise((resolve) =>
      socket
        .once('close', resolve)
        .resume()
        .on('error', () => {}),
    );
    await new Promise<void>((resolve) => {
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n', () => resolve());
    });

    const closed = other.close().then(() => hungUp);

    // Nothing but the listener's own limit of ten seconds would end such a request.
    expect(await firstOf({ closed, 'five seconds': 5_000 })).toBe('closed');
  });

  it('when a client begins a request and never ends it › hangs up', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');

    const hungUp = new Promise((resolve) => socket.once('close', resolve).resume());

    expect(await firstOf({ hungUp, 'twelve seconds': 12_000 })).toBe('hungUp');
  });
});
