import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  newServerDir,
  type RedisServer,
  startRedisServer,
  startSentinelServer,
} from './redis-server.ts';

const MASTER_NAME = 'mymaster';

/** One master, two replicas, and three sentinels that watch them; as processes. */
export interface RedisSentinels {
  /** As REDIS_URL has it. */
  url: string;
  servers: RedisServer[];
  sentinels: RedisServer[];
  /** Whom the sentinels take for the master now. */
  master(): Promise<RedisServer>;
  /**
   * Starts one that was killed, on the port and the files it had: as the master it took itself for, if it was one.
   * It takes the place of the other in `servers`.
   */
  revive(dead: RedisServer): Promise<void>;
  /** Resolves when one is the master and the others follow it, in the eyes of all of them. */
  untilSettled(): Promise<void>;
  stop(): Promise<void>;
}

/** @param sentinelPassword  what sentinels and servers ask for, if anything */
export async function startRedisSentinels(sentinelPassword?: string): Promise<RedisSentinels> {
  const auth = sentinelPassword ? ['--requirepass', sentinelPassword, '--masterauth', sentinelPassword] : [];
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5'];
  const startServer = async (dir: string, settings: string[], port?: number) => {
    const all = ['--dir', dir, ...quick, ...auth, ...settings];
    const server = await startRedisServer({ settings: all, ...(port ? { port } : {}) });
    dirs.set(server.port, dir);
    return server;
  };
  const dirs = new Map<number, string>();
  const first = await startServer(newServerDir(), []);
  if (sentinelPassword) await first.client.auth(sentinelPassword);
  const follow = ['--replicaof', `127.0.0.1 ${first.port}`];
  const replicas = await Promise.all([1, 2].map(() => startServer(newServerDir(), follow)));
  const servers = [first, ...replicas];
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(first.port, sentinelPassword)));
  const ports = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');

  async function masterPort(): Promise<number> {
    for (const { client } of sentinels) {
      const address = await client.call('SENTINEL', 'get-master-addr-by-name', MASTER_NAME).catch(() => null);
      if (Array.isArray(address)) return Number(address[1]);
    }
    throw new Error('no sentinel knows the master');
  }

  async function master(): Promise<RedisServer> {
    const port = await masterPort();
    const found = servers.find((server) => server.port === port);
    if (found === undefined) throw new Error(`the sentinels name a stranger: ${port}`);
    return found;
  }

  async function isSettled(): Promise<boolean> {
    const { port } = await master();
    const roles = await Promise.all(servers.map(roleOf));
    return servers.every(
      (server, index) => roles[index] === (server.port === port ? 'master' : `of ${port}`),
    );
  }

  if (!sentinelPassword) await Promise.all(sentinels.map(untilItKnowsAll));
  return {
    url: `redis+sentinel://${ports}/${MASTER_NAME}`,
    servers,
    sentinels,
    master,
    async revive(dead) {
      await dead.stop();
      servers[servers.indexOf(dead)] = await startServer(dirs.get(dead.port) ?? '', [], dead.port);
    },
    async untilSettled() {
      for (let tries = 0; tries < 600; tries += 1) {
        if (await isSettled().catch(() => false)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('the servers did not agree on a master');
    },
    async stop() {
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    },
  };
}

/** `master`, or `of <port>` for a replica that has all its master has. */
async function roleOf({ client }: RedisServer): Promise<string> {
  const [role, , port, link] = (await client.role()) as [string, unknown, number, string];
  if (role === 'master') return role;
  return link === 'connected' ? `of ${port}` : 'looking for its master';
}

async function startSentinel(masterPort: number, password?: string): Promise<RedisServer> {
  const port = await freePort();
  const dir = newServerDir();
  const file = join(dir, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
    // When two sentinels stand for election at once, the next try comes after twice this.
    `sentinel failover-timeout ${MASTER_NAME} 2000`,
    ...(password ? [`sentinel auth-pass ${MASTER_NAME} ${password}`, `requirepass ${password}`] : []),
    ...(password ? [`sentinel sentinel-pass ${password}`] : []),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return startSentinelServer(port, file);
}

/** Until then it has nobody to agree with on a failover. */
async function untilItKnowsAll({ client }: RedisServer): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const [known] = (await client.call('SENTINEL', 'masters')) as string[][];
    const facts = Object.fromEntries((known ?? []).map((name, index, all) => [name, all[index + 1]]));
    if (facts['num-slaves'] === '2' && facts['num-other-sentinels'] === '2') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the sentinels did not find each other');
}
