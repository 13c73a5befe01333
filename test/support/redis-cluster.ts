import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type RedisServer, startRedisServer } from './redis-server.ts';

const run = promisify(execFile);

/** Three masters that share the slots, and perhaps a replica of each; as processes. */
export interface RedisCluster {
  /** As REDIS_URL has it. */
  url: string;
  nodes: RedisServer[];
  /** The master that has the slot of this key. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Moves the slot of this key, with all that is in it, to another master, the way redis-cli does. */
  moveSlot(key: string, options?: { pauseMs?: number }): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisCluster(options: { replicas?: number } = {}): Promise<RedisCluster> {
  const replicas = options.replicas ?? 0;
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const nodes = await Promise.all(
    Array.from({ length: 3 + 3 * replicas }, () => startRedisServer({ settings })),
  );
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas)];
  await run('redis-cli', [...create, '--cluster-yes']);
  await Promise.all(nodes.map(untilItServes));
  const ids = new Map(
    await Promise.all(
      nodes.map(async (node) => [(await node.client.call('CLUSTER', 'MYID')) as string, node] as const),
    ),
  );
  const idOf = (node: RedisServer) => [...ids].find(([, one]) => one === node)?.[0] ?? '';

  async function ownerOf(key: string): Promise<RedisServer> {
    const slot = await slotOf(key);
    const ranges = (await nodes[0]?.client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    const owner = nodes.find(({ port }) => port === range?.[2][1]);
    if (owner === undefined) throw new Error(`nobody has slot ${slot}`);
    return owner;
  }

  const slotOf = async (key: string) => (await nodes[0]?.client.call('CLUSTER', 'KEYSLOT', key)) as number;

  async function moveSlot(key: string, { pauseMs = 0 } = {}): Promise<void> {
    const [slot, from] = [String(await slotOf(key)), await ownerOf(key)];
    const to = nodes.slice(0, 3).find((node) => node !== from) as RedisServer;
    await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(from));
    await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(to));
    // For so long, what is there is here, and what is not there is asked for over there.
    await pause(pauseMs);
    for (;;) {
      const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, '5')) as string[];
      if (keys.length === 0) break;
      await from.client.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
      await pause(pauseMs / 10);
    }
    await pause(pauseMs);
    for (const node of [to, from, ...nodes]) {
      await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', idOf(to)).catch(() => {});
    }
  }

  return {
    url: `redis+cluster://${addresses.slice(0, 3).join(',')}`,
    nodes,
    ownerOf,
    moveSlot,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function untilItServes({ client }: RedisServer): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const info = String(await client.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok')) return;
    await pause(50);
  }
  throw new Error('the cluster did not come up');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
