import { getEventListeners } from 'node:events';
import { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { brotliCompressSync, createBrotliDecompress, createUnzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CallLimits, createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { TransportError, UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';
import { countBytesOf } from '../support/count-bytes.ts';
import { type Neighbour, startNeighbour, startRawNeighbour } from '../support/neighbour.ts';
import { firstOf } from '../support/order.ts';
import { freePort } from '../support/redis-server.ts';
import { letTimersRun, stopTimers } from '../support/stopped-timers.ts';

const MIB = 1024 * 1024;
const LIMITS: CallLimits = { timeoutMs: 2000, maxBytes: MIB };
/** Nothing of what we send may appear in an error. */
const FIELDS = { client_secret: 'CANARY-secret', refresh_token: 'CANARY-token' };

let http: HttpClient;
let servers: Neighbour[];
beforeEach(() => {
  http = createHttpClient({ mayBePrivate: () => true });
  servers = [];
});
afterEach(async () => {
  letTimersRun();
  jest.restoreAllMocks();
  http.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function aServer(...args: Parameters<typeof startNeighbour>): Promise<Neighbour> {
  const server = await startNeighbour(...args);
  servers.push(server);
  return server;
}

async function aRawServer(...args: Parameters<typeof startRawNeighbour>): Promise<Neighbour> {
  const server = await startRawNeighbour(...args);
  servers.push(server);
  return server;
}

async function failureOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome?.status !== 'rejected') throw new Error('the call succeeded');
  return outcome.reason;
}

function expectNoLeak(error: unknown): void {
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('CANARY');
  expect(JSON.stringify(error)).not.toContain('CANARY');
  expect(String(error)).not.toContain('CANARY');
}

const json = (body: unknown, status = 200) =>
  aServer((_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

describe('postForm()', () => {
  it('when it is answered › gives status and body, whatever the status', async () => {
    const ok = await json({ access_token: 'a' });
    const refused = await json({ error: 'invalid_grant' }, 400);

    expect(await http.postForm(ok.url, FIELDS, LIMITS)).toEqual({ status: 200, body: { access_token: 'a' } });
    expect(await http.postForm(refused.url, FIELDS, LIMITS)).toEqual({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  it('when it is sent › the fields are in the body, and nothing is in the address', async () => {
    const server = await json({});

    await http.postForm(new URL('/oauth/token/', server.url), { code: 'a&b=c', x: 'я' }, LIMITS);

    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/oauth/token/',
        body: 'code=a%26b%3Dc&x=%D1%8F',
        headers: {
          'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
          accept: 'application/json',
          'user-agent': expect.stringMatching(/^[\w-]+\/\d/),
        },
      },
    ]);
  });

  it('when Object.prototype holds settings of axios › they have no effect', async () => {
    const server = await json({ fine: true });
    const asked: unknown[] = [];
    const cancelToken = { subscribe: (listener: unknown) => asked.push(listener), unsubscribe() {} };
    Object.assign(Object.prototype, { cancelToken });

    try {
      await http.postForm(server.url, FIELDS, LIMITS);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'cancelToken');
    }
    expect(asked).toEqual([]);
  });

  it('when several calls are made one after the other › one connection serves them', async () => {
    const server = await json({});

    for (const _call of [1, 2, 3]) await http.postForm(server.url, FIELDS, LIMITS);

    expect(server.connections).toBe(1);
  });

  it('when the environment names a proxy › does not call it', async () => {
    const [server, proxy] = [await json({}), await json({})];
    const before = { ...process.env };
    Object.assign(process.env, { http_proxy: proxy.url.href, HTTP_PROXY: proxy.url.href, no_proxy: '' });

    await http.postForm(server.url, FIELDS, LIMITS);

    process.env = before;
    expect([server.connections, proxy.connections]).toEqual([1, 0]);
  });
});

describe('postJson()', () => {
  it('when it is sent › the body is JSON', async () => {
    const server = await json({ result: [] });

    const answer = await http.postJson(server.url, { select: ['ID'], auth: 'token' }, LIMITS);

    expect(answer).toEqual({ status: 200, body: { result: [] } });
    expect(server.requests).toMatchObject([
      {
        body: '{"select":["ID"],"auth":"token"}',
        headers: { 'content-type': expect.stringContaining('application/json') },
      },
    ]);
  });
});

describe('probe()', () => {
  it('when it is answered › gives status, clock and the beginning of the body, whatever the status', async () => {
    const server = await aServer((_req, res) => {
      res.writeHead(503, { date: 'Thu, 01 Oct 2026 10:20:30 GMT' }).end('x'.repeat(5000));
    });

    expect(await http.probe(server.url, { timeoutMs: 2000, maxBytes: 1000 })).toEqual({
      status: 503,
      date: new Date('2026-10-01T10:20:30Z'),
      location: undefined,
      text: 'x'.repeat(1000),
    });
    expect(server.requests).toMatchObject([{ method: 'GET', path: '/', body: '' }]);
  });

  it('when it is redirected › says where to, and does not call that address', async () => {
    const elsewhere = await json({});
    const server = await aServer((_req, res) => {
      res.writeHead(302, { location: elsewhere.url.href, date: 'soon' }).end();
    });

    const answer = await http.probe(server.url, LIMITS);

    expect(answer).toEqual({ status: 302, date: undefined, location: elsewhere.url, text: '' });
    expect(elsewhere.connections).toBe(0);
  });

  it('when the body never ends › does not wait for it', async () => {
    const server = await aServer((_req, res) => {
      const more = () => {
        while (!res.destroyed) if (!res.write(Buffer.alloc(MIB))) return void res.once('drain', more);
      };
      more();
    });

    // So that no deadline can end it.
    stopTimers('setTimeout');

    const answer = await http.probe(server.url, { timeoutMs: 2000, maxBytes: 1000 });

    expect([answer.status, answer.text.length]).toEqual([200, 1000]);
  });

  it('when the body breaks off or trickles › gives the part that arrived', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc';
    const broken = await aRawServer((socket) => void socket.end(head));
    const slow = await aRawServer((socket) => void socket.write(head));

    const answers = await Promise.all(
      [broken, slow].map(({ url }) => http.probe(url, { timeoutMs: 500, maxBytes: 1000 })),
    );

    expect(answers).toMatchObject([
      { status: 200, text: 'abc' },
      { status: 200, text: 'abc' },
    ]);
  });

  it('when the host does not answer › names the cause by its code', async () => {
    const silent = await aServer(() => {});
    const noHttp = await aRawServer((socket) => void socket.end('no HTTP\r\n\r\n'));
    const urls = [
      new URL(`http://127.0.0.1:${await freePort()}`),
      new URL(`http://${'a'.repeat(64)}.invalid`),
      silent.url,
      noHttp.url,
    ];

    const failures = await Promise.all(
      urls.map((url) => failureOf(http.probe(url, { timeoutMs: 500, maxBytes: 1000 }))),
    );

    expect(failures).toMatchObject([
      { name: 'TransportError', why: 'ECONNREFUSED' },
      { name: 'TransportError', why: 'ENOTFOUND' },
      { name: 'TransportError', code: 'portal_timeout' },
      { name: 'TransportError', why: expect.stringMatching(/^HPE_/) },
    ]);
  });
});

describe('an answer that is not JSON', () => {
  it.each<[string, number, string, string]>([
    ['a page', 200, 'text/html', '<!doctype html><title>CANARY</title>'],
    ['a page that calls itself JSON', 200, 'application/json', '<html>CANARY</html>'],
    ['a page of a gateway', 502, 'text/html', '<h1>Bad Gateway</h1>CANARY'],
    ['JSON cut in half', 200, 'application/json', '{"access_token":"CANARY'],
    ['two JSON texts', 200, 'application/json', '{"a":1}{"b":2}'],
    ['nothing', 200, 'application/json', ''],
    ['nothing, on purpose', 204, 'application/json', ''],
    ['the word undefined', 200, 'application/json', 'undefined'],
    ['JSON with comments', 200, 'application/json', '{"a":1} // CANARY'],
  ])('when it is %s › the error names the body, and repeats nothing of it', async (_, status, type, body) => {
    const server = await aServer((_req, res) => {
      res.writeHead(status, { 'content-type': type }).end(body);
    });

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toBeInstanceOf(UnexpectedResponseError);
    expect(failure).toMatchObject({ field: 'body', code: 'portal_failed', status: 502 });
    expectNoLeak(failure);
  });

  it('when JSON comes under another type › is read all the same', async () => {
    const server = await aServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain' }).end('{"a":1}');
    });

    expect((await http.postForm(server.url, FIELDS, LIMITS)).body).toEqual({ a: 1 });
  });

  it.each<[unknown]>([[null], ['text'], [42], [[1]], [false]])(
    'when the JSON is just %j › gives it to the caller, who judges it',
    async (body) => {
      const server = await json(body);

      expect((await http.postForm(server.url, FIELDS, LIMITS)).body).toEqual(body);
    },
  );
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('when it is a %i › is not followed', async (status) => {
    const elsewhere = await json({ access_token: 'forged' });
    const server = await aServer((_req, res) => {
      res.writeHead(status, { location: elsewhere.url.href }).end('{}');
    });

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ name: 'RedirectedError', field: 'status' });
    expect(elsewhere.connections).toBe(0);
    expectNoLeak(failure);
  });

  it('when its address contains secrets › the error does not repeat them', async () => {
    const server = await aServer((_req, res) => {
      res.writeHead(302, { location: 'https://evil.example/?CANARY' }).end();
    });

    expectNoLeak(await failureOf(http.postForm(server.url, FIELDS, LIMITS)));
  });

  it('when a 302 names no address and contains JSON › is an answer (protocol 2.7)', async () => {
    const server = await json({ error: 'invalid_token' }, 302);

    expect(await http.postForm(server.url, FIELDS, LIMITS)).toEqual({
      status: 302,
      body: { error: 'invalid_token' },
    });
  });
});

describe('a deadline', () => {
  const HURRY: CallLimits = { timeoutMs: 300, maxBytes: MIB };

  it.each<[string, () => Promise<Neighbour>]>([
    ['nothing is answered', () => aServer(() => {})],
    ['the connection is accepted and never read', () => aRawServer((socket) => void socket.pause())],
    [
      'the head of the answer trickles',
      () => aRawServer((socket) => trickle(socket, 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n')),
    ],
    [
      'the body trickles',
      () =>
        aRawServer((socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n');
          trickle(socket, ' '.repeat(5000));
        }),
    ],
    [
      'the body trickles in chunks',
      () =>
        aRawServer((socket) => {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
          trickle(socket, '1\r\n \r\n'.repeat(1000), 6);
        }),
    ],
    [
      'the body stops before its end',
      () => aRawServer((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"')),
    ],
  ])('when %s › it passes, and the caller gets the error in time', async (_, start) => {
    const server = await start();

    const told = failureOf(http.postForm(server.url, FIELDS, HURRY));
    const first = await firstOf({ told, 'a second': 1_000 });
    const failure = await told;

    expect(failure).toBeInstanceOf(TransportError);
    expect(failure).toMatchObject({ code: 'portal_timeout', status: 504, neverSent: false });
    expect(first).toBe('told');
    expectNoLeak(failure);
  });
});

describe('a call that its caller cancels', () => {
  const cancelledBy = (signal: AbortSignal, url: URL) =>
    failureOf(http.postForm(url, FIELDS, { ...LIMITS, timeoutMs: 60_000, signal }));

  it('when it is cancelled before it begins › nothing is sent', async () => {
    const server = await json({});

    const failure = await cancelledBy(AbortSignal.abort(), server.url);

    expect(failure).toMatchObject({ name: 'TransportError', wasCancelled: true, neverSent: true });
    expect(server.connections).toBe(0);
  });

  it('when it is cancelled while it waits for the answer › it ends at once, and so does its connection', async () => {
    const left: string[] = [];
    const server = await aServer((req) => void req.socket.once('close', () => left.push('closed')));
    const controller = new AbortController();
    const call = cancelledBy(controller.signal, server.url);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    controller.abort();

    expect(await call).toMatchObject({ name: 'TransportError', wasCancelled: true });
    while (left.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('when it is cancelled after its answer › the answer stands, and no listener is left', async () => {
    const server = await json({ fine: true });
    const controller = new AbortController();

    const answer = await http.postForm(server.url, FIELDS, { ...LIMITS, signal: controller.signal });

    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(answer.body).toEqual({ fine: true });
  });
});

describe('a limit of size', () => {
  it('when the body is exactly as long › is read', async () => {
    const server = await json('x'.repeat(998));

    const answer = await http.postForm(server.url, FIELDS, { timeoutMs: 2000, maxBytes: 1000 });

    expect(answer.body).toBe('x'.repeat(998));
  });

  it('when the body is longer by one byte › is not read', async () => {
    const server = await json('x'.repeat(999));

    const failure = await failureOf(http.postForm(server.url, FIELDS, { timeoutMs: 2000, maxBytes: 1000 }));

    expect(failure).toMatchObject({ name: 'UnexpectedResponseError', field: 'body' });
  });

  it('when the body has 300 MiB › reading stops early', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(MIB, ' ');
    const server = await aServer((_req, res) => {
      const more = () => {
        while (sent < 300 * MIB && !res.destroyed) {
          sent += chunk.length;
          if (!res.write(chunk)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    });
    const read = countBytesOf(IncomingMessage.prototype);

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ name: 'UnexpectedResponseError', field: 'body' });
    expect(sent).toBeLessThan(30 * MIB);
    expect(read()).toBeLessThan(2 * MIB);
    expectNoLeak(failure);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(200 * MIB, ' ')), createUnzip().constructor],
    ['br', brotliCompressSync(Buffer.alloc(50 * MIB, ' ')), createBrotliDecompress().constructor],
  ])(
    'when the body is a bomb of %s › it is counted after inflation, which stops early',
    async (encoding, bomb, inflater) => {
      const server = await aServer((_req, res) => {
        res.writeHead(200, { 'content-encoding': encoding }).end(bomb);
      });
      const inflated = countBytesOf(inflater.prototype);

      const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

      expect(bomb.length).toBeLessThan(MIB);
      expect(failure).toMatchObject({ name: 'UnexpectedResponseError', field: 'body' });
      expect(inflated()).toBeGreaterThan(MIB);
      expect(inflated()).toBeLessThan(2 * MIB);
    },
  );

  it('when the body is a valid gzip › is read', async () => {
    const server = await aServer((_req, res) => {
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"result":"да"}'));
    });

    expect((await http.postForm(server.url, FIELDS, LIMITS)).body).toEqual({ result: 'да' });
  });

  it.each<[string, string | Buffer]>([
    ['is no gzip at all', 'CANARY, not gzip'],
    ['breaks off', gzipSync('{"result":"CANARY"}').subarray(0, 20)],
  ])('when what should be gzip %s › is an error', async (_, body) => {
    const server = await aServer((_req, res) => {
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    });

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ code: 'portal_failed', status: 502 });
    expectNoLeak(failure);
  });
});

describe('a connection', () => {
  it('when it is refused › the request never left the process', async () => {
    const url = new URL(`http://127.0.0.1:${await freePort()}`);

    const failure = await failureOf(http.postForm(url, FIELDS, LIMITS));

    expect(failure).toMatchObject({
      name: 'TransportError',
      code: 'portal_failed',
      status: 502,
      neverSent: true,
    });
    expectNoLeak(failure);
  });

  it('when the name is unknown › the request never left the process', async () => {
    // Longer than DNS allows, so that the machine answers without asking a name server.
    const url = new URL(`http://${'a'.repeat(64)}.invalid`);

    const failure = await failureOf(http.postForm(url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ name: 'TransportError', neverSent: true });
    expectNoLeak(failure);
  });

  it('when the other side speaks no TLS › the request may have left', async () => {
    const server = await aRawServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const url = new URL(server.url.href.replace('http:', 'https:'));

    const failure = await failureOf(http.postForm(url, FIELDS, LIMITS));

    expect(failure).toBeInstanceOf(TransportError);
    expect(failure.neverSent).toBe(false);
    expectNoLeak(failure);
  });

  it.each<[string, () => Promise<Neighbour>]>([
    [
      'is reset after the request was read',
      () => aRawServer((socket) => void socket.once('data', () => socket.resetAndDestroy())),
    ],
    [
      'is closed without an answer',
      () => aRawServer((socket) => void socket.once('data', () => socket.end())),
    ],
    ['speaks no HTTP', () => aRawServer((socket) => void socket.end('CANARY, no HTTP\r\n\r\n'))],
  ])('when it %s › the request may have arrived', async (_, start) => {
    const server = await start();

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toMatchObject({
      name: 'TransportError',
      code: 'portal_failed',
      status: 502,
      neverSent: false,
    });
    expectNoLeak(failure);
  });

  it.each<[string, string]>([
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"access_token":"CANARY'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"access_token":"CANARY'],
  ])('when it breaks off after %s › is an error that repeats nothing of it', async (_, bytes) => {
    const server = await aRawServer((socket) => {
      socket.once('data', () => socket.write(bytes, () => socket.resetAndDestroy()));
    });

    const failure = await failureOf(http.postForm(server.url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ code: 'portal_failed', status: 502 });
    expect(failure.neverSent).not.toBe(true);
    expectNoLeak(failure);
  });

  it('when the other side has closed a kept connection meanwhile › the next call opens a new one', async () => {
    const server = await aServer((_req, res) => {
      res.end('{}', () => setImmediate(() => res.socket?.destroy()));
    });
    await http.postForm(server.url, FIELDS, LIMITS);
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(await http.postForm(server.url, FIELDS, LIMITS)).toEqual({ status: 200, body: {} });
  });
});

describe('a private address', () => {
  let strict: HttpClient;
  beforeEach(() => {
    strict = createHttpClient({ mayBePrivate: (hostname) => hostname === 'listed.example' });
  });
  afterEach(() => strict.close());

  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:10.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::a00:1]',
    '[2002:7f00:1::]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[2001:db8::1]',
  ])('when it is %s and the configuration does not list it › no connection is opened', async (host) => {
    const failure = await failureOf(strict.postForm(new URL(`http://${host}:1/`), FIELDS, LIMITS));

    expect(failure).toBeInstanceOf(TransportError);
    expect(failure).toMatchObject({ neverSent: true, message: expect.stringContaining('EADDRNOTPUBLIC') });
    expectNoLeak(failure);
  });

  it('when a name leads there and the configuration does not list it › no connection is opened', async () => {
    const server = await json({});
    const url = new URL(`http://localhost:${server.url.port}`);

    const failure = await failureOf(strict.postForm(url, FIELDS, LIMITS));

    expect(failure).toMatchObject({ neverSent: true, message: expect.stringContaining('EADDRNOTPUBLIC') });
    expect(server.connections).toBe(0);
  });

  it.each(['localhost', '127.0.0.1'])('when %s is listed › is called', async (host) => {
    const server = await json({ a: 1 });
    const client = createHttpClient({ mayBePrivate: (hostname) => hostname === host });

    const answer = await client.postForm(new URL(`http://${host}:${server.url.port}`), FIELDS, LIMITS);

    expect(answer.body).toEqual({ a: 1 });
    client.close();
  });

  it('when an IPv6 address is listed as its URL writes it › is not refused for being private', async () => {
    const client = createHttpClient({ mayBePrivate: (hostname) => hostname === '[::1]' });
    const url = new URL(`http://[::1]:${await freePort()}`);

    const failure = await failureOf(client.postForm(url, FIELDS, LIMITS));

    expect(failure.message).not.toContain('EADDRNOTPUBLIC');
    client.close();
  });
});

/** A byte, or a few, every 20 ms: fast enough that no pause is long, slow enough that the end is far. */
function trickle(socket: import('node:net').Socket, text: string, bytes = 1): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text.slice(at, at + bytes));
    at += bytes;
    if (at >= text.length) clearInterval(timer);
  }, 20);
  socket.once('close', () => clearInterval(timer));
}
