import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmulatorOptions } from '../emulator/index.ts';
import { createAgent } from '../test/support/browser-agent.ts';
import { freePort } from '../test/support/redis-server.ts';
import { type EmulatorProcess, type Running, startEmulatorProcess, startProcess } from './process.ts';

/** `BENCH_PROFILE=folder npm run bench -- warm` writes there where the server's processor time goes. */
const { BENCH_PROFILE } = process.env;
const PROFILE = BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${BENCH_PROFILE}`] : [];

/** The built server in front of an emulated portal that knows where to send people back to. */
export interface ServerUnderTest {
  server: Running;
  emulator: EmulatorProcess;
  /** Further processes with the same settings. */
  replica(): Promise<Running>;
  stop(): Promise<void>;
}

export async function startServerUnderTest(
  options: { emulator?: EmulatorOptions; env?: Record<string, string> } = {},
): Promise<ServerUnderTest> {
  const port = String(await freePort());
  const publicUrl = `http://127.0.0.1:${port}`;
  const redirectUri = `${publicUrl}/bitrix`;
  const emulator = await startEmulatorProcess({ ...options.emulator, redirectUri });
  const env = {
    LOG_LEVEL: 'info',
    PUBLIC_URL: publicUrl,
    DATA_DIR: mkdtempSync(join(tmpdir(), 'bench-')),
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
    BITRIX24_CLIENT_ID: emulator.clientId,
    BITRIX24_CLIENT_SECRET: emulator.clientSecret,
    BITRIX24_PORTALS: emulator.portal,
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
    ...options.env,
  };
  const server = await startProcess('dist/server.js', { ...env, PORT: port }, PROFILE);
  const replicas: Running[] = [];
  return {
    server,
    emulator,
    async replica() {
      const replica = await startProcess('dist/server.js', env);
      replicas.push(replica);
      return replica;
    },
    async stop() {
      await Promise.all([server, ...replicas].map((each) => each.stop()));
      await emulator.stop();
    },
  };
}

/** Signs somebody in with a browser of their own. @returns the Cookie header of its requests */
export async function signIn({ origin }: Running, login = 'admin'): Promise<string> {
  const agent = createAgent();
  const form = await agent.visit(`${origin}/login?returnTo=/healthz`);
  await agent.post(form.url.href, { login, password: 'demo' });
  return [...(agent.cookies.get(new URL(origin).hostname) ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}
