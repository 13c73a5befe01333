import { mkdirSync, rmSync } from 'node:fs';
import { OUTPUT } from './output.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

declare global {
  // eslint-style globals are how Jest hands things from its setup to its teardown.
  var sharedRedis: RedisServer | undefined;
}

/** One real Redis for all test files; each test brings its own portal, so they do not meet in it. */
export default async function setUp(): Promise<void> {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  globalThis.sharedRedis = await startRedisServer();
  process.env.TEST_REDIS_URL = globalThis.sharedRedis.url;
}
