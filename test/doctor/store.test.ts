import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type StoreVisit, visitStore } from '../../src/doctor/store.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { parseRedisAddress } from '../../src/store/redis/redis-address.ts';
import { firstOf } from '../support/order.ts';
import { freePort, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { newDataDir } from '../support/start-app.ts';

let redis: RedisServer | undefined;
let visit: StoreVisit | undefined;
afterEach(async () => {
  await visit?.store?.close();
  await redis?.stop();
  redis = undefined;
});

async function visitEmbedded(dataDir: string): Promise<StoreVisit> {
  visit = await visitStore({ redis: undefined, dataDir });
  return visit;
}

async function visitRedis(url: string): Promise<StoreVisit> {
  visit = await visitStore({ redis: parseRedisAddress(url), dataDir: newDataDir() });
  return visit;
}

describe('visitStore(), embedded', () => {
  it('when the server is using it › can be read and written all the same', async () => {
    const dataDir = newDataDir();
    const used = openEmbeddedStore(dataDir);
    await used.set('b24:x', 'value', 60_000);

    const { findings, store } = await visitEmbedded(dataDir);

    expect(findings).toMatchObject([{ level: 'ok', what: expect.stringContaining(dataDir) }]);
    expect(await store?.get('b24:x')).toBe('value');
    await used.close();
  });

  it('when DATA_DIR cannot be used › says so, and who is asking', async () => {
    const file = join(newDataDir(), 'a-file');
    writeFileSync(file, '');

    const { findings, store } = await visitEmbedded(join(file, 'data'));

    expect(store).toBeUndefined();
    expect(findings).toMatchObject([
      {
        level: 'problem',
        what: expect.stringContaining(file),
        remedy: expect.stringContaining(`user ${process.getuid?.()}`),
      },
    ]);
  });
});

describe('visitStore(), Redis', () => {
  it('when exports could not be written to DATA_DIR › says so, although Redis is as it should be', async () => {
    redis = await startRedisServer();
    const file = join(newDataDir(), 'a-file');
    writeFileSync(file, '');

    visit = await visitStore({ redis: parseRedisAddress(redis.url), dataDir: join(file, 'data') });

    expect(visit.findings).toContainEqual(
      expect.objectContaining({
        level: 'problem',
        what: `DATA_DIR ${file}/data cannot be written (ENOTDIR): every export fails`,
        remedy: expect.stringContaining(`user ${process.getuid?.()} (group`),
      }),
    );
  });

  it('when it is as it should be › tells how it keeps what is written, and its clock', async () => {
    redis = await startRedisServer();

    const { findings, clockDifferenceMs } = await visitRedis(redis.url);

    expect(findings).toMatchObject([
      { level: 'ok', what: expect.stringContaining(redis.url) },
      { level: 'ok', what: expect.stringMatching(/append-only file.*noeviction/) },
    ]);
    expect(Math.abs(clockDifferenceMs ?? Number.NaN)).toBeLessThan(5000);
  });

  it('when it throws away or forgets › warns, with the setting to make', async () => {
    redis = await startRedisServer({ settings: ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'] });

    const { findings } = await visitRedis(redis.url);

    expect(findings.filter(({ level }) => level === 'warning')).toMatchObject([
      { remedy: expect.stringContaining('noeviction') },
      { remedy: expect.stringContaining('appendonly yes') },
    ]);
  });

  it('when it does not let our user ask › says what to let it', async () => {
    redis = await startRedisServer();
    await redis.client.acl('SETUSER', 'app', 'on', '>pw', '~b24:*', '&*', '+@all', '-info', '-config');

    const { findings } = await visitRedis(redis.url.replace('//', '//app:pw@'));

    expect(findings).toMatchObject([
      { level: 'ok' },
      { level: 'warning', remedy: expect.stringContaining('+info') },
    ]);
  });

  it('when it is full › says that no user can sign in, and why', async () => {
    redis = await startRedisServer();
    await redis.client.set('b24:test:filler', Buffer.alloc(3 * 1024 * 1024));
    await redis.client.config('SET', 'maxmemory', '1mb');

    const { findings } = await visitRedis(redis.url);

    expect(findings[0]).toMatchObject({
      level: 'problem',
      what: expect.stringContaining('memory is full'),
      remedy: 'Raise maxmemory',
    });
  });

  it('when it is a replica › says to name the master', async () => {
    redis = await startRedisServer();
    await redis.client.replicaof('127.0.0.1', String(await freePort()));

    const { findings } = await visitRedis(redis.url);

    expect(findings[0]).toMatchObject({
      level: 'problem',
      what: expect.stringContaining('takes no writes'),
      remedy: expect.stringContaining('the master'),
    });
  });

  it('when it refuses the password › says so, and repeats neither user nor password', async () => {
    redis = await startRedisServer();
    await redis.client.config('SET', 'requirepass', 'right');

    const [wrong, none] = await Promise.all([
      visitRedis(redis.url.replace('//', '//:CANARY@')),
      visitRedis(redis.url),
    ]);

    expect(wrong.findings).toMatchObject([{ level: 'problem', what: expect.stringContaining('password') }]);
    expect(none.findings).toMatchObject([
      { level: 'problem', what: expect.stringContaining('wants a password') },
    ]);
    expect(JSON.stringify([wrong.findings, none.findings])).not.toContain('CANARY');
  });

  it('when no Redis is there, or it is frozen › says so within seconds', async () => {
    redis = await startRedisServer();
    redis.signal('SIGSTOP');
    const nobody = `127.0.0.1:${await freePort()}`;

    const visiting = Promise.all(
      [
        `redis://:CANARY@${nobody}`,
        `redis://:CANARY@${'a'.repeat(64)}.invalid`,
        `redis+sentinel://:CANARY@${nobody}/mymaster`,
        `redis+cluster://:CANARY@${nobody}`,
        redis.url,
      ].map(visitRedis),
    );
    const first = await firstOf({ 'all visits': visiting, 'eight seconds': 8_000 });
    const visits = await visiting;

    expect(first).toBe('all visits');
    expect(visits.map(({ findings, store }) => [store, findings.map(({ level }) => level)])).toEqual(
      Array(5).fill([undefined, ['problem']]),
    );
    expect(visits.map(({ findings }) => findings[0]?.what)).toEqual([
      expect.stringContaining('refuses connections'),
      expect.stringContaining('does not resolve'),
      expect.stringContaining('no sentinel'),
      expect.stringContaining('no node of the cluster'),
      expect.stringContaining('does not answer'),
    ]);
    expect(JSON.stringify(visits)).not.toContain('CANARY');
  });
});
