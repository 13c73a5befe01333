import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { runAdmin } from '../../src/admin/run.ts';
import { openExistingStore, type StoreAddress } from '../../src/store/existing-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import type { Store } from '../../src/store/store.ts';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { OUTPUT } from '../support/output.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { newDataDir, type StoreKind, startApp, TEST_SECRETS, type TestApp } from '../support/start-app.ts';

/** A store of its own for a test: commands work on all that is in one. */
export interface Place {
  dataDir: string;
  redisUrl?: string;
}

export interface Ran {
  code: number | null;
  /** Both streams. */
  text: string;
}

/** One Redis for a test file, emptied for each place that is asked for. */
export function placesOf(kind: StoreKind) {
  let redis: RedisServer | undefined;
  return {
    async fresh(): Promise<Place> {
      const dataDir = newDataDir();
      if (kind === 'embedded') return { dataDir };
      redis ??= await startRedisServer();
      await redis.client.flushall();
      return { dataDir, redisUrl: redis.url };
    },
    stop: async () => redis?.stop(),
  };
}

export function startAppAt(place: Place, options: Parameters<typeof startApp>[0] = {}): Promise<TestApp> {
  return startApp({ ...options, ...place });
}

export function addressOf({ dataDir, redisUrl }: Place): StoreAddress {
  return { dataDir, redis: redisUrl === undefined ? undefined : parseRedisAddress(redisUrl) };
}

export function openPlace(place: Place): Promise<Store> {
  return openExistingStore(addressOf(place));
}

/** The command without a process of its own. */
export async function admin(place: Place, ...argv: string[]): Promise<Ran> {
  const lines: string[] = [];
  const code = await runAdmin(argv, {
    print: (line) => lines.push(line),
    progress: (line) => lines.push(line),
    fail: (line) => lines.push(line),
    address: () => addressOf(place),
    tokenKeys: () => TEST_SECRETS.tokenKeys,
    version: '0.0.0',
  });
  return { code, text: lines.join('\n') };
}

const PROGRAM = join(import.meta.dirname, '../../src/admin.ts');

/** The real program, with these settings and nothing else of our environment. */
export function spawnAdmin(env: Record<string, string>, ...argv: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', PROGRAM, ...argv],
      // Not the project's folder, so that no .env is read.
      { cwd: OUTPUT, env: { PATH: process.env.PATH ?? '', ...env } },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : ((error.code as unknown as number) ?? null),
          text: stdout + stderr,
        }),
    );
  });
}

export function settingsOf({ dataDir, redisUrl }: Place): Record<string, string> {
  return { DATA_DIR: dataDir, ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }) };
}

/** Everything in the store, to see that nothing was changed. Pings come and go by themselves. */
export async function contentOf(place: Place): Promise<[key: string, value: string | null][]> {
  const store = await openPlace(place);
  const content: [string, string | null][] = [];
  for await (const key of store.keys('b24:')) {
    if (key !== 'b24:ping') content.push([key, await store.get(key)]);
  }
  await store.close();
  return content.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** 200 for a browser that is signed in, 401 for any other. */
export async function statusOf(app: { origin: string }, agent: BrowserAgent): Promise<number> {
  const headers = { accept: 'application/json' };
  return (await agent.request(`${app.origin}/companies`, { headers })).status;
}

export async function saveView(app: TestApp, agent: BrowserAgent, name: string): Promise<void> {
  await agent.post(`${app.origin}/companies/views`, { name, search: 'q=alpha' });
}
