import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { OUTPUT } from './output.ts';

/** A real redis-server of our own, with a port and a folder of its own. */
export interface RedisServer {
  url: string;
  port: number;
  pid: number;
  /** Whatever a process outside the app may do to it. */
  client: Redis;
  /** `SIGKILL`, `SIGSTOP`, `SIGCONT`: what happens to machines. */
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  port?: number;
  /** As on the command line; the last one of a name counts. */
  settings?: string[];
}

/** Others look for free ports too, and may have been faster with this one. */
const TRIES = 3;

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const settings = ['--save', '', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await startProcess(port, ['--dir', newServerDir(), ...settings, ...(options.settings ?? [])]);
    } catch (error) {
      if (options.port !== undefined || tries === TRIES) throw error;
    }
  }
}

/** A sentinel: the same program, with a file that it writes to. */
export function startSentinelServer(port: number, file: string): Promise<RedisServer> {
  return startProcess(port, [file, '--sentinel']);
}

export function newServerDir(): string {
  mkdirSync(OUTPUT, { recursive: true });
  return mkdtempSync(join(OUTPUT, 'redis-'));
}

async function startProcess(port: number, argv: string[]): Promise<RedisServer> {
  const listening = argv.includes('--sentinel') ? [] : ['--port', String(port), '--bind', '127.0.0.1'];
  const server = spawn(redisBinary(), [...argv, ...listening], { stdio: 'ignore' });
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  try {
    await Promise.race([refuseOthers(client, server), failWhenItEnds(server)]);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid ?? 0,
    client,
    signal: (signal) => void server.kill(signal),
    async stop() {
      client.disconnect();
      await end(server);
    },
  };
}

/** Resolves when it answers, and it is not another one that has got the port. */
async function refuseOthers(client: Redis, { pid }: ChildProcess): Promise<void> {
  const info = await client.info('server');
  if (!info.includes(`process_id:${pid}\r`)) throw new Error('another redis-server has got the port');
}

async function failWhenItEnds(server: ChildProcess): Promise<never> {
  await once(server, 'exit');
  throw new Error('redis-server has ended: is its port taken, or its folder gone?');
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGCONT');
  server.kill('SIGKILL');
  await ended;
}

function redisBinary(): string {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('redis-server is not installed; run: npm run test:setup');
  }
}
