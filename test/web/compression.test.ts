import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { compressAnswers } from '../../src/web/compress-answers.ts';
import { aPortal } from '../support/builders.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

describe('compression', () => {
  let app: TestApp;
  let cookie: string;
  beforeAll(async () => {
    app = await startApp({ emulator: { portals: [aPortal({ companies: { count: 50 } })] } });
    const agent = app.agent();
    await app.signIn(agent);
    const jar = agent.cookies.get(new URL(app.origin).hostname) ?? new Map();
    cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  });
  afterAll(() => app.stop());

  /** As it comes over the wire: `fetch` would take the compression out. */
  function ask(path: string, headers: Record<string, string>) {
    return new Promise<{ headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
      get(app.origin + path, { headers: { cookie, ...headers } }, async (answer) => {
        resolve({ headers: answer.headers, body: Buffer.concat(await answer.toArray()) });
      }).once('error', reject);
    });
  }

  it.each([
    ['a page', '/companies', 'text/html', 'text/html; charset=utf-8'],
    ['an error page', '/no-such-page', 'text/html', 'text/html; charset=utf-8'],
    ['JSON', '/companies', 'application/json', 'application/json; charset=utf-8'],
  ])('when %s is asked for by a browser › it is smaller, and the same', async (_what, path, accept, type) => {
    const plain = await ask(path, { accept, 'accept-encoding': 'identity' });
    const brotli = await ask(path, { accept, 'accept-encoding': 'gzip, deflate, br, zstd' });
    const gzip = await ask(path, { accept, 'accept-encoding': 'gzip, deflate' });

    expect(plain.headers['content-type']).toBe(type);
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', 'content-type': type });
    expect(gzip.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': type });
    const unpacked = [brotliDecompressSync(brotli.body), gunzipSync(gzip.body)];
    for (const [index, { body }] of [brotli, gzip].entries()) {
      const text = unpacked[index]?.toString() ?? '';
      expect(body.length).toBeLessThan(text.length / 2);
      expect(withoutMoments(text)).toBe(withoutMoments(plain.body.toString()));
    }
  });

  it.each(['identity', 'gzip;q=0', 'br;q=0, gzip;q=0', 'zstd', ''])(
    'when a page may come as %j › it comes as it is',
    async (encoding) => {
      const { headers, body } = await ask('/companies', { accept: 'text/html', 'accept-encoding': encoding });

      expect(headers['content-encoding']).toBe(undefined);
      expect(body.toString()).toContain('</html>');
    },
  );

  it.each([
    ['br', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['gzip;q=0, br', 'br'],
  ])('when a page may come as %j › it comes as %s', async (accepted, encoding) => {
    const { headers } = await ask('/companies', { accept: 'text/html', 'accept-encoding': accepted });

    expect(headers['content-encoding']).toBe(encoding);
  });

  it.each([
    ['gzip', '/companies'],
    ['identity', '/companies'],
    ['gzip', '/no-such-page'],
  ])(
    'when %s of %s may be kept by somebody › they are told that others get another',
    async (encoding, path) => {
      const { headers } = await ask(path, { accept: 'text/html', 'accept-encoding': encoding });

      expect(headers.vary?.split(', ')).toContain('Accept-Encoding');
    },
  );

  it('when an answer fits into a packet › it is left as it is', async () => {
    const { headers } = await ask('/healthz', { 'accept-encoding': 'gzip' });

    expect(headers['content-encoding']).toBe(undefined);
  });

  it('when events are asked for › each comes as it is, at once', async () => {
    const headers = { cookie, accept: 'text/event-stream', 'accept-encoding': 'gzip, br' };
    const request = get(`${app.origin}/exports/events`, { headers });

    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const [event] = (await once(answer, 'data')) as [Buffer];
    request.destroy();

    expect(answer.headers['content-encoding']).toBe(undefined);
    expect(event.toString()).toMatch(/^(data|:)/);
  });

  it('when a style is asked for › it is smaller as well', async () => {
    const page = await ask('/companies', { accept: 'text/html' });
    const [, style = ''] = /href="(\/assets\/[^"]+\.css[^"]*)"/.exec(page.body.toString()) ?? [];

    expect((await ask(style, { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBe('gzip');
  });
});

describe('compressAnswers()', () => {
  it('when a page is larger than any of ours › it is compressed as it is sent', async () => {
    const page = '<p>company</p>'.repeat(40_000);
    const app = express()
      .use(compressAnswers())
      .get('/', (_req, res) => void res.send(page));

    const { headers, text } = await request(app).get('/').set('Accept-Encoding', 'gzip');

    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toBe(page);
  });

  it.each([100, 40_000])(
    'when somebody has left before a page of %i paragraphs › nothing is compressed',
    async (paragraphs) => {
      let encoding: unknown = 'never sent';
      const app = express()
        .use(compressAnswers())
        .get('/', async (req, res) => {
          req.socket.destroy();
          await once(res, 'close');
          res.send('<p>company</p>'.repeat(paragraphs));
          encoding = res.get('Content-Encoding');
        });

      await expect(request(app).get('/').set('Accept-Encoding', 'gzip')).rejects.toThrow();

      while (encoding === 'never sent') await new Promise((resolve) => setTimeout(resolve, 5));
      expect(encoding).toBe(undefined);
    },
  );
});

/** The number of a request and the moment of an answer, which no two have in common. */
function withoutMoments(text: string): string {
  return text.replace(/\b[0-9a-f]{12}\b|"asOf":"[^"]+"/g, '…');
}
