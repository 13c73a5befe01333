import { type ChildProcess, spawn } from 'node:child_process';
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
export async function startProcess(file: string, env: Record<string, string>): Promise<Running> {
  const port = String(await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const before = performance.now();
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH ?? '', PORT: port, PUBLIC_URL: origin, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!(await isUp(`${origin}/healthz`))) {
    if (child.exitCode !== null) throw new Error(`${file} did not start`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return { origin, pid: child.pid ?? 0, startedInMs: performance.now() - before, stop: () => end(child) };
}

export interface EmulatorProcess {
  portal: string;
  authorizationServer: string;
  clientId: string;
  clientSecret: string;
  stop(): Promise<void>;
}

/** The demo portals on free ports, in a process of their own so that their work is not counted as ours. */
export async function startEmulatorProcess(): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/emulator.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk))),
  );
  return { ...(JSON.parse(line) as Omit<EmulatorProcess, 'stop'>), stop: () => end(child) };
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
