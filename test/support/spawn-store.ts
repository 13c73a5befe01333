import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'store-process.ts');

/** Lets another process work on the embedded store in `dataDir`, and returns what it told. */
export async function inAnotherProcess(dataDir: string, ...command: string[]): Promise<string> {
  const child = start(dataDir, command);
  const told = collect(child);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the other process ended with ${code}: ${told()}`);
  return told().trim();
}

/**
 * Lets another process write `prefix:1`, `prefix:2` … one after the other, and kills it with -9 as soon as it has told of
 * `acknowledged` writes.
 *
 * @returns the number of the last write it told of
 */
export async function killWhileWriting(
  dataDir: string,
  prefix: string,
  acknowledged: number,
): Promise<number> {
  const child = start(dataDir, ['keep-writing', prefix]);
  const told = collect(child, (text) => {
    if (text.split('\n').length > acknowledged) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return told().trim().split('\n').length;
}

function start(dataDir: string, command: string[]): ChildProcess {
  const argv = ['--import', 'tsx', SCRIPT, dataDir, ...command];
  return spawn(process.execPath, argv, {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess, onText: (text: string) => void = () => {}): () => string {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
    onText(text);
  });
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}
