import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEMO_CLIENT, type Emulator, startEmulator } from '../../emulator/index.ts';
import type { ExportOwner } from '../../src/exports/export-job.ts';
import { createExports, type Exports } from '../../src/exports/exports.ts';
import { createLogger } from '../../src/log.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis-address.ts';
import { connectRedis } from '../../src/store/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { aPortal } from '../support/builders.ts';
import { newDataDir, STORE_KINDS } from '../support/start-app.ts';
import type { ExporterTask } from '../unit/exports/exporter-process.ts';
import { aWish, idsIn, isDone, readResult, untilJob } from '../unit/exports/support.ts';

const SCRIPT = join(import.meta.dirname, '../unit/exports/exporter-process.ts');
const MANY = 20_000;

let emulator: Emulator;
let store: Store;
/** Does not work itself: it only asks, as a page would. */
let exports: Exports;
let task: ExporterTask;
let owner: ExportOwner;
let processes: ChildProcess[] = [];

describe.each(STORE_KINDS)('an export on the %s store', (kind) => {
  beforeEach(async () => {
    emulator = await startEmulator({ portals: [aPortal({ companies: { count: MANY, seed: 3 } })] });
    // So that there is a middle.
    emulator.orderFault({
      on: 'rest',
      effect: { type: 'delay', ms: 1_000, when: 'before' },
      times: Number.POSITIVE_INFINITY,
    });
    const dataDir = newDataDir();
    const redisUrl = process.env.TEST_REDIS_URL ?? '';
    store =
      kind === 'embedded'
        ? openEmbeddedStore(dataDir)
        : createRedisStore(connectRedis(parseRedisAddress(redisUrl), () => {}));
    owner = { memberId: emulator.portals[0]?.memberId ?? '', clientId: DEMO_CLIENT.clientId, userId: 1 };
    const tokens = emulator.portals[0]?.issueTokens({ clientId: DEMO_CLIENT.clientId, userId: 1 });
    task = {
      dataDir,
      ...(kind === 'redis' ? { redisUrl } : {}),
      clientEndpoint: tokens?.clientEndpoint ?? '',
      accessToken: tokens?.accessToken ?? '',
    };
    exports = createExports({
      store,
      dataDir: task.dataDir,
      logger: createLogger({ level: 'silent', isPretty: false }),
      portals: {
        clientFor: () => {
          throw new Error('only the other processes work');
        },
        outlookFor: async () => null,
      },
    });
  });
  afterEach(async () => {
    for (const each of processes) each.kill('SIGKILL');
    processes = [];
    await exports.stop();
    await store.close();
    await emulator.stop();
  });

  it('whose process is killed with kill -9 in the middle, twice, has every company once', async () => {
    const job = await exports.begin(aWish({ owner }, { sort: 'title', order: 'desc' }));
    for (const share of [0.1, 0.5]) {
      const worker = await startProcess();
      await untilJob(exports, job, ({ checkpoint }) => checkpoint.rows > share * MANY);
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
    const [killed] = await exports.list(owner);
    const before = performance.now();

    await startProcess();
    await untilJob(exports, job, ({ lease }) => lease?.holder !== killed?.lease?.holder);
    const takenOverMs = performance.now() - before;
    const done = await untilJob(exports, job, isDone);

    const ids = idsIn(await readResult(exports, job), 'csv');
    const expected = emulator.portals[0]?.companies.map(({ ID }) => Number(ID)) ?? [];
    expect([...ids].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    expect([done.rows, killed?.lease !== null]).toEqual([MANY, true]);
    expect(takenOverMs).toBeLessThan(13_000);
  });

  it('whose process is asked to stop is gone on with at once by the next', async () => {
    const owner = {
      memberId: emulator.portals[0]?.memberId ?? '',
      clientId: DEMO_CLIENT.clientId,
      userId: 1,
    };
    const job = await exports.begin(aWish({ owner }));
    const worker = await startProcess();
    await untilJob(exports, job, ({ checkpoint }) => checkpoint.rows > MANY / 4);

    worker.kill('SIGTERM');
    const [code] = await once(worker, 'exit');
    const [stopped] = await exports.list(owner);
    await startProcess();
    const before = performance.now();
    await untilJob(exports, job, ({ state }) => state !== 'queued');

    expect([code, stopped?.state, stopped?.lease]).toEqual([0, 'queued', null]);
    expect(performance.now() - before).toBeLessThan(3_000);
    await untilJob(exports, job, isDone);
    expect(idsIn(await readResult(exports, job), 'csv')).toEqual(
      Array.from({ length: MANY }, (_, n) => n + 1),
    );
  });
});

async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, JSON.stringify(task)], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  await once(child.stdout, 'data');
  return child;
}
