import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { EmulatorOptions } from '../emulator/index.ts';
import { freePort } from '../test/support/redis-server.ts';

/** A server in a separate process. */
export interface RunningProcess {
  origin: string;
  pid: number;
  /** Milliseconds from spawn to the first answer at /healthz. */
  startedInMs: number;
  stop(): Promise<void>;
}

/** Starts a file with node and waits for its first answer at /healthz. */
export async function startProcess(
  file: string,
  env: Record<string, string>,
  nodeOptions: string[] = [],
): Promise<RunningProcess> {
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

/** CPU time of the emulator per page of companies, in milliseconds. */
export interface EmulatorCost {
  pages: number;
  cpuMs: number;
  cpuMsPerPage: number;
  /** Number of refusals by `error`, including commands inside batches. */
  refusals: Record<string, number>;
}

export interface EmulatorProcess {
  portal: string;
  memberId: string;
  authorizationServer: string;
  clientId: string;
  clientSecret: string;
  /** A token pair of a portal user, as after a sign-in. */
  tokens(userId: number): Promise<{ accessToken: string; refreshToken: string; clientEndpoint: string }>;
  /** Serves pages of the last portal until V8 has compiled the code. */
  warmUp(batches: number): Promise<void>;
  /** One code each for users 1, 2, 3 … */
  codes(count: number): Promise<string[]>;
  /** Portal user and time of each token request, in milliseconds since 1970. */
  exchanges(): Promise<{ userId: number; at: number }[]>;
  cost(): Promise<EmulatorCost>;
  resetCost(): Promise<void>;
  clearRequests(): Promise<void>;
  /** Makes all access tokens expire, so that the application must refresh them. */
  expireAccessTokens(): Promise<void>;
  /** Number of token requests by grant type and result, for example `refresh_token 200`. */
  grants(): Promise<Record<string, number>>;
  /** Number of REST requests that the portals received. */
  restRequestCount(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the emulator in a separate process on free ports; default: the demo portals. */
export async function startEmulatorProcess(
  options: EmulatorOptions & { latencyMs?: number; redirectUri?: string } = {},
): Promise<EmulatorProcess> {
  const child = fork('bench/emulator.ts', [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  const waiting = new Map<number, (answer: unknown) => void>();
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => waiting.get(id)?.(answer));
  let lastId = 0;
  const waitForAnswer = (id: number) => new Promise((resolve) => waiting.set(id, resolve));
  async function call<T>(method: string, argument?: number): Promise<T> {
    lastId += 1;
    const answer = waitForAnswer(lastId);
    child.send({ id: lastId, method, argument });
    return (await answer) as T;
  }

  await waitForAnswer(0);
  return {
    ...(await call<Pick<EmulatorProcess, 'portal' | 'memberId' | 'clientId' | 'clientSecret'>>('addresses')),
    tokens: (userId) => call('tokens', userId),
    warmUp: (batches) => call('warmUp', batches),
    codes: (count) => call('codes', count),
    exchanges: () => call('exchanges'),
    cost: () => call('cost'),
    resetCost: () => call('resetCost'),
    clearRequests: () => call('clearRequests'),
    expireAccessTokens: () => call('expireAccessTokens'),
    grants: () => call('grants'),
    restRequestCount: () => call('restRequestCount'),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  } as EmulatorProcess;
}

/**
 * Runs a program until it exits.
 *
 * @returns  the message that it sends to this process
 */
export async function runReader<T>(file: string, task: object, nodeOptions: string[] = []): Promise<T> {
  const child = fork(file, [JSON.stringify(task)], { execArgv: ['--import', 'tsx', ...nodeOptions] });
  const ended = once(child, 'exit');
  const message = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
  if (message === undefined) throw new Error(`${file} ended without a result`);
  await ended;
  return message[0] as T;
}

/** CPU time of a process since its start, in milliseconds, from Linux /proc with a resolution of 10 ms. */
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
