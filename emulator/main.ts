import {
  type ClientOptions,
  type CostSummary,
  DEMO_CLIENT,
  demoPortals,
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from './index.ts';
import { isPortTaken } from './wire/listen.ts';

/** `npm run emulator`: runs the demo portals until the user presses Ctrl-C. */

const PORTAL_PORT = 8051;
const AUTHORIZATION_SERVER_PORT = 8052;

const print = (line: string) => console.log(line);

const client = readClient(process.env);
const { EMULATOR_HOST, EMULATOR_NAME } = process.env;
const options: EmulatorOptions = {
  portalPort: PORTAL_PORT,
  authorizationServerPort: AUTHORIZATION_SERVER_PORT,
  clients: [client],
  print,
  ...(EMULATOR_HOST && { listenOn: EMULATOR_HOST.split(',') }),
  ...(EMULATOR_NAME && useHostName(EMULATOR_NAME)),
};

const emulator = await startEmulator(options).catch((error: unknown) => {
  if (!isPortTaken(error)) throw error;
  console.error(
    `Port ${PORTAL_PORT} or ${AUTHORIZATION_SERVER_PORT} is taken: another emulator may be running; stop it first.`,
  );
  process.exit(1);
});

printIntroduction(emulator, client);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await emulator.stop();
    print(describeCost(emulator.cost()));
    process.exit(0);
  });
}

/**
 * For containers, where `localhost` means a different machine for browser and application: only the first demo
 * portal, under this host name.
 */
function useHostName(host: string): EmulatorOptions {
  return {
    portals: demoPortals()
      .slice(0, 1)
      .map((portal) => ({ ...portal, host })),
    serverDomain: `${host}:${AUTHORIZATION_SERVER_PORT}`,
  };
}

function describeCost({ pages, cpuMs, cpuMsPerPage }: CostSummary): string {
  const each = cpuMsPerPage === null ? '' : `, ${cpuMsPerPage.toFixed(2)} ms each`;
  return `Served ${pages} pages of companies in ${(cpuMs / 1000).toFixed(1)} s of CPU time${each}.`;
}

/** The demo client, with values from the environment in the same variables that the application reads. */
function readClient(env: NodeJS.ProcessEnv): ClientOptions {
  const publicUrl = env.PUBLIC_URL || (env.PORT && `http://localhost:${env.PORT}`);
  return {
    ...DEMO_CLIENT,
    ...(env.BITRIX24_CLIENT_ID && { clientId: env.BITRIX24_CLIENT_ID }),
    ...(env.BITRIX24_CLIENT_SECRET && { clientSecret: env.BITRIX24_CLIENT_SECRET }),
    ...(publicUrl && { redirectUri: `${publicUrl.replace(/\/$/, '')}/bitrix` }),
  };
}

function printIntroduction(
  { portals, authorizationServer }: Emulator,
  { clientId, redirectUri }: ClientOptions,
): void {
  print('Bitrix24 emulator. Portals:');
  for (const { origin, users } of portals) {
    print(`  ${origin}/`);
    for (const { login, password, name, lastName, position } of users.filter(({ offered }) => offered)) {
      print(`    ${login} / ${password}  ${name} ${lastName}${position && `, ${position}`}`);
    }
  }
  print(`Authorization server: ${authorizationServer}`);
  print(`Requests received, and fault orders: ${authorizationServer}/_emulator/`);
  print(`Authorization responses go to ${redirectUri}. For the application's .env:`);
  print(`  BITRIX24_CLIENT_ID=${clientId}`);
  // A secret from the environment is not printed: the operator already knows it.
  const ownSecret = process.env.BITRIX24_CLIENT_SECRET !== undefined;
  print(`  BITRIX24_CLIENT_SECRET=${ownSecret ? '(as in the environment)' : DEMO_CLIENT.clientSecret}`);
  print(`  BITRIX24_PORTALS=${portals.map(({ origin }) => origin).join(',')}`);
  print(`  BITRIX24_AUTHORIZATION_SERVERS=${authorizationServer}`);
  print('');
}
