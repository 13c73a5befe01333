import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Emulator, startEmulator } from '../../emulator/index.ts';
import { type BrowserAgent, createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';

/**
 * `npm run test:upgrade`: a user signs in, saves a view, chooses columns, counts and exports with the build of an older
 * commit; the build of this tree goes on with the same cookies and records, on both stores. Needs that commit in the
 * clone; `-- <commit>` chooses another one.
 */
const OLD = process.argv[2] ?? 'e2b58a7';
const ROOT = join(import.meta.dirname, '../..');

const folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
const builds = { old: buildOld(), new: ROOT };
for (const store of ['embedded', 'redis'] as const) await upgrade(store);
console.log(`records and sessions of ${OLD} are read on both stores`);
process.exit(0);

async function upgrade(store: 'embedded' | 'redis'): Promise<void> {
  const emulator = await startEmulator({ portals: [aPortal()] });
  const redis = store === 'redis' ? await startRedisServer() : undefined;
  const env = await settings(store, emulator, redis?.url);
  const origin = env.PUBLIC_URL ?? '';
  const agent = createAgent();
  const leaving = createAgent();

  const before = await start(builds.old, env);
  await signIn(agent, origin);
  await agent.post(`${origin}/companies/views`, { name: 'A to Z', search: 'sort=title&order=asc' });
  await chooseColumns(agent, origin, ['title', 'employees', 'modified']);
  await until(
    () => json(agent, `${origin}/overview`),
    ({ total }) => total === 3,
  );
  await agent.post(`${origin}/exports`, { view: 'sort=title&order=asc', format: 'csv' });
  const { exports } = await until(() => json(agent, `${origin}/exports`), doneExport);
  const fileAddress = `${origin}/exports/${exports[0]?.id}/file`;
  const form = await leaving.visit(`${origin}/companies`);
  await before.stop();

  const after = await start(builds.new, env);
  const signInsBefore = requestsOf(emulator, 'authorize');
  const list = await agent.visit(`${origin}/companies`);
  assert.equal(list.status, 200);
  assert.ok(list.text.includes('A to Z'), 'the saved view is gone');
  assert.ok(
    list.text.includes('col-employees') && !list.text.includes('col-industry'),
    'the columns are gone',
  );
  assert.equal((await json(agent, `${origin}/overview`)).total, 3);
  const file = await agent.visit(fileAddress);
  assert.ok(file.status === 200 && file.text.includes('Alpha'), 'the export is gone');
  assert.equal((await json(agent, `${origin}/account`)).access.state, 'ok');
  emulator.orderFault({
    on: 'rest',
    times: 1,
    effect: { type: 'error', status: 401, error: 'expired_token' },
  });
  assert.equal((await agent.visit(`${origin}/companies?q=Alp`)).status, 200);
  assert.equal(refreshesOf(emulator), 1, 'the token was not refreshed');
  assert.equal(requestsOf(emulator, 'authorize'), signInsBefore, 'the user had to sign in again');
  // A sign-in that began before the upgrade ends after it.
  const arrived = await leaving.post(form.url.href, { login: 'admin', password: 'demo' });
  assert.equal(arrived.url.href, `${origin}/companies`);
  await agent.post(`${origin}/logout`, { forget: '1' });
  assert.equal((await agent.request(fileAddress)).status, 303);
  await after.stop();

  await redis?.stop();
  await emulator.stop();
  console.log(`${store}: session, tokens, saved view, columns, counts, export and a pending sign-in went on`);
}

function buildOld(): string {
  const target = join(folder, 'old');
  mkdirSync(target);
  const archive = execFileSync('git', ['archive', OLD], { cwd: ROOT, maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', target], { input: archive });
  const run = (...args: string[]) =>
    execFileSync('npm', args, { cwd: target, stdio: ['ignore', 'ignore', 'inherit'] });
  run('ci', '--no-audit', '--no-fund');
  run('run', 'build');
  return target;
}

async function settings(
  store: string,
  emulator: Emulator,
  redisUrl: string | undefined,
): Promise<Record<string, string>> {
  const port = String(await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const client = { clientId: `local.upgrade.${store}`, clientSecret: randomBytes(16).toString('hex') };
  emulator.registerClient({ ...client, redirectUri: `${origin}/bitrix`, scope: ['crm', 'user'] });
  const dataDir = join(folder, store);
  mkdirSync(dataDir);
  return {
    PATH: process.env.PATH ?? '',
    PORT: port,
    PUBLIC_URL: origin,
    BITRIX24_CLIENT_ID: client.clientId,
    BITRIX24_CLIENT_SECRET: client.clientSecret,
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
    DATA_DIR: dataDir,
    CACHE_SECONDS: '0',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
}

async function start(build: string, env: Record<string, string>) {
  const program = join(build, 'dist/server.js');
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until(
    () =>
      fetch(`${env.PUBLIC_URL}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    (isReady) => isReady,
  );
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function signIn(agent: BrowserAgent, origin: string): Promise<void> {
  const form = await agent.visit(`${origin}/companies`);
  const page = await agent.post(form.url.href, { login: 'admin', password: 'demo' });
  assert.equal(page.status, 200);
}

/** One field for each column. */
async function chooseColumns(agent: BrowserAgent, origin: string, columns: string[]): Promise<void> {
  const cookies = [...(agent.cookies.get('127.0.0.1') ?? [])].map(([name, value]) => `${name}=${value}`);
  const answer = await fetch(`${origin}/companies/layout`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookies.join('; '), origin, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(columns.map((column): [string, string] => ['columns', column])),
  });
  assert.equal(answer.status, 303);
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of either build, of which the assertions say what it must hold
async function json(agent: BrowserAgent, address: string): Promise<any> {
  const { text } = await agent.visit(address, { headers: { accept: 'application/json' } });
  return JSON.parse(text);
}

function doneExport({ exports }: { exports: { id: string; state: string }[] }): boolean {
  return exports[0]?.state === 'done';
}

async function until<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`this did not change for a minute: ${JSON.stringify(seen)}`);
    await sleep(100);
  }
}

function requestsOf({ requests }: Emulator, kind: string): number {
  return requests.filter((request) => request.kind === kind).length;
}

function refreshesOf({ requests }: Emulator): number {
  return requests.filter(({ grantType }) => grantType === 'refresh_token').length;
}
