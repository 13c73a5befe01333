/**
 * The program: settings, connections, listen; stop in reverse order.
 *
 * The signal listeners come before everything that takes time to load: the first process of a container does not get a
 * signal that it has no listener for, so an earlier SIGTERM would be lost and the process killed half a minute later.
 */
const stopRequested = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});

const { readConfig } = await import('./config/config.ts');
const { createLogger } = await import('./log.ts');
const { endWith, loadEnvFile } = await import('./boot/cli.ts');
const { startServer } = await import('./boot/start-server.ts');

try {
  const server = await start();
  await stopRequested;
  await server.stop();
  process.exit(0);
} catch (error) {
  endWith(error, ({ code, message }) =>
    // The message is a whole sentence that names the setting.
    code === 'EADDRINUSE' ? message : `The server could not start: ${message}`,
  );
}

async function start() {
  loadEnvFile();
  const config = readConfig(process.env);
  const isPretty = !config.isProduction && process.stdout.isTTY === true;
  const logger = createLogger({ level: config.logLevel, isPretty });
  for (const note of config.notes) logger.info(note);
  return startServer(config, logger);
}
