import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { visitStore } from '../../../src/doctor/store.ts';
import { parseRedisAddress } from '../../../src/store/redis/redis-address.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

/** Not in the folder of the checkout: the path of a socket may have 107 bytes. */
const socket = join(mkdtempSync(join(tmpdir(), 'redis-socket-')), 'redis.sock');
const password = 'CANARY of a redis user';
const url = `redis+unix://app:${encodeURIComponent(password)}@${socket}?db=1`;

let redis: RedisServer;
let app: TestApp;
beforeAll(async () => {
  redis = await startRedisServer({ settings: ['--unixsocket', socket, '--unixsocketperm', '700'] });
  await redis.client.acl('SETUSER', 'app', 'on', `>${password}`, '~b24:*', '+@all');
  app = await startApp({ redisUrl: url });
});
afterAll(async () => {
  await app.stop();
  await redis.stop();
});

describe('a Redis that is reached by its unix socket', () => {
  it('somebody signs in, and what is kept is in the database that REDIS_URL names', async () => {
    const { status } = await app.signIn(app.agent());

    expect(status).toBe(200);
    expect(await redis.client.dbsize()).toBe(0);
    const clients = String(await redis.client.call('CLIENT', 'LIST'));
    expect(clients).toMatch(new RegExp(`addr=${socket}:0 .* db=1 .* user=app `));
    await redis.client.select(1);
    expect(await redis.client.keys('b24:tokens:*')).toHaveLength(1);
    await redis.client.select(0);
  });

  it('the doctor names the socket, and not the password', async () => {
    const { findings, store } = await visitStore({ redis: parseRedisAddress(url), dataDir: 'unused' });
    await store?.close();

    expect(findings[0]).toEqual({
      level: 'ok',
      what: `Redis at redis+unix://${socket}?db=1 can be read and written`,
    });
    expect(JSON.stringify(findings)).not.toContain('CANARY');
  });

  it.each([
    ['there is none', `${socket}.not`, 'there is no such file', /unixsocket/],
    ['the path is another file', process.execPath, /refuses connections|is no socket/, /REDIS_URL/],
  ])('when %s › the doctor says so, and what to do', async (_case, path, what, remedy) => {
    const address = parseRedisAddress(`redis+unix://${path}`);

    const { findings } = await visitStore({ redis: address, dataDir: 'unused' });

    const kind = {
      level: 'problem',
      what: expect.stringMatching(what),
      remedy: expect.stringMatching(remedy),
    };
    expect(findings).toMatchObject([kind]);
  });
});
