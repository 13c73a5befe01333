import { ConfigError, readConfig } from './config.ts';
import { createLogger } from './log.ts';
import { startServer } from './running-server.ts';

try {
  await main();
} catch (error) {
  // Before there is a logger, and for people: a list of settings, or one sentence.
  process.stderr.write(`${error instanceof ConfigError ? error.message : startFailure(error)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  loadEnvFile();
  const config = readConfig(process.env);
  const isPretty = !config.isProduction && process.stdout.isTTY === true;
  const logger = createLogger({ level: config.logLevel, isPretty });
  for (const note of config.notes) logger.info(note);
  const server = await startServer(config, logger);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void server.stop().then(() => process.exit(0)));
  }
}

/** Development keeps its settings in .env; what the environment says wins. */
function loadEnvFile(): void {
  if (process.env.NODE_ENV === 'production') return;
  try {
    process.loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function startFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return 'The port is taken by another program. Stop it, or set PORT and PUBLIC_URL.';
  return `The server could not start: ${message}`;
}
