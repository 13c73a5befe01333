import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseAllowedPortals } from '../../src/bitrix24/portal.ts';
import { checkClock } from '../../src/doctor/clock.ts';
import { tellFailure } from '../../src/doctor/failure-words.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { askOutgoingHosts, type OutgoingHost } from '../../src/doctor/outgoing-hosts.ts';
import { checkReachability } from '../../src/doctor/reachability.ts';
import { createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { TransportError } from '../../src/http-client/transport-errors.ts';
import { type Neighbour, startNeighbour } from '../support/neighbour.ts';
import { freePort } from '../support/redis-server.ts';
import { startSelfSigned } from '../support/self-signed.ts';

const SECOND = 1000;
const MINUTE = 60_000;

let http: HttpClient;
let neighbours: Neighbour[];
beforeEach(() => {
  http = createHttpClient({ mayBePrivate: () => true });
  neighbours = [];
});
afterEach(async () => {
  http.close();
  await Promise.all(neighbours.map((neighbour) => neighbour.stop()));
});

async function aNeighbour(answer: RequestListener): Promise<string> {
  const neighbour = await startNeighbour(answer);
  neighbours.push(neighbour);
  return neighbour.url.origin;
}

const answers = (status: number, headers = {}) =>
  aNeighbour((_req, res) => void res.writeHead(status, headers).end());

/** The first is the authorization server, the rest are portals. */
function ask(server: string, ...portals: string[]): Promise<OutgoingHost[]> {
  return askOutgoingHosts(http, {
    portals: parseAllowedPortals(portals.join(',') || '*.bitrix24.ru'),
    authorizationServers: [new URL(server)],
  });
}

async function clockThatIs(...offMs: number[]): Promise<Finding[]> {
  const origins = offMs.map((ms) =>
    aNeighbour((_req, res) => {
      res.writeHead(200, { date: new Date(Date.now() + ms).toUTCString() }).end();
    }),
  );
  const [server = '', ...portals] = await Promise.all(origins);
  return checkClock(await ask(server, ...portals), undefined);
}

describe('checkReachability()', () => {
  it('when all answer › is well, whatever a root page is', async () => {
    const [server, portal] = [await answers(404), await answers(200)];

    const findings = checkReachability(await ask(server, portal), ['*.bitrix24.ru']);

    expect(findings).toEqual([
      { level: 'ok', what: `Authorization server ${server} answers` },
      { level: 'ok', what: `Portal ${portal} answers` },
      { level: 'ok', what: expect.stringContaining('*.bitrix24.ru') },
    ]);
  });

  it('when they are called › no secret is sent', async () => {
    await ask(await answers(200));

    expect(neighbours[0]?.requests).toMatchObject([{ method: 'GET', path: '/', body: '' }]);
    expect(Object.keys(neighbours[0]?.requests[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('when a portal has moved, is unknown or in trouble › says which it is', async () => {
    const elsewhere = await answers(302, { location: 'https://new-name.bitrix24.com/?CANARY' });
    const unknown = await answers(404);
    const inTrouble = await answers(502);

    const findings = checkReachability(await ask(await answers(200), elsewhere, unknown, inTrouble), []);

    expect(findings).toMatchObject([
      { level: 'warning', what: `Portal ${unknown} answers 404` },
      { level: 'warning', what: `Portal ${inTrouble} answers 502` },
      { level: 'ok', what: expect.stringContaining('answers') },
      {
        level: 'ok',
        what: `Portal ${elsewhere} answers and redirects visitors who are not signed in to https://new-name.bitrix24.com`,
      },
    ]);
  });

  it('when a portal is listed as http and lives at https › says what to write', async () => {
    const portal = await answers(301, { location: 'https://127.0.0.1/' });

    const [warning] = checkReachability(await ask(await answers(200), portal), []);

    expect(warning).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('https://127.0.0.1 '),
    });
  });

  it('when no host answers › says why, and what to do', async () => {
    const selfSigned = await startSelfSigned();
    const refused = `http://127.0.0.1:${await freePort()}`;
    const unknown = `https://${'a'.repeat(64)}.invalid`;
    const untrusted = `https://localhost:${selfSigned.port}`;
    const plain = (await answers(200)).replace('http:', 'https:');

    const findings = checkReachability(await ask(refused, unknown, untrusted, plain), []);
    selfSigned.stop();

    expect(findings).toMatchObject([
      { level: 'problem', what: expect.stringContaining('refuses the connection') },
      { level: 'problem', what: expect.stringContaining('does not resolve') },
      { level: 'problem', what: expect.stringContaining('certificate whose issuer') },
      { level: 'problem', what: expect.stringContaining('does not speak TLS') },
    ]);
    expect(findings.filter(({ remedy }) => !remedy)).toEqual([]);
  });

  it('when there are very many › lists some and counts the rest', async () => {
    const port = await freePort();
    const portals = Array.from({ length: 30 }, (_, index) => `http://127.0.1.${index}:${port}`);

    const findings = checkReachability(await ask(await answers(200), ...portals), []);

    expect(findings).toHaveLength(22);
    expect(findings[20]).toEqual({ level: 'problem', what: '… and 10 more like these' });
  });
});

describe('tellFailure()', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'another name'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'issuer'],
    ['EAI_AGAIN', 'no name server'],
    ['ENETUNREACH', 'no route'],
    ['HPE_INVALID_CONSTANT', 'not in HTTP'],
    ['ESOMETHINGNEW', 'ESOMETHINGNEW'],
  ])('when it is %s › says so in words', (why, word) => {
    const failure = new TransportError('acme', why, { timedOut: false, neverSent: true });

    expect(tellFailure(failure).what).toContain(word);
  });
});

describe('checkClock()', () => {
  it('when our clock is right › names those it agrees with', async () => {
    expect(await clockThatIs(0, 20 * SECOND)).toEqual([
      { level: 'ok', what: `Agrees with ${neighbours.map(({ url }) => url.host).join(', ')}` },
    ]);
  });

  it.each([
    [-45 * SECOND, 'warning', '45 s ahead of'],
    [2 * MINUTE + 5 * SECOND, 'warning', '2 min 5 s behind'],
    [-10 * MINUTE - 10 * SECOND, 'problem', '10 min 10 s ahead of'],
  ])('when all others are %s ms from ours › is a %s: %s', async (offMs, level, words) => {
    const findings = await clockThatIs(offMs, offMs);

    expect(findings).toMatchObject([{ level, what: expect.stringContaining("This machine's clock") }]);
    // Whole seconds travel in the header: it may be one more or less.
    expect(findings[0]?.which?.[0]?.replace(/\d+ s/, '')).toContain(words.replace(/\d+ s/, ''));
  });

  it('when only one clock is off › does not say that it is ours', async () => {
    const findings = await clockThatIs(0, 10 * MINUTE);

    expect(findings).toMatchObject([
      { level: 'ok' },
      { level: 'problem', remedy: expect.stringContaining('One') },
    ]);
  });

  it("when the store's clock is off › says so", () => {
    expect(checkClock([], 40 * SECOND)).toMatchObject([
      { level: 'warning', which: ['40 s behind the store'] },
    ]);
  });

  it('when no host sent its time › says so', async () => {
    const asked = await ask(`http://127.0.0.1:${await freePort()}`);

    expect(checkClock(asked, undefined)).toMatchObject([{ level: 'warning' }]);
  });
});
