import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT } from './output.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

declare global {
  // eslint-style globals are how Jest hands things from its setup to its teardown.
  var sharedRedis: RedisServer | undefined;
}

/** One real Redis for all test files; each test brings its own portal, so they do not meet in it. */
export default async function setUp(): Promise<void> {
  mkdirSync(OUTPUT, { recursive: true });
  // The counts of a run before this one are for `.ci/run`, which adds them up.
  for (const name of readdirSync(OUTPUT).filter((each) => !each.endsWith('.json')))
    rmSync(join(OUTPUT, name), { recursive: true, force: true });
  globalThis.sharedRedis = await startRedisServer();
  process.env.TEST_REDIS_URL = globalThis.sharedRedis.url;
}
