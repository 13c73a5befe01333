import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { chooseProxy, parseOutgoingProxy } from '../../src/http-client/outgoing-proxy.ts';
import { type ForwardProxy, type ForwardProxyOptions, startForwardProxy } from '../support/forward-proxy.ts';
import { type Neighbour, startNeighbour } from '../support/neighbour.ts';
import { freePort } from '../support/redis-server.ts';
import { spawnProgram, spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';

const LIMITS = { timeoutMs: 5000, maxBytes: 10_000 };

const certificate = makeCertificate();
let box: Neighbour;
let portal: { port: number; asked: string[]; stop(): void };
let proxy: ForwardProxy | undefined;
let http: HttpClient | undefined;
beforeAll(async () => {
  box = await startNeighbour((_req, res) => void res.end('{"result":"box"}'));
  portal = await startPortal();
});
afterEach(async () => {
  http?.close();
  await proxy?.stop();
});
afterAll(async () => {
  portal.stop();
  await box.stop();
});

/** Names that no name server knows. */
async function through(options: Partial<ForwardProxyOptions> = {}, credentials = ''): Promise<HttpClient> {
  proxy = await startForwardProxy({
    hosts: { 'box.invalid:80': Number(box.url.port), 'acme.invalid:443': portal.port },
    ...options,
  });
  return clientThrough(`http://${credentials}${proxy.url.host}`);
}

function clientThrough(address: string): HttpClient {
  const chosen = parseOutgoingProxy(address);
  const proxyFor = chooseProxy({ httpsProxy: chosen, httpProxy: chosen, noProxy: [] });
  http = createHttpClient({ mayBePrivate: () => false, proxyFor });
  return http;
}

const why = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error) => error.why ?? error.code,
  );

describe('a call through a proxy that alone knows the names', () => {
  it('to a plain http host › is asked for with its whole address, and brings its answer', async () => {
    const client = await through();

    const { body } = await client.postForm(new URL('http://box.invalid/rest/x'), { a: '1' }, LIMITS);

    expect(body).toEqual({ result: 'box' });
    expect(proxy?.asked).toEqual(['POST http://box.invalid/rest/x']);
    expect(box.requests.at(-1)).toMatchObject({ body: 'a=1', headers: { host: 'box.invalid' } });
  });

  it('to an https host › makes a tunnel, and TLS is with the host: its certificate is checked', async () => {
    const client = await through();

    const reason = await why(client.postForm(new URL('https://acme.invalid/'), { auth: 'CANARY' }, LIMITS));

    expect(reason).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(proxy?.asked).toEqual(['CONNECT acme.invalid:443']);
    expect(portal.asked).toEqual([]);
  });

  it.each([
    ['https', 'https://acme.invalid/', 'EPROXY_407'],
    ['http', 'http://box.invalid/', 'EPROXY_407'],
  ])(
    'when the proxy wants a password › of %s nothing is sent, and it is told apart',
    async (_s, url, code) => {
      const client = await through({ password: 'right' });

      await expect(client.postForm(new URL(url), {}, LIMITS)).rejects.toMatchObject({
        why: code,
        neverSent: true,
      });
      await expect(client.probe(new URL(url), LIMITS)).rejects.toMatchObject({ why: code });
    },
  );

  it('when the proxy gets its password › lets pass, and the host does not see it', async () => {
    const client = await through({ password: 'ri@ght' }, 'app:ri%40ght@');

    const { body } = await client.postForm(new URL('http://box.invalid/'), {}, LIMITS);
    const tunnelled = await why(client.probe(new URL('https://acme.invalid/'), LIMITS));

    expect([body, tunnelled]).toEqual([{ result: 'box' }, 'DEPTH_ZERO_SELF_SIGNED_CERT']);
    expect(box.requests.at(-1)?.headers['proxy-authorization']).toBeUndefined();
  });

  it('when the proxy refuses with what looks like an answer of the host › it is not taken for one', async () => {
    const client = await through({ refusal: { status: 403, body: '{"error":"invalid_grant"}' } });

    const call = client.postForm(new URL('https://acme.invalid/'), { auth: 'CANARY' }, LIMITS);

    await expect(call).rejects.toMatchObject({ why: 'EPROXY_403', code: 'portal_failed', neverSent: true });
  });

  it('when the proxy does not know the host › says so', async () => {
    const client = await through();

    expect(await why(client.probe(new URL('https://nobody.invalid/'), LIMITS))).toBe('EPROXY_502');
  });

  it.each(['https://acme.invalid/', 'http://box.invalid/'])(
    'when no proxy is there › %s fails at the proxy',
    async (url) => {
      const client = clientThrough(`http://127.0.0.1:${await freePort()}`);

      await expect(client.postForm(new URL(url), {}, LIMITS)).rejects.toMatchObject({
        why: 'EPROXY_ECONNREFUSED',
        neverSent: true,
      });
    },
  );

  it('when the proxy never answers › the deadline of the call holds', async () => {
    const client = await through({ isSilent: true });

    const call = client.postForm(new URL('https://acme.invalid/'), {}, { ...LIMITS, timeoutMs: 300 });

    await expect(call).rejects.toMatchObject({ code: 'portal_timeout' });
  });

  it.each(['http://10.0.0.5/', 'https://169.254.169.254/', 'https://[fd00::1]/'])(
    'to the private address %s › is refused before the proxy is asked',
    async (url) => {
      const client = await through();

      expect(await why(client.postForm(new URL(url), {}, LIMITS))).toBe('EADDRNOTPUBLIC');
      expect(proxy?.asked).toEqual([]);
    },
  );
});

describe('programs with HTTPS_PROXY', () => {
  const settings = async (address: string): Promise<Record<string, string>> => ({
    PORT: String(await freePort()),
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
    BITRIX24_CLIENT_SECRET: 'a client secret of nobody',
    BITRIX24_PORTALS: 'https://acme.invalid',
    BITRIX24_AUTHORIZATION_SERVERS: 'https://acme.invalid',
    NODE_EXTRA_CA_CERTS: certificate.file,
    https_proxy: address,
  });

  it('the doctor › reaches hosts that only the proxy knows, and names the proxy without its password', async () => {
    await through({ password: 'CANARY' });
    const doctor = spawnProgram('doctor', await settings(`http://app:CANARY@${proxy?.url.host}`));
    await doctor.ended;

    const by = `, through the proxy ${proxy?.url.origin},`;
    expect(doctor.output()).toContain(`Portal https://acme.invalid${by} answers`);
    expect(doctor.output()).toContain(`Authorization server https://acme.invalid${by} answers`);
    expect(doctor.output()).not.toContain('CANARY');
  });

  it('the doctor › says of a proxy that wants a password what to write where', async () => {
    await through({ password: 'CANARY' });
    const doctor = spawnProgram('doctor', await settings(`http://${proxy?.url.host}`));
    await doctor.ended;

    expect(doctor.output()).toMatch(/the proxy wants a user and a password[\s\S]*into HTTPS_PROXY/);
  });

  it('the server › exchanges a code through it', async () => {
    await through();
    const env = await settings(String(proxy?.url));
    const origin = `http://127.0.0.1:${env.PORT}`;
    const server = spawnServer({ ...env, PUBLIC_URL: origin });
    await untilReady(origin, server);
    portal.asked.length = 0;

    const start = await fetch(`${origin}/login`, { redirect: 'manual' });
    const state = new URL(start.headers.get('location') ?? '').searchParams.get('state');
    const cookie = start.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    await fetch(`${origin}/bitrix?code=abc&state=${state}&domain=acme.invalid`, {
      redirect: 'manual',
      headers: { cookie },
    });
    await server.kill('SIGKILL');

    expect(portal.asked[0]).toMatch(/^\S+ \/oauth\/token\//);
    expect(proxy?.asked[0]).toBe('CONNECT acme.invalid:443');
  });
});

/** Speaks https as `acme.invalid`. */
async function startPortal(): Promise<typeof portal> {
  const asked: string[] = [];
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (req, res) => {
    asked.push(`${req.method} ${req.url}`);
    res.end('{"error":"invalid_grant"}');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function makeCertificate(): { key: string; cert: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=acme.invalid', '-addext', 'subjectAltName=DNS:acme.invalid'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', file], {
    stdio: 'ignore',
  });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file };
}
