import { readWholeList } from '../../src/bitrix24/crm/all-companies.ts';
import { createRateLimiter } from '../../src/bitrix24/limits/rate-limiter.ts';
import { parseRequestLimits } from '../../src/bitrix24/limits/request-limits.ts';
import { createRestClient } from '../../src/bitrix24/rest/rest-client.ts';
import { createHttpClient } from '../../src/http-client/http-client.ts';
import { createLimitRecords } from '../../src/portal-client/limit-records.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { connectRedis } from '../../src/store/redis/redis-connection.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { type ReadingTask, report } from './reading.ts';

/** Reads all companies as the application does, with limits stored in Redis. */
const task = JSON.parse(process.argv[2] ?? '{}') as ReadingTask;
const http = createHttpClient({ mayBePrivate: () => true });
const store = createRedisStore(connectRedis(parseRedisAddress(task.redisUrl), () => {}));
const limiter = createRateLimiter({
  records: createLimitRecords(store, task.clientId),
  limits: parseRequestLimits(task.limits),
  ...(task.operating ? { operating: task.operating } : {}),
});
const { host, hostname } = new URL(task.clientEndpoint);
await store.ping();

await report(async (onId) => {
  const parts = readWholeList({
    clientFor: (signal) =>
      createRestClient({
        http,
        tokens: { current: async () => task, renewed: async () => task },
        limits: {
          limiter,
          portal: { memberId: task.memberId, host, hostname },
          priority: { kind: 'background', maxWaitMs: Number.POSITIVE_INFINITY, signal },
        },
      }),
  });
  for await (const { companies } of parts) for (const { id } of companies) onId(id);
});
