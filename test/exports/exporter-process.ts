import { writeSync } from 'node:fs';
import { createRateLimiter } from '../../src/bitrix24/limits/rate-limiter.ts';
import { createExports } from '../../src/exports/exports.ts';
import { createHttpClient } from '../../src/http-client/http-client.ts';
import { createLogger } from '../../src/log.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { NO_LIMITS, portalsWith } from '../support/export-portals.ts';

/** What a process that works on exports is told. */
export interface ExporterTask {
  dataDir: string;
  clientId: string;
  /** Absent: the embedded store in `dataDir`. */
  redisUrl?: string;
  clientEndpoint: string;
  accessToken: string;
}

/** A process that works on whatever exports there are, until it is stopped; for the tests that kill it. */
const task = JSON.parse(process.argv[2] ?? '{}') as ExporterTask;
const store =
  task.redisUrl === undefined
    ? openEmbeddedStore(task.dataDir)
    : createRedisStore(connectRedis(parseRedisAddress(task.redisUrl), () => {}));
const http = createHttpClient({ mayBePrivate: () => true });
const limiter = createRateLimiter(NO_LIMITS);
const exports = createExports({
  store,
  clientId: task.clientId,
  dataDir: task.dataDir,
  logger: createLogger({ level: 'warn', isPretty: false }),
  portals: portalsWith({ http, limiter, accessOf: () => task }),
});
exports.start();
process.once('SIGTERM', async () => {
  await exports.stop();
  http.close();
  await store.close();
  process.exit(0);
});
// The timers of exports keep no process alive.
setInterval(() => {}, 60_000);
writeSync(1, 'works\n');
