import { existsSync } from 'node:fs';
import type { Output } from '../admin/rekey.ts';
import { ConfigError } from '../config/config-error.ts';

/** Development keeps its settings in .env; what the environment says wins. */
export function loadEnvFile(): void {
  if (process.env.NODE_ENV === 'production') return;
  try {
    process.loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Ends a program that cannot go on, with words for people: a list of settings, or one sentence. */
export function endWith(error: unknown, sentence: (error: NodeJS.ErrnoException) => string): never {
  const text =
    error instanceof ConfigError
      ? `${error.message}${whyNotRead()}`
      : sentence(error as NodeJS.ErrnoException);
  fail(text);
  process.exit(1);
}

/** A terminal shows progress in one line, which ends before anything else is printed; a file gets a line for each. */
export const output: Output = createOutput();

function createOutput(): Output {
  const isTerminal = process.stderr.isTTY === true;
  let isLineOpen = false;
  return {
    print(line) {
      if (isLineOpen) process.stderr.write('\n');
      isLineOpen = false;
      process.stdout.write(`${line}\n`);
    },
    progress(line) {
      process.stderr.write(isTerminal ? `\r${line}` : `${line}\n`);
      isLineOpen = isTerminal;
    },
  };
}

/** Says why a program could not do what it was asked for. */
export function fail(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Half of all first starts on a server: the settings are there, in a file that production does not read. */
function whyNotRead(): string {
  const isOverlooked = process.env.NODE_ENV === 'production' && existsSync('.env');
  return isOverlooked
    ? '\nThere is a .env here, but with NODE_ENV=production it is not read: start with node --env-file=.env, or name it as env_file or EnvironmentFile'
    : '';
}
