import { expect, it } from '@jest/globals';
import { freePort } from '../support/redis-server.ts';
import { spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';

it('a server with HOST=:: › answers under IPv4 and IPv6, its metrics too', async () => {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const server = spawnServer({
    HOST: '::',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: 'local.0123456789abcd.01234567',
    BITRIX24_CLIENT_SECRET: 'a client secret of nobody',
    BITRIX24_PORTALS: 'https://acme.bitrix24.com',
  });
  await untilReady(`http://127.0.0.1:${port}`, server);

  const asked = [
    `127.0.0.1:${port}/healthz`,
    `[::1]:${port}/healthz`,
    `127.0.0.1:${metricsPort}/metrics`,
    `[::1]:${metricsPort}/metrics`,
  ];
  const statuses = await Promise.all(
    asked.map((each) => fetch(`http://${each}`).then(({ status }) => status)),
  );
  await server.kill('SIGKILL');

  expect(statuses).toEqual([200, 200, 200, 200]);
});
