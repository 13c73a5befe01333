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
  stop(): Promise<void>;
}

/** @param sentinelPassword  what sentinels and servers ask for, if anything */
export async function startRedisSentinels(sentinelPassword?: string): Promise<RedisSentinels> {
  const auth = sentinelPassword ? ['--requirepass', sentinelPassword, '--masterauth', sentinelPassword] : [];
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5'];
  const first = await startRedisServer({ settings: [...quick, ...auth] });
  if (sentinelPassword) await first.client.auth(sentinelPassword);
  const follow = ['--replicaof', `127.0.0.1 ${first.port}`];
  const replicas = await Promise.all(
    [1, 2].map(() => startRedisServer({ settings: [...quick, ...auth, ...follow] })),
  );
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

  if (!sentinelPassword) await Promise.all(sentinels.map(untilItKnowsAll));
  return {
    url: `redis+sentinel://${ports}/${MASTER_NAME}`,
    servers,
    sentinels,
    async master() {
      const port = await masterPort();
      const master = servers.find((server) => server.port === port);
      if (master === undefined) throw new Error(`the sentinels name a stranger: ${port}`);
      return master;
    },
    async stop() {
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    },
  };
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
