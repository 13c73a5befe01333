import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../src/log.ts';
import { parseRedisAddress } from '../../../src/store/redis/redis-address.ts';
import { asUnavailable, connectRedis, type RedisClient } from '../../../src/store/redis/redis-connection.ts';
import { refusalLog } from '../../../src/store/redis/redis-refusal.ts';
import { createRedisStore } from '../../../src/store/redis/redis-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';

let redis: RedisServer;
let connection: RedisClient;
let store: Store;
let lines: Record<string, unknown>[];
let now: number;
beforeEach(async () => {
  redis = await startRedisServer();
  connection = connectRedis(parseRedisAddress(redis.url), () => {});
  lines = [];
  now = 0;
  const logger = createLogger({
    level: 'info',
    isPretty: false,
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  store = createRedisStore(
    connection,
    refusalLog(logger, () => now),
  );
});
afterEach(async () => {
  await store.close();
  await redis.stop();
});

const KEY = 'b24:CANARY-key';
const write = () => store.set(KEY, 'CANARY-value', 1000).catch((error: Error) => error);
const refuseWrites = () => connection.config('SET', 'maxmemory', '1');
const takeWrites = () => connection.config('SET', 'maxmemory', '0');

describe('a command that Redis refuses', () => {
  it('the error names the command and the whole refusal', async () => {
    await refuseWrites();

    expect(await write()).toMatchObject({
      why: 'OOM',
      message: expect.stringMatching(
        /^the store is away: Redis refused SET: OOM command not allowed when .*maxmemory/,
      ),
    });
  });

  it('no value of ours is repeated, not even where Redis quotes it', async () => {
    const answered = (await connection
      .call('CLUSTERSTAT', KEY, 'CANARY-value')
      .catch((error) => error)) as Error;

    const { message } = asUnavailable(answered);

    expect(answered.message).toContain('CANARY');
    expect(message).toMatch(/^the store is away: Redis refused CLUSTERSTAT: ERR unknown command/);
    expect(message).not.toContain('CANARY');
  });

  it('has one line of the log when that begins and one when it ends, however many commands are refused', async () => {
    await refuseWrites();
    for (let index = 0; index < 5; index += 1) await write();
    await store.get(KEY);
    await takeWrites();
    await write();
    await write();

    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'Redis refuses a command',
        command: 'SET',
        refusal: expect.stringContaining('OOM command not allowed'),
      }),
      expect.objectContaining({ level: 'warn', msg: 'Redis performs the command again', command: 'SET' }),
    ]);
  });

  it('when it is refused every other time › has two lines a minute at most', async () => {
    for (let index = 0; index < 5; index += 1) {
      await refuseWrites();
      await write();
      await takeWrites();
      await write();
    }
    now += 60_000;
    await refuseWrites();
    await write();

    expect(lines).toHaveLength(3);
  });
});
