import { startServer } from '../src/boot/start-server.ts';
import { readConfig } from '../src/config/config.ts';
import { createLogger } from '../src/log.ts';
import { DEMO_CLIENT, startEmulator } from './index.ts';

/**
 * `npm run demo`: two demo portals and the application in one process, without configuration.
 *
 * This is the only file that imports both `emulator/` and `src/`. The application reaches the emulator over HTTP, as
 * it would reach a real portal.
 */
const emulator = await startEmulator({ portalPort: 8051, authorizationServerPort: 8052 }).catch(
  explainFailure,
);
const config = readConfig({
  DATA_DIR: process.env.DATA_DIR,
  LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
  BITRIX24_CLIENT_ID: DEMO_CLIENT.clientId,
  BITRIX24_CLIENT_SECRET: DEMO_CLIENT.clientSecret,
  BITRIX24_PORTALS: emulator.portals.map(({ origin }) => origin).join(','),
  BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
});
const logger = createLogger({ level: config.logLevel, isPretty: process.stdout.isTTY === true });
const server = await startServer(config, logger).catch(explainFailure);

console.log(welcome());
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(
    signal,
    () =>
      void server
        .stop()
        .then(() => emulator.stop())
        .then(() => process.exit(0)),
  );
}

function welcome(): string {
  const portals = emulator.portals.map(({ origin, users }) => {
    const logins = users
      .filter(({ offered }) => offered)
      .map(({ login, password, name, lastName }) => `    ${login} / ${password}   ${name} ${lastName}`);
    return [`  ${origin}`, ...logins].join('\n');
  });
  return [
    '',
    `Open ${server.address} and sign in at a demo portal. Login and password of the portal users:`,
    '',
    ...portals,
    '',
    `Requests that the portals received: ${emulator.authorizationServer}/_emulator/requests`,
    'Ctrl+C stops the demo.',
    '',
  ].join('\n');
}

function explainFailure(error: NodeJS.ErrnoException): never {
  const isTaken = error.code === 'EADDRINUSE';
  console.error(isTaken ? 'The demo needs ports 8050, 8051 and 8052; one of them is taken.' : error.message);
  process.exit(1);
}
