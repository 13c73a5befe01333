import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Emulator, startEmulator } from '../../emulator/index.ts';
import { createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { newDataDir } from '../support/start-app.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const MAX_LINES = 30;

describe.each(readdirSync(EXAMPLES))('examples/%s', (name) => {
  const text = readFileSync(join(EXAMPLES, name), 'utf8');

  it(`has at most ${MAX_LINES} lines`, () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);
  });

  it('imports Express and the face of auth, and nothing else of the project', () => {
    const imports = [...text.matchAll(/from '([^']+)'|import\('([^']+)'\)/g)].map(
      (match) => match[1] ?? match[2],
    );

    expect(imports).toEqual(['express', '../src/auth/index.ts']);
  });
});

describe('the examples, run as programs', () => {
  let emulator: Emulator;
  let origin: string;
  let env: Record<string, string>;
  let running: ChildProcess[];
  beforeEach(async () => {
    emulator = await startEmulator({ portals: [aPortal()] });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const client = { clientId: 'local.example.1', clientSecret: randomBytes(16).toString('hex') };
    emulator.registerClient({ ...client, redirectUri: `${origin}/bitrix`, scope: ['crm', 'user'] });
    running = [];
    env = {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      PUBLIC_URL: origin,
      BITRIX24_CLIENT_ID: client.clientId,
      BITRIX24_CLIENT_SECRET: client.clientSecret,
      BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
      BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
      SESSION_SECRETS: randomBytes(32).toString('hex'),
      TOKEN_KEYS: randomBytes(32).toString('base64'),
      DATA_DIR: newDataDir(),
      EVERY_MS: '100',
    };
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    await emulator.stop();
  });

  /** @returns what it prints; resolves when it listens */
  async function start(name: string): Promise<{ printed: (line: RegExp) => Promise<string> }> {
    const child = spawn(process.execPath, ['--import', 'tsx', join(EXAMPLES, name)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    async function printed(line: RegExp): Promise<string> {
      for (;;) {
        const found = line.exec(output);
        if (found) return found[0];
        if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    await printed(/^ready$/m);
    return { printed };
  }

  async function signIn(path = '/') {
    const agent = createAgent();
    const form = await agent.visit(`${origin}${path}`);
    return { agent, page: await agent.post(form.url.href, { login: 'admin', password: 'demo' }) };
  }

  it('company-list › leads through the portal, and shows companies with the rights of the person', async () => {
    await start('company-list.ts');

    const { page } = await signIn();

    expect(JSON.parse(page.text)).toMatchObject({
      user: 'Ada Admin',
      companies: expect.arrayContaining([{ ID: '1', TITLE: 'Alpha' }]),
    });
  });

  it('company-list › when the portal refuses › answers with its status instead of 500', async () => {
    await start('company-list.ts');
    const { agent } = await signIn();
    emulator.orderFault({
      on: 'rest',
      times: 9,
      effect: { type: 'error', status: 403, error: 'insufficient_scope' },
    });

    const answer = await agent.visit(`${origin}/`);

    expect(answer.status).toBe(403);
  });

  it('background-job › counts with the rights of a stored user, after a restart too', async () => {
    await start('background-job.ts');
    await signIn('/login');
    running.pop()?.kill('SIGKILL');

    const again = await start('background-job.ts');

    expect(await again.printed(/^http.* 1 \d+$/m)).toMatch(/ 3$/);
  });
});
