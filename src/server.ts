/**
 * The program: settings, connections, listen; stop in reverse order.
 *
 * Who listens for signals comes before everything that takes time to load: as the first process of a container we would
 * never hear of a SIGTERM that came earlier, and be killed half a minute later.
 */
const stopRequested = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});

const { ConfigError, readConfig } = await import('./config.ts');
const { createLogger } = await import('./log.ts');
const { startServer } = await import('./running-server.ts');

try {
  const server = await start();
  await stopRequested;
  await server.stop();
  process.exit(0);
} catch (error) {
  // Before there is a logger, and for people: a list of settings, or one sentence.
  process.stderr.write(`${error instanceof ConfigError ? error.message : startFailure(error)}\n`);
  process.exit(1);
}

async function start() {
  loadEnvFile();
  const config = readConfig(process.env);
  const isPretty = !config.isProduction && process.stdout.isTTY === true;
  const logger = createLogger({ level: config.logLevel, isPretty });
  for (const note of config.notes) logger.info(note);
  return startServer(config, logger);
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
