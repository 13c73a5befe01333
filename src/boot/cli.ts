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
  const text = error instanceof ConfigError ? error.message : sentence(error as NodeJS.ErrnoException);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
