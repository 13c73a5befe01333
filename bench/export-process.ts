import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ALL_COMPANIES } from '../src/bitrix24/crm/company-filter.ts';
import { createRateLimiter } from '../src/bitrix24/limits/rate-limiter.ts';
import { parseRequestLimits } from '../src/bitrix24/limits/request-limits.ts';
import { createExports } from '../src/exports/exports.ts';
import { EXPORT_COLUMNS, type ExportJob } from '../src/exports/jobs/export-job.ts';
import { createHttpClient } from '../src/http-client/http-client.ts';
import { createLogger } from '../src/log.ts';
import { createLimitRecords } from '../src/portal-client/limit-records.ts';
import { parseRedisAddress } from '../src/store/redis/redis-address.ts';
import { connectRedis } from '../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../src/store/redis/redis-store.ts';
import { portalsWith } from '../test/support/export-portals.ts';
import { residentMegabytes } from './process.ts';
import type { ReadingTask } from './readers/reading.ts';

export type ExportTask = ReadingTask & Pick<ExportJob, 'format'> & Pick<ExportJob['view'], 'sort' | 'order'>;

/** Result of one export. */
export interface ExportReport {
  seconds: number;
  /** Part of `seconds` until all rows were on disk. */
  gatheringSeconds: number;
  rows: number;
  megabytes: number;
  /** Highest resident memory minus resident memory before the export. */
  grownMegabytes: number;
}

/** Runs one export from the request to the finished file, with the code of the application, in a separate process. */
const task = JSON.parse(process.argv[2] ?? '{}') as ExportTask;
const http = createHttpClient({ mayBePrivate: () => true });
const store = createRedisStore(connectRedis(parseRedisAddress(task.redisUrl), () => {}));
const limiter = createRateLimiter({
  records: createLimitRecords(store, task.clientId),
  limits: parseRequestLimits(task.limits),
});
const dataDir = mkdtempSync(join(tmpdir(), 'bench-export-'));
const exports = createExports({
  store,
  clientId: task.clientId,
  dataDir,
  logger: createLogger({ level: 'warn', isPretty: false }),
  portals: portalsWith({ http, limiter, accessOf: () => task }),
});
await store.ping();
exports.start();

const before = residentMegabytes();
let most = before;
const sampling = setInterval(() => {
  most = Math.max(most, residentMegabytes());
}, 10);
const from = performance.now();
const owner = { memberId: task.memberId, clientId: task.clientId, userId: 1 };
await exports.begin({
  owner,
  portal: new URL(task.clientEndpoint).origin,
  format: task.format,
  view: {
    filter: ALL_COMPANIES,
    sort: task.sort,
    order: task.order,
    columns: [...EXPORT_COLUMNS],
    header: [...EXPORT_COLUMNS],
    title: 'Companies',
    description: '',
  },
  language: 'en',
  timeZone: 'Europe/Berlin',
});
const gathering = await waitFor(({ state }) => state === 'finishing' || state === 'done');
const gatheringSeconds = (performance.now() - from) / 1000;
const done = await waitFor(({ state }) => state === 'done');
clearInterval(sampling);
const report: ExportReport = {
  seconds: (performance.now() - from) / 1000,
  gatheringSeconds,
  rows: gathering.rows,
  megabytes: (done.fileBytes ?? 0) / 1_000_000,
  grownMegabytes: most - before,
};
rmSync(dataDir, { recursive: true });
process.send?.(report, () => process.exit(0));

async function waitFor(isReached: (job: ExportJob) => boolean): Promise<ExportJob> {
  for (;;) {
    const [job] = await exports.list(owner);
    if (job?.trouble) throw new Error(`the export waits because of ${job.trouble.code}`);
    if (job && isReached(job)) return job;
    await wait(10);
  }
}
