import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, SECRET_MARK, startEmulator } from '../../emulator/index.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { createCipher } from '../../src/vault/cipher.ts';
import { tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';
import { SELF_SIGNED_CERTIFICATE, startSelfSigned } from '../support/self-signed.ts';
import { type ServerProcess, spawnProgram, spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';

let emulator: Emulator;
let server: ServerProcess;
/** Those of a server that runs, on the embedded store, with somebody signed in. */
let settings: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator({ portals: [aPortal()] });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const client = { clientId: `local.${port}.00000000`, clientSecret: `client${SECRET_MARK}secret` };
  emulator.registerClient({ ...client, redirectUri: `${origin}/bitrix`, scope: ['crm', 'user'] });
  settings = {
    PORT: String(port),
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: client.clientId,
    BITRIX24_CLIENT_SECRET: client.clientSecret,
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
  server = spawnServer(settings);
  await untilReady(origin, server);
  const agent = createAgent();
  const form = await agent.visit(`${origin}/login`);
  await agent.post(form.url.href, { login: 'admin', password: 'demo' });
});
afterAll(async () => {
  await server.kill('SIGKILL');
  await emulator.stop();
});

async function doctor(
  overrides: Record<string, string> = {},
): Promise<{ code: number | null; text: string }> {
  const run = spawnProgram('doctor', { ...settings, ...overrides });
  const code = await run.ended;
  expect(run.output()).not.toContain(SECRET_MARK);
  return { code, text: run.output() };
}

describe('npm run doctor', () => {
  it('when all is well, beside a server on the embedded store › says so, and ends with 0', async () => {
    const { code, text } = await doctor();

    expect(text).toMatch(/^All is well\.$/m);
    expect(text).not.toMatch(/problem|warning/);
    expect(text).toContain('1 token record of 1 portal');
    expect(text).toContain(`${settings.PUBLIC_URL}/bitrix`);
    expect(code).toBe(0);
  });

  it('when all is well, on Redis › says so, and ends with 0', async () => {
    const redis = await startRedisServer();

    const { code, text } = await doctor({ REDIS_URL: redis.url });
    await redis.stop();

    expect(text).toMatch(/^All is well\.$/m);
    expect(text).toContain('the store');
    expect(code).toBe(0);
  });

  it('when nothing is there › each check says so for itself, and it ends with 1', async () => {
    const selfSigned = await startSelfSigned();
    const certificate = join(newDataDir(), 'certificate.pem');
    writeFileSync(certificate, SELF_SIGNED_CERTIFICATE);
    const port = await freePort();

    const { code, text } = await doctor({
      NODE_EXTRA_CA_CERTS: certificate,
      REDIS_URL: `redis://user:${SECRET_MARK}@127.0.0.1:${await freePort()}`,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      BITRIX24_PORTALS: [
        `https://${'a'.repeat(64)}.invalid`,
        `https://127.0.0.1:${selfSigned.port}`,
        `https://localhost:${selfSigned.port}`,
      ].join(','),
    });
    selfSigned.stop();

    expect(lines(text, 'problem')).toEqual([
      expect.stringContaining('Redis at redis://127.0.0.1'),
      expect.stringContaining('does not resolve'),
      expect.stringContaining('certificate that is for another name'),
      expect.stringContaining('The server is not running'),
    ]);
    expect(lines(text, 'warning')).toEqual([expect.stringContaining('the store is away')]);
    expect(text).toMatch(/^4 problems, 1 warning\.$/m);
    expect(code).toBe(1);
  });

  it('when records cannot be opened › says whose, and ends with 1', async () => {
    const dataDir = newDataDir();
    const store = openEmbeddedStore(dataDir);
    const vault = createTokenVault({ store, cipher: createCipher([Buffer.alloc(32, 'a lost key')]) });
    const clientId = settings.BITRIX24_CLIENT_ID ?? '';
    const [sealed, broken] = [anOwner({ clientId }), anOwner({ clientId, userId: 8 })];
    await vault.save(sealed, newTokens({ accessToken: SECRET_MARK }), 'https://oauth.bitrix.info');
    await store.set(tokenKey(broken), 'CANARY, no record', 60_000);
    await vault.load(broken);
    await store.close();

    const { code, text } = await doctor({ DATA_DIR: dataDir });

    expect(text).not.toContain('CANARY');
    expect(lines(text, 'problem')).toEqual([
      expect.stringContaining('not in TOKEN_KEYS'),
      expect.stringContaining('set aside'),
    ]);
    expect(text).toContain(`user 7 of acme.bitrix24.com, member_id ${sealed.memberId}`);
    expect(text).toContain(`user 8 of portal with member_id ${broken.memberId}, since 20`);
    expect(code).toBe(1);
  });

  it('when settings are wrong › names all of them, and checks nothing else', async () => {
    const { code, text } = await doctor({ PORT: 'x', PUBLIC_URL: 'nonsense', TOKEN_KEYS: SECRET_MARK });

    expect(lines(text, 'problem').map((line) => line.split(' ', 1)[0])).toEqual([
      'PORT',
      'PUBLIC_URL',
      'TOKEN_KEYS',
    ]);
    expect(text).not.toContain('Clock');
    expect(code).toBe(1);
  });
});

function lines(text: string, level: string): string[] {
  return [...text.matchAll(new RegExp(`^  ${level}  (.*)$`, 'gm'))].map(([, what = '']) => what);
}
