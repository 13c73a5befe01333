import { type Emulator, type EmulatorOptions, SECRET_MARK, startEmulator } from '../../emulator/index.ts';
import { startServer } from '../../src/boot/start-server.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/log.ts';
import { type BrowserAgent, createAgent } from './browser-agent.ts';
import { aPortal } from './builders.ts';
import { freePort } from './redis-server.ts';
import { newDataDir } from './start-app.ts';

/** The server as `node dist/server.js` runs it, with METRICS_PORT, in this process. */
export interface MeasuredServer {
  origin: string;
  metricsOrigin: string;
  emulator: Emulator;
  clientSecret: string;
  agent: BrowserAgent;
  signIn(login?: string): Promise<void>;
  /** What a scraper reads now. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export async function startMeasuredServer(
  options: { emulator?: EmulatorOptions; env?: Record<string, string> } = {},
): Promise<MeasuredServer> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const clientId = `local.${port.toString(16).padStart(14, '0')}.00000000`;
  const clientSecret = `client${SECRET_MARK}secret`;
  const emulator = await startEmulator({ portals: [aPortal()], ...options.emulator });
  emulator.registerClient({
    clientId,
    clientSecret,
    redirectUri: `${origin}/bitrix`,
    scope: ['crm', 'user'],
  });
  const config = readConfig({
    PORT: String(port),
    PUBLIC_URL: origin,
    METRICS_PORT: '0',
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: clientId,
    BITRIX24_CLIENT_SECRET: clientSecret,
    BITRIX24_PORTALS: emulator.portals.map((portal) => portal.origin).join(','),
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
    CACHE_SECONDS: '0',
    ...options.env,
  });
  const server = await startServer(config, createLogger({ level: 'silent', isPretty: false }));
  const agent = createAgent();
  const metricsOrigin = `http://127.0.0.1:${server.metricsPort}`;
  return {
    origin,
    metricsOrigin,
    emulator,
    clientSecret,
    agent,
    async signIn(login = 'admin') {
      const form = await agent.visit(`${origin}/login`);
      await agent.post(form.url.href, { login, password: 'demo' });
    },
    metrics: async () => (await fetch(`${metricsOrigin}/metrics`)).text(),
    async stop() {
      await server.stop();
      await emulator.stop();
    },
  };
}
