import { DEMO_CLIENT, startEmulator } from '../emulator/index.ts';

/** The demo portals for one bench run; prints where they are as one line of JSON. */
const emulator = await startEmulator();
const { clientId, clientSecret } = DEMO_CLIENT;
const { authorizationServer, portals } = emulator;
process.stdout.write(
  `${JSON.stringify({ portal: portals[0]?.origin, authorizationServer, clientId, clientSecret })}\n`,
);
process.once('SIGTERM', () => void emulator.stop().then(() => process.exit(0)));
