import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT } from '../../support/output.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { until } from './time.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** However this process ends, it leaves nobody behind. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** One of several servers that share a store, each a process of its own. */
export interface Replica {
  origin: string;
  port: number;
  /** Its own wire to Redis, and to the authorization server, when the world has such. */
  redisWire: TcpProxy | undefined;
  serverWire: TcpProxy | undefined;
  pid(): number;
  isRunning(): boolean;
  /** Its settings; what is changed counts from the next start. */
  env: Record<string, string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone. @returns its exit code, null when the signal ended it */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** Starts it, again if it has ended, and waits until it can serve. */
  start(): Promise<void>;
}

/** `node dist/server.js`, or what stands for it. */
export interface Command {
  args: string[];
  logFile: string;
}

export function createReplica(
  command: Command,
  options: Pick<Replica, 'port' | 'redisWire' | 'serverWire' | 'env'>,
): Replica {
  const origin = `http://127.0.0.1:${options.port}`;
  // Straight into the file, past this process: what a replica prints must not cost the one that measures.
  const log = openSync(command.logFile, 'a');
  let child: ChildProcess | undefined;
  let ended: Promise<number | null> = Promise.resolve(null);

  const isReady = () =>
    fetch(`${origin}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );

  return {
    ...options,
    origin,
    pid: () => child?.pid ?? 0,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    signal(signal) {
      child?.kill(signal);
    },
    async end(signal) {
      child?.kill('SIGCONT');
      child?.kill(signal);
      return ended;
    },
    async start() {
      const started = spawn(process.execPath, command.args, {
        // Not the project's folder, so that nobody's own .env is read.
        cwd: OUTPUT,
        env: { PATH: process.env.PATH ?? '', ...options.env },
        stdio: ['ignore', log, log],
      });
      child = started;
      living.add(started);
      ended = new Promise((resolve) => started.once('exit', resolve));
      started.once('exit', () => living.delete(started));
      await until(`the replica is ready (see ${command.logFile})`, async () => {
        if (started.exitCode !== null) throw new Error(`a replica did not start; see ${command.logFile}`);
        return isReady();
      });
    },
  };
}

/** What to run: what operators run, or the sources where nothing is built. */
export function replicaArgs(kind: 'dist' | 'src', exclusiveMs: number | undefined): string[] {
  if (exclusiveMs !== undefined) {
    return ['--import', 'tsx', join(ROOT, 'test/chaos/replica.ts'), String(exclusiveMs)];
  }
  return programArgs('server', kind);
}

export function programArgs(program: 'server' | 'rekey', kind: 'dist' | 'src'): string[] {
  return kind === 'dist'
    ? [join(ROOT, `dist/${program}.js`)]
    : ['--import', 'tsx', join(ROOT, `src/${program}.ts`)];
}
