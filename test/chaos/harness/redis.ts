import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedisServer } from '../../support/redis-server.ts';

/** A Redis that can die and come back where it was, on what it had written to its folder. */
export interface MortalRedis {
  port: number;
  url: string;
  /** REDIS_URL for those who reach it at this port of this machine. */
  urlAt(port: number): string;
  /** Whatever a process outside the app may do to it; another one after each return. */
  client(): Redis;
  /** `SIGSTOP`, `SIGCONT` */
  signal(signal: NodeJS.Signals): void;
  /** kill -9 */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Refuses whatever needs memory, as a full Redis does, until called with false. */
  isFull(isFull: boolean): Promise<void>;
}

/**
 * @param keeps  `journal`: nothing it has acknowledged is lost. `dumps`: it returns to the last SAVE.
 * @param user   `ACL SETUSER name … >PASSWORD …`: who the replicas are; without it, everything is allowed to anybody
 */
export async function startMortalRedis(
  folder: string,
  keeps: 'journal' | 'dumps',
  user?: string,
): Promise<MortalRedis> {
  const port = await freePort();
  const dir = mkdtempSync(join(folder, 'redis-'));
  const settings = ['--dir', dir, ...(keeps === 'dumps' ? ['--appendonly', 'no'] : [])];
  let server: RedisServer = await start();

  async function start(): Promise<RedisServer> {
    const started = await startRedisServer({ port, settings });
    if (user) await started.client.call('ACL', ...user.split(' ').slice(1));
    return started;
  }

  return {
    port,
    url: server.url,
    urlAt: (at) => `redis://${user ? `${user.split(' ')[2]}:PASSWORD@` : ''}127.0.0.1:${at}`,
    client: () => server.client,
    signal: (signal) => server.signal(signal),
    kill: () => server.stop(),
    async start() {
      server = await start();
    },
    async isFull(isFull) {
      const used = Number(/used_memory:(\d+)/.exec(await server.client.info('memory'))?.[1]);
      // Below what is in use already, so the next write is one too many.
      await server.client.config('SET', 'maxmemory', isFull ? Math.floor(used / 2) : 0);
    },
  };
}
