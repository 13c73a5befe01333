import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DEMO_CLIENT, type Emulator, startEmulator } from '../../emulator/index.ts';
import { createExports, type Exports } from '../../src/exports/exports.ts';
import { LEASE_MS } from '../../src/exports/jobs/claim.ts';
import { createLogger } from '../../src/log.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import type { ExporterTask } from '../exports/exporter-process.ts';
import { aRequest, idsIn, isDone, newClientId, readResult, untilJob } from '../exports/support.ts';
import { aPortal } from '../support/builders.ts';
import { newDataDir, STORE_KINDS, type StoreKind } from '../support/start-app.ts';

const SCRIPT = join(import.meta.dirname, '../exports/exporter-process.ts');
const MANY = 20_000;
/** A process looks for work every second, and writes its lease anew while it works. */
const SOON_MS = 5_000;

/** A portal, exports that only ask, as a page would, and processes that work on them. */
interface World {
  emulator: Emulator;
  exports: Exports;
  owner: PortalUserId;
  startProcess(): Promise<ChildProcess>;
  stop(): Promise<void>;
}

let worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
  worlds = [];
});

describe('an export', () => {
  // Most of the time is spent on waiting for the leases of the dead, which two stores can do together.
  it('whose process is killed with kill -9 in the middle, twice, has every company once, on either store', async () => {
    worlds = await Promise.all(STORE_KINDS.map(startWorld));

    const outcomes = await Promise.all(worlds.map(killTwice));

    const every = Array.from({ length: MANY }, (_, n) => n + 1);
    expect(outcomes).toEqual(STORE_KINDS.map(() => ({ ids: every, rows: MANY, isSoon: true })));
  });
});

async function killTwice({ exports, owner, startProcess }: World) {
  const job = await exports.begin(aRequest({ owner }, { sort: 'title', order: 'desc' }));
  for (const share of [0.1, 0.5]) {
    const worker = await startProcess();
    await untilJob(exports, job, ({ checkpoint }) => checkpoint.rows > share * MANY);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  const [killed] = await exports.list(owner);
  await startProcess();
  const taken = await untilJob(exports, job, ({ lease }) => lease?.holder !== killed?.lease?.holder);
  const done = await untilJob(exports, job, isDone);
  const ids = idsIn(await readResult(exports, job), 'csv').sort((a, b) => a - b);
  // By the clock of the store, from the end of the lease of the dead to the beginning of the next.
  const idleMs = (taken.lease?.until ?? 0) - LEASE_MS - (killed?.lease?.until ?? 0);
  return { ids, rows: done.rows, isSoon: idleMs >= 0 && idleMs < SOON_MS };
}

async function startWorld(kind: StoreKind): Promise<World> {
  const clientId = newClientId();
  const emulator = await startEmulator({
    portals: [aPortal({ companies: { count: MANY, seed: 3 } })],
    clients: [{ ...DEMO_CLIENT, clientId }],
  });
  // So that there is a middle.
  emulator.orderFault({
    on: 'rest',
    effect: { type: 'delay', ms: 1_000, when: 'before' },
    times: Number.POSITIVE_INFINITY,
  });
  const dataDir = newDataDir();
  const redisUrl = process.env.TEST_REDIS_URL ?? '';
  const store =
    kind === 'embedded'
      ? openEmbeddedStore(dataDir)
      : createRedisStore(connectRedis(parseRedisAddress(redisUrl), () => {}));
  const [portal] = emulator.portals;
  const owner = { memberId: portal?.memberId ?? '', clientId, userId: 1 };
  const tokens = portal?.issueTokens({ clientId, userId: 1 });
  const task: ExporterTask = {
    dataDir,
    clientId,
    ...(kind === 'redis' ? { redisUrl } : {}),
    clientEndpoint: tokens?.clientEndpoint ?? '',
    accessToken: tokens?.accessToken ?? '',
  };
  const exports = createExports({
    store,
    clientId,
    dataDir,
    logger: createLogger({ level: 'silent', isPretty: false }),
    portals: {
      clientFor: () => {
        throw new Error('only the other processes work');
      },
      forecastFor: async () => null,
    },
  });
  const processes: ChildProcess[] = [];
  return {
    emulator,
    exports,
    owner,
    async startProcess() {
      const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, JSON.stringify(task)], {
        env: { PATH: process.env.PATH },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      processes.push(child);
      await once(child.stdout, 'data');
      return child;
    },
    async stop() {
      for (const each of processes) each.kill('SIGKILL');
      await exports.stop();
      await store.close();
      await emulator.stop();
    },
  };
}
