import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkPublicUrl } from '../../src/doctor/public-url.ts';
import { createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { type Neighbour, startNeighbour } from '../support/neighbour.ts';
import { freePort } from '../support/redis-server.ts';
import { startSelfSigned } from '../support/self-signed.ts';

let http: HttpClient;
let neighbours: Neighbour[];
let server: URL;
let nobody: URL;
beforeEach(async () => {
  http = createHttpClient({ mayBePrivate: () => true });
  neighbours = [];
  server = await answering((_req, res) => void res.end('{"status":"ok"}'));
  nobody = new URL(`http://127.0.0.1:${await freePort()}`);
});
afterEach(async () => {
  http.close();
  await Promise.all(neighbours.map((neighbour) => neighbour.stop()));
});

async function answering(answer: RequestListener): Promise<URL> {
  const neighbour = await startNeighbour(answer);
  neighbours.push(neighbour);
  return neighbour.url;
}

const redirectingTo = (location: string) =>
  answering((_req, res) => void res.writeHead(301, { location }).end());

describe('checkPublicUrl()', () => {
  it('when it leads to our server › is well', async () => {
    const findings = await checkPublicUrl(http, server, server);

    expect(findings).toEqual([{ level: 'ok', what: `PUBLIC_URL ${server.origin} leads to our server` }]);
    expect(neighbours[0]?.requests[0]).toMatchObject({ method: 'GET', path: '/healthz' });
  });

  it('when it has a path › asks below it, and names it', async () => {
    const below = new URL('/companies-app', server);

    const findings = await checkPublicUrl(http, below, server);

    expect(findings).toEqual([{ level: 'ok', what: `PUBLIC_URL ${below.href} leads to our server` }]);
    expect(neighbours[0]?.requests.map(({ path }) => path).sort()).toEqual([
      '/companies-app/healthz',
      '/healthz',
    ]);
  });

  it('when nothing runs › says to start the server', async () => {
    expect(await checkPublicUrl(http, nobody, nobody)).toMatchObject([
      {
        level: 'problem',
        what: expect.stringContaining('not running'),
        remedy: expect.stringContaining('npm start'),
      },
    ]);
  });

  it('when another program has our port › says so', async () => {
    const other = await answering((_req, res) => void res.end('{"status":"fine"}'));

    expect(await checkPublicUrl(http, other, other)).toMatchObject([
      { level: 'problem', what: expect.stringContaining('Another program') },
    ]);
  });

  it.each<[string, () => Promise<URL>, string, string]>([
    ['nobody listens there', async () => nobody, 'refuses the connection', 'port'],
    [
      'a proxy cannot reach us',
      () => answering((_, res) => void res.writeHead(502).end()),
      'answers 502',
      'proxy',
    ],
    [
      'a page answers',
      () => answering((_, res) => void res.end('<h1>It works</h1>')),
      'answers 200',
      'proxy',
    ],
    [
      'it redirects to https',
      () => redirectingTo('https://127.0.0.1/x'),
      'https://127.0.0.1',
      'PUBLIC_URL=https://127.0.0.1',
    ],
    ['it redirects to itself', () => redirectingTo('/login'), 'another page', 'healthz'],
  ])('when the server runs and %s › says what and what to do', async (_, start, what, remedy) => {
    const [finding] = await checkPublicUrl(http, await start(), server);

    expect(finding).toMatchObject({
      level: 'problem',
      what: expect.stringMatching(new RegExp(`^The server runs.*${what}`)),
      remedy: expect.stringContaining(remedy),
    });
  });

  it('when its certificate is not trusted › says so', async () => {
    const selfSigned = await startSelfSigned();

    const [finding] = await checkPublicUrl(http, new URL(`https://localhost:${selfSigned.port}`), server);
    selfSigned.stop();

    expect(finding).toMatchObject({ level: 'problem', what: expect.stringContaining('certificate') });
  });

  it.each([
    ['http://localhost:8050', 0],
    ['http://app.localhost:8050', 0],
    ['http://[::1]:8050', 0],
    ['https://crm.example.com', 0],
    ['http://crm.example.com', 1],
    ['https://203.0.113.7', 1],
    ['http://203.0.113.7', 2],
    ['http://[2001:db8::7]', 2],
  ])('when it is %s › there are %i warnings about the address', async (address, number) => {
    const reached = { ...http, probe: () => http.probe(server, { timeoutMs: 2000, maxBytes: 1000 }) };

    const [lead, ...warnings] = await checkPublicUrl(reached, new URL(address), server);

    expect(lead?.level).toBe('ok');
    expect(warnings.map(({ level }) => level)).toEqual(Array(number).fill('warning'));
  });
});
