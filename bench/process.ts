import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { EmulatorOptions } from '../emulator/index.ts';
import { freePort } from '../test/support/redis-server.ts';

/** A peer as a process of its own. */
export interface Running {
  origin: string;
  pid: number;
  /** From spawning it to its first answer. */
  startedInMs: number;
  stop(): Promise<void>;
}

/** Starts a file with node and waits for its first answer at /healthz. */
export async function startProcess(
  file: string,
  env: Record<string, string>,
  nodeOptions: string[] = [],
): Promise<Running> {
  const port = env.PORT ?? String(await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const before = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, file], {
    env: { PATH: process.env.PATH ?? '', PORT: port, PUBLIC_URL: origin, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!(await isUp(`${origin}/healthz`))) {
    if (child.exitCode !== null) throw new Error(`${file} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { origin, pid: child.pid ?? 0, startedInMs: performance.now() - before, stop: () => end(child) };
}

/** CPU time that the emulator has spent for each page of companies, in milliseconds. */
export interface EmulatorCost {
  pages: number;
  cpuMs: number;
  cpuMsPerPage: number;
  /** By their `error`, commands of batches included. */
  refusals: Record<string, number>;
}

export interface EmulatorProcess {
  portal: string;
  memberId: string;
  authorizationServer: string;
  clientId: string;
  clientSecret: string;
  /** A grant of a portal user, as a sign-in brings one. */
  tokens(userId: number): Promise<{ accessToken: string; refreshToken: string; clientEndpoint: string }>;
  /** Serves pages of its last portal, so that what is measured afterwards is no compiling. */
  warmUp(batches: number): Promise<void>;
  /** One code each for users 1, 2, 3 … */
  codes(count: number): Promise<string[]>;
  /** When whose code was exchanged, in milliseconds since the epoch. */
  exchanges(): Promise<{ userId: number; at: number }[]>;
  cost(): Promise<EmulatorCost>;
  resetCost(): Promise<void>;
  clearRequests(): Promise<void>;
  /** Whoever shows an access token from now on has to have it renewed. */
  expireAccessTokens(): Promise<void>;
  /** What the authorization server said to codes and refresh tokens, and how often: `refresh_token 200`. */
  grants(): Promise<Record<string, number>>;
  /** How often portals were asked. */
  asked(): Promise<number>;
  stop(): Promise<void>;
}

/** The demo portals on free ports unless `options` say otherwise, in a process of their own. */
export async function startEmulatorProcess(
  options: EmulatorOptions & { latencyMs?: number; redirectUri?: string } = {},
): Promise<EmulatorProcess> {
  const child = fork('bench/emulator.ts', [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => waiting.get(id)?.(answer));
  let lastId = 0;
  const expect = (id: number) => new Promise((resolve) => waiting.set(id, resolve));
  async function ask<T>(what: string, value?: number): Promise<T> {
    lastId += 1;
    const answer = expect(lastId);
    child.send({ id: lastId, ask: what, value });
    return (await answer) as T;
  }

  await expect(0);
  return {
    ...(await ask<Pick<EmulatorProcess, 'portal' | 'memberId' | 'clientId' | 'clientSecret'>>('where')),
    tokens: (userId) => ask('tokens', userId),
    warmUp: (batches) => ask('warmUp', batches),
    codes: (count) => ask('codes', count),
    exchanges: () => ask('exchanges'),
    cost: () => ask('cost'),
    resetCost: () => ask('resetCost'),
    clearRequests: () => ask('clearRequests'),
    expireAccessTokens: () => ask('expireAccessTokens'),
    grants: () => ask('grants'),
    asked: () => ask('asked'),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  } as EmulatorProcess;
}

/** Runs a reader to its end. @returns what it sends */
export async function runReader<T>(file: string, task: object, nodeOptions: string[] = []): Promise<T> {
  const child = fork(file, [JSON.stringify(task)], { execArgv: ['--import', 'tsx', ...nodeOptions] });
  const ended = once(child, 'exit');
  const message = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
  if (message === undefined) throw new Error(`${file} ended without a word`);
  await ended;
  return message[0] as T;
}

/** CPU time that a process has used since it began, in milliseconds; Linux counts in hundredths of a second. */
export function cpuMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * 10;
}

export function residentMegabytes(pid: number | 'self' = 'self'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
