import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmulatorOptions } from '../emulator/index.ts';
import { createAgent } from '../test/support/browser-agent.ts';
import { freePort } from '../test/support/redis-server.ts';
import { type EmulatorProcess, type RunningProcess, startEmulatorProcess, startProcess } from './process.ts';

/** `BENCH_PROFILE=folder npm run bench -- warm` writes CPU profiles of the server to that folder. */
const { BENCH_PROFILE } = process.env;
const PROFILE = BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${BENCH_PROFILE}`] : [];

/** The built server, with an emulated portal whose application card has the address of this server. */
export interface ServerUnderTest {
  server: RunningProcess;
  emulator: EmulatorProcess;
  /** Starts another replica with the same settings. */
  replica(): Promise<RunningProcess>;
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
  const replicas: RunningProcess[] = [];
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

/**
 * Signs a portal user in with a new browser.
 *
 * @returns  the Cookie header of that browser
 */
export async function signIn({ origin }: RunningProcess, login = 'admin'): Promise<string> {
  const agent = createAgent();
  const form = await agent.visit(`${origin}/login?returnTo=/healthz`);
  await agent.post(form.url.href, { login, password: 'demo' });
  return [...(agent.cookies.get(new URL(origin).hostname) ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}
