import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, SECRET_MARK, startEmulator } from '../../emulator/index.ts';
import { range } from '../exports/support.ts';
import { type BrowserAgent, createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';

const CLIENT_SECRET = `client${SECRET_MARK}secret`;
const MANY = 10_000;

let emulator: Emulator;
let running: ServerProcess | undefined;
beforeAll(async () => {
  emulator = await startEmulator({ portals: [aPortal({ companies: { count: MANY, seed: 5 } })] });
});
afterAll(() => emulator.stop());
afterEach(async () => {
  emulator.clearFaults();
  await running?.kill('SIGKILL');
});

describe('the server that makes exports', () => {
  it('asked to stop in the middle, while a browser watches, ends before the portal answers; the next goes on', async () => {
    const { origin, env } = await settings();
    const agent = createAgent();
    await start(env, origin);
    await signIn(agent, origin);
    // It is counted, there is a first page, and nothing more.
    emulator.orderFault({ on: 'rest', effect: { type: 'delay', ms: 0, when: 'before' }, times: 2 });
    const held = emulator.orderFault({ on: 'rest', effect: { type: 'hold', when: 'before' }, times: 100 });
    await agent.post(`${origin}/exports`, { view: 'sort=id&order=asc', format: 'csv' });
    const watching = watch(agent, origin);
    await untilListed(agent, origin, ({ rows }) => rows > 0);
    await held.reached();

    const code = await running?.kill('SIGTERM');

    // `.ci/docker` measures the two seconds that are promised; the portal still holds its answer back.
    expect(code).toBe(0);
    expect(await watching).toBe('ended');
    emulator.clearFaults();
    await start(env, origin);
    const { id } = await untilListed(agent, origin, ({ state }) => state === 'done');
    const file = await agent.request(`${origin}/exports/${id}/file`);
    const ids = file.text.match(/^\d+(?=,)/gm)?.map(Number);
    expect(ids).toEqual(range(1, MANY));
    expect(running?.output()).not.toContain(SECRET_MARK);
  });
});

interface Listed {
  id: string;
  state: string;
  rows: number;
}

async function untilListed(
  agent: BrowserAgent,
  origin: string,
  isRight: (one: Listed) => boolean,
): Promise<Listed> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline; ) {
    const answer = await agent.request(`${origin}/exports`, { headers: { accept: 'application/json' } });
    const [one] = (JSON.parse(answer.text) as { exports: Listed[] }).exports;
    if (one && isRight(one)) return one;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the export does not get there:\n${running?.output()}`);
}

/** An open window on the page. */
async function watch(agent: BrowserAgent, origin: string): Promise<string> {
  const cookie = [...(agent.cookies.get('127.0.0.1') ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  const answer = await fetch(`${origin}/exports/events`, {
    headers: { cookie, accept: 'text/event-stream' },
  });
  await answer.text();
  return 'ended';
}

async function start(env: Record<string, string>, origin: string): Promise<void> {
  running = spawnServer(env);
  await untilReady(origin, running);
}

async function signIn(agent: BrowserAgent, origin: string): Promise<void> {
  const form = await agent.visit(`${origin}/login`);
  await agent.post(form.url.href, { login: 'admin', password: 'demo' });
}

async function settings() {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const clientId = `local.${port.toString(16).padStart(14, '0')}.00000000`;
  emulator.registerClient({
    clientId,
    clientSecret: CLIENT_SECRET,
    redirectUri: `${origin}/bitrix`,
    scope: ['crm', 'user'],
  });
  const env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    BITRIX24_CLIENT_ID: clientId,
    BITRIX24_CLIENT_SECRET: CLIENT_SECRET,
    BITRIX24_PORTALS: emulator.portals.map((portal) => portal.origin).join(','),
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
  return { origin, env };
}
