import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT } from './output.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A program of ours as a process of its own, as operators run it. */
export interface ServerProcess {
  process: ChildProcess;
  /** All it printed, both streams. */
  output(): string;
  /** The exit code, once it has ended and all it printed was read. */
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the server with these settings and nothing else of our environment. */
export function spawnServer(env: Record<string, string>, limits: ProcessLimits = {}): ServerProcess {
  return spawnProgram('server', env, limits);
}

/** What a process is allowed. */
export interface ProcessLimits {
  /** File descriptors, connections among them. */
  descriptors?: number;
}

/** Starts `src/{name}.ts`, with these settings and nothing else of our environment. */
export function spawnProgram(
  name: string,
  env: Record<string, string>,
  { descriptors }: ProcessLimits = {},
): ServerProcess {
  const command = [process.execPath, '--import', 'tsx', join(ROOT, `src/${name}.ts`)];
  // Node raises its own limit to what it may have at most, so that one is set.
  const limited = ['sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...command];
  const [file = '', ...args] = descriptors === undefined ? command : limited;
  const child = spawn(file, args, {
    // Not the project's folder, so that nobody's own .env is read.
    cwd: OUTPUT,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      appendFileSync(join(OUTPUT, `${name}-${child.pid}.log`), chunk);
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    process: child,
    output: () => text,
    ended,
    async kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Waits until the server says that it can serve. */
export async function untilReady(origin: string, server: ServerProcess): Promise<void> {
  const deadline = Date.now() + 45_000;
  while (Date.now() < deadline && server.process.exitCode === null) {
    const isReady = await fetch(`${origin}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not get ready:\n${server.output()}`);
}

/** Waits until it has printed this: an answer of a process may arrive before the line that it wrote about it. */
export async function untilPrinted(server: ServerProcess, text: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!server.output().includes(text)) {
    if (Date.now() > deadline) throw new Error(`nothing said ${text}:\n${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
