import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aPortal } from '../support/builders.ts';
import { HOUR } from '../support/clock.ts';
import { freePort } from '../support/redis-server.ts';
import { startSelfSigned } from '../support/self-signed.ts';
import { spawnProgram } from '../support/server-process.ts';
import { newDataDir, startApp, type TestApp } from '../support/start-app.ts';

const SRC = join(import.meta.dirname, '../../src');

/** Modules that can open connections, each with its exports that only listen or inspect. */
const HARMLESS_NAMES: Record<string, string[]> = {
  'node:http': ['createServer', 'Server'],
  'node:net': ['isIP', 'createServer'],
  'node:https': [],
  'node:http2': [],
  'node:tls': [],
  'node:dgram': [],
  'node:dns': [],
  'node:dns/promises': [],
  'node:child_process': [],
  'node:worker_threads': [],
  axios: [],
  undici: [],
};
/** Calls that need no import, or come from a package whose types and errors are used in several places. */
const CALLS = /\bfetch\(|\bnew (WebSocket|EventSource)\b|\b(new|extends) (Redis|Cluster)\b/;

describe('outgoing connections', () => {
  it('are opened by the HTTP client and by the connection to Redis only', () => {
    const openers = filesBelow(SRC).filter((file) => {
      const text = readFileSync(file, 'utf8');
      return CALLS.test(text) || importsOf(text).some(([name, from]) => isOpener(name, from));
    });

    expect(openers.map((file) => relative(SRC, file)).sort()).toEqual([
      // The listening side, which closes without cutting off.
      'boot/connections.ts',
      'http-client/http-client.ts',
      // Asks DNS only: the lookup that refuses private addresses.
      'http-client/public-addresses.ts',
      'http-client/routes.ts',
      'http-client/tunnel-agent.ts',
      'store/redis/redis-connection.ts',
    ]);
  });
});

/** Each imported name that is more than a type, with where it is from. */
function importsOf(text: string): [name: string, from: string][] {
  return [...text.matchAll(/^import (?!type\b)([^;]*?) from '([^']+)'/gm)].flatMap(
    ([, names = '', from = '']) =>
      names
        .split(/[{},]/)
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
        .map((name) => [name, from] as [string, string]),
  );
}

function isOpener(name: string, from: string): boolean {
  const harmless = HARMLESS_NAMES[from];
  return harmless !== undefined && !harmless.includes(name);
}

/** Addresses that a hostile portal could name as its REST root, or an attacker could write into the store. */
const HOSTILE_ENDPOINTS = [
  'http://169.254.169.254/rest/',
  'http://169.254.169.254/latest/meta-data/?/rest/',
  'http://[fd00:ec2::254]/rest/',
  'http://127.0.0.1:PORT/rest/',
  'http://127.1:PORT/rest/',
  'http://2130706433:PORT/rest/',
  'http://0x7f000001:PORT/rest/',
  'http://0:PORT/rest/',
  'http://[::1]:PORT/rest/',
  'http://[::ffff:127.0.0.1]:PORT/rest/',
  'http://localhost.:PORT/rest/',
  'http://10.0.0.1/rest/',
  'http://192.168.1.1/rest/',
  'http://evil.example/rest/',
  'https://evil.example/rest/',
  'http://localhost.evil.example/rest/',
  'http://localhost@evil.example/rest/',
  'http://user:password@localhost:PORT/rest/',
  'http://evil.example#@localhost:PORT/rest/',
  'http://evil.example\\@localhost:PORT/rest/',
  'http://localhost:1/rest/',
  'http://localhost:PORT/',
  'http://localhost:PORT/rest',
  'http://localhost:PORT/rest/1/webhook/',
  'http://localhost:PORT/rest/../oauth/token/',
  'http://localhost:PORT/rest/%2e%2e/',
  'http://localhost:PORT//evil.example/rest/',
  'http://localhost:PORT/rest/?to=http://evil.example/',
  'http://localhost:PORT/oauth/token/',
  'https://localhost:PORT/rest/',
  'ftp://localhost:PORT/rest/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_FLUSHALL',
  'javascript:alert(1)',
  '//evil.example/rest/',
  '/rest/',
  'localhost:PORT/rest/',
  '',
];

describe('the address that a portal gives for its REST', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ emulator: { portals: [aPortal({ host: 'localhost' })] } });
  });
  afterAll(() => app.stop());

  const port = () => new URL(app.emulator.portals[0]?.origin ?? '').port;
  const written = (endpoint: string) => endpoint.replace('PORT', port());

  it('in a sign-in, in more than 30 hostile forms › is not called', async () => {
    const statuses: number[] = [];
    app.outgoing.length = 0;
    for (const endpoint of HOSTILE_ENDPOINTS) {
      const agent = app.agent();
      app.emulator.orderFault({
        on: 'token',
        effect: { type: 'alter', patch: { client_endpoint: written(endpoint) } },
      });
      statuses.push((await app.signIn(agent)).status);
      app.emulator.clearFaults();
    }

    expect(HOSTILE_ENDPOINTS.length).toBeGreaterThanOrEqual(30);
    expect(statuses.filter((status) => status !== 400)).toEqual([]);
    expect(new Set(app.outgoing.map(({ origin }) => origin))).toEqual(
      new Set([app.emulator.authorizationServer]),
    );
  });

  it('in a renewal › is not taken over, and the address before it is called', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    for (const endpoint of HOSTILE_ENDPOINTS.map(written)) {
      app.clock.advance(HOUR);
      app.emulator.orderFault({
        on: 'token',
        effect: { type: 'alter', patch: { client_endpoint: endpoint } },
      });
      app.outgoing.length = 0;

      const page = await agent.request(`${app.origin}/companies`);

      expect([endpoint, page.status, strangersCalled()]).toEqual([endpoint, 200, []]);
      app.emulator.clearFaults();
    }
  });

  it('in the record, written there by an attacker › is checked at every use, and never called', async () => {
    const agent = app.agent();
    await app.signIn(agent);
    const key = `b24:tokens:{${app.emulator.portals[0]?.memberId}}:${app.client.clientId}:1`;
    const record = JSON.parse((await app.store.get(key)) ?? '{}');
    const statuses: number[] = [];
    for (const endpoint of HOSTILE_ENDPOINTS.map(written)) {
      await app.store.set(key, JSON.stringify({ ...record, ep: endpoint }), HOUR);
      app.outgoing.length = 0;

      statuses.push((await agent.request(`${app.origin}/companies`)).status);

      expect([endpoint, strangersCalled()]).toEqual([endpoint, []]);
    }
    // An address of the portal itself with another end is accepted, and the end is dropped.
    expect(statuses.filter((status) => status !== 400).length).toBeLessThanOrEqual(1);
  });

  /** All addresses that were called, except the authorization server and the REST root of the listed portal. */
  function strangersCalled(): string[] {
    const rest = `${app.emulator.portals[0]?.origin}/rest/`;
    return app.outgoing
      .filter(({ origin }) => origin !== app.emulator.authorizationServer)
      .map(({ href }) => href)
      .filter((href) => !/^[\w.]+$/.test(href.startsWith(rest) ? href.slice(rest.length) : href));
  }
});

describe('certificates', () => {
  it('are checked in production, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const selfSigned = await startSelfSigned();
    const port = await freePort();
    const doctor = spawnProgram('doctor', {
      NODE_ENV: 'production',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      DATA_DIR: newDataDir(),
      SESSION_SECRETS: randomBytes(32).toString('hex'),
      TOKEN_KEYS: randomBytes(32).toString('base64'),
      BITRIX24_CLIENT_ID: 'local.id',
      BITRIX24_CLIENT_SECRET: randomBytes(32).toString('hex'),
      BITRIX24_PORTALS: `https://localhost:${selfSigned.port}`,
      BITRIX24_AUTHORIZATION_SERVERS: `https://localhost:${selfSigned.port}`,
      REDIS_URL: `rediss://localhost:${selfSigned.port}`,
    });

    await doctor.ended;
    selfSigned.stop();

    // The authorization server, the portal, and Redis.
    expect(doctor.output().match(/shows a certificate (whose issuer|that) this machine/g)).toHaveLength(3);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
