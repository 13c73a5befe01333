import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OUTPUT } from '../support/output.ts';
import { freePort, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilReady } from '../support/server-process.ts';

/** A Redis that speaks TLS as well, with a certificate that only those believe who know our own authority. */
let redis: RedisServer;
let tlsPort: number;
let folder: string;
const servers: ServerProcess[] = [];
beforeAll(async () => {
  mkdirSync(OUTPUT, { recursive: true });
  folder = mkdtempSync(join(OUTPUT, 'tls-'));
  makeCertificates();
  tlsPort = await freePort();
  const files = ['--tls-cert-file', inFolder('redis.crt'), '--tls-key-file', inFolder('redis.key')];
  const tls = ['--tls-port', String(tlsPort), ...files, '--tls-ca-cert-file', inFolder('ca.crt')];
  redis = await startRedisServer({ settings: [...tls, '--tls-auth-clients', 'no'] });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  await redis.stop();
});

const inFolder = (name: string) => join(folder, name);

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
}

function makeCertificates(): void {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=our authority', '-keyout', 'ca.key', '-out', 'ca.crt');
  const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=localhost',
    ...by,
    '-keyout',
    'redis.key',
    '-out',
    'redis.crt',
  );
}

async function startServer(host: string, env: Record<string, string>) {
  const port = await freePort();
  const server = spawnServer({
    PORT: String(port),
    DATA_DIR: folder,
    BITRIX24_CLIENT_ID: 'local.5f0000000000.00000000',
    BITRIX24_CLIENT_SECRET: 'anything',
    BITRIX24_PORTALS: 'http://localhost:1',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
    REDIS_URL: `rediss://${host}:${tlsPort}`,
    ...env,
  });
  servers.push(server);
  return { server, origin: `http://127.0.0.1:${port}` };
}

describe('a Redis behind TLS, reached by rediss://', () => {
  it('when its authority is known by NODE_EXTRA_CA_CERTS › is used', async () => {
    const { server, origin } = await startServer('localhost', { NODE_EXTRA_CA_CERTS: inFolder('ca.crt') });

    await untilReady(origin, server);

    expect(server.output()).not.toContain('the store is away');
  });

  it('when its authority is unknown › is refused, and the log says why', async () => {
    const { server, origin } = await startServer('localhost', {});

    while (!server.output().includes('the store is away')) await pause(20);

    expect(server.output()).toContain('self-signed certificate in certificate chain');
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
