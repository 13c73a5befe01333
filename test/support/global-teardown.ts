import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT } from './output.ts';
import { dumpRedis } from './redis-dump.ts';

/** Writes down what the whole run left in Redis, for the canary scan, and ends the server. */
export default async function tearDown(): Promise<void> {
  const redis = globalThis.sharedRedis;
  if (redis === undefined) return;
  writeFileSync(join(OUTPUT, 'redis-contents.txt'), await dumpRedis(redis.client));
  await redis.stop();
}
