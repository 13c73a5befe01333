import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';

let server: ServerProcess;
let port: number;
let origin: string;
beforeAll(async () => {
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  server = spawnServer({
    PORT: String(port),
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: 'local.0.0',
    BITRIX24_CLIENT_SECRET: 'no secret',
    BITRIX24_PORTALS: 'https://acme.bitrix24.com',
  });
  await untilReady(origin, server);
});
afterAll(() => server.kill('SIGKILL'));

/** Sends this much and waits for what comes back until the connection ends. */
async function exchange(sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent);
  return text(socket);
}

describe('what is no request', () => {
  it.each([
    ['garbage', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n', '400 Bad Request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', '400 Bad Request'],
    [
      'two lengths',
      'POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
      '400 Bad Request',
    ],
    [
      'a length and chunks',
      'POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400 Bad Request',
    ],
    [
      'a header of 20 KiB',
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20 * 1024)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    [
      'an address of 20 KiB',
      `GET /?${'x'.repeat(20 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
  ])('%s is answered shortly and the connection ends', async (_name, sent, status) => {
    const answer = await exchange(sent);

    expect(answer.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    expect(answer).toContain("Content-Security-Policy: default-src 'none'");
    expect(answer).toContain('X-Content-Type-Options: nosniff');
    expect(answer).toContain('Connection: close');
  });

  it('leaves the process alive', async () => {
    const answer = await fetch(`${origin}/healthz`);

    expect(answer.status).toBe(200);
  });
});

describe('five hundred clients that send a byte at a time', () => {
  let slow: { socket: Socket; received: Promise<string> }[];
  let dripping: NodeJS.Timeout;
  beforeAll(() => {
    slow = Array.from({ length: 500 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
      return { socket, received: text(socket).catch(() => '') };
    });
    dripping = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x');
    }, 500);
  });
  afterAll(() => {
    clearInterval(dripping);
    for (const { socket } of slow) socket.destroy();
  });

  it('hold up nobody else', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => fetch(origin + (index % 2 ? '/healthz' : '/'))),
    );

    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(slow.every(({ socket }) => !socket.destroyed)).toBe(true);
  });

  it('are sent away after ten seconds', async () => {
    const answers = await Promise.all(slow.map(({ received }) => received));

    expect(new Set(answers.map((answer) => answer.split('\r\n', 1)[0]))).toEqual(
      new Set(['HTTP/1.1 408 Request Timeout']),
    );
    // Node alone would look after half a minute.
  }, 20_000);
});
