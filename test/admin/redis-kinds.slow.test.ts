import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCipher } from '../../src/vault/cipher.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { startRedisSentinels } from '../support/redis-sentinel.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { addReadmeUser } from '../support/redis-user.ts';
import { newDataDir, TEST_SECRETS, type TestApp } from '../support/start-app.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';
import { admin, startAppAt, statusOf } from './support.ts';

/** Servers of one kind, and the address by which all of them are found. */
interface Servers {
  url: string;
  nodes: RedisServer[];
  stop(): Promise<void>;
}

const KINDS: [name: string, start: () => Promise<Servers>][] = [
  [
    'a single Redis',
    async () => {
      const server = await startRedisServer();
      return { url: server.url, nodes: [server], stop: () => server.stop() };
    },
  ],
  ['a Cluster', startRedisCluster],
  [
    'Redis behind Sentinel',
    async () => {
      const sentinels = await startRedisSentinels();
      return { url: sentinels.url, nodes: sentinels.servers, stop: sentinels.stop };
    },
  ],
];

describe.each(KINDS)('on %s, as the Redis user of the README', (_name, start) => {
  let servers: Servers;
  let app: TestApp;
  afterEach(async () => {
    await app.stop();
    await servers.stop();
  });

  it('every command works on all records, and Redis refuses nothing', async () => {
    servers = await start();
    await Promise.all(servers.nodes.map(({ client }) => addReadmeUser(client)));
    const place = { dataDir: newDataDir(), redisUrl: servers.url.replace('://', '://companies:PASSWORD@') };
    app = await startAppAt(place);
    const agent = app.agent();
    await app.signIn(agent);
    const host = new URL(app.emulator.portals[0]?.origin ?? '').host;
    // Many portals, so that every master of a Cluster has some.
    const vault = createTokenVault({ store: app.store, cipher: createCipher(TEST_SECRETS.tokenKeys) });
    const owners = Array.from({ length: 60 }, () => anOwner());
    await Promise.all(owners.map((owner) => vault.save(owner, newTokens(), 'https://oauth.bitrix.info')));
    const file = join(newDataDir(), 'monday.backup');

    const codes: [string, number | null][] = [];
    const run = async (...argv: string[]) => {
      const { code, text } = await admin(place, ...argv);
      codes.push([text, code]);
      return text;
    };
    const copied = await run('backup', file);
    await run('verify', file);
    const sessions = await run('sessions');
    await run('sign-out', '--user', '1', '--portal', host);
    const afterSignOut = await statusOf(app, agent);
    await app.signIn(agent);
    await run('sign-out', '--portal', host);
    await app.signIn(agent);
    await run('sign-out', '--all');
    await run('rekey');
    const forgotten = await run('forget', '--portal', 'acme.bitrix24.com');
    const restored = await run('restore', file, '--replace');

    const refused = await Promise.all(servers.nodes.map(({ client }) => client.call('ACL', 'LOG')));
    const grants = await Promise.all(owners.map((owner) => vault.load(owner)));
    expect(codes.filter(([, code]) => code !== 0)).toEqual([]);
    expect(copied).toMatch(/^61 records/);
    expect(sessions).toContain(host);
    expect(afterSignOut).toBe(401);
    expect(forgotten).toContain('tokens: 60');
    expect(restored).toContain('60 records (tokens: 60)');
    expect(grants.filter((grant) => grant === undefined)).toEqual([]);
    expect(refused.flat()).toEqual([]);
  });
});
