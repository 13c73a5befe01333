import { connect } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Effect, type Emulator, SECRET_MARK, startEmulator } from '../../emulator/index.ts';
import { startFront } from '../chaos/harness/front.ts';
import { type BrowserAgent, createAgent } from '../support/browser-agent.ts';
import { aPortal } from '../support/builders.ts';
import { freePort } from '../support/redis-server.ts';
import { type ServerProcess, spawnServer, untilReady } from '../support/server-process.ts';
import { newDataDir } from '../support/start-app.ts';

const MIB = 1024 * 1024;
/** A little less than the server gives a client for the head of a request, and for all of it. */
const ALMOST_HEAD_MS = 9_000;
const ALMOST_REQUEST_MS = 29_000;

/** The ends of what lasts long, in their order. Four send slowly for half a minute, in which everything else is tried. */
type Ends = (
  | 'silent'
  | 'halfHead'
  | 'trickle'
  | 'halfBody'
  | 'almost ten seconds'
  | 'almost half a minute'
)[];

let emulator: Emulator;
let server: ServerProcess;
let settings: Record<string, string>;
let origin: string;
let slowClients: Promise<Ends>;
beforeAll(async () => {
  const port = String(await freePort());
  origin = `http://127.0.0.1:${port}`;
  const client = { clientId: `local.${port}.00000000`, clientSecret: `client${SECRET_MARK}secret` };
  emulator = await startEmulator({ portals: [aPortal()] });
  emulator.registerClient({ ...client, redirectUri: `${origin}/bitrix`, scope: ['crm', 'user'] });
  settings = {
    PORT: port,
    PUBLIC_URL: origin,
    DATA_DIR: newDataDir(),
    CACHE_SECONDS: '0',
    BITRIX24_CLIENT_ID: client.clientId,
    BITRIX24_CLIENT_SECRET: client.clientSecret,
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
  server = spawnServer(settings);
  await untilReady(origin, server);
  slowClients = beSlow();
});
afterAll(async () => {
  await server.kill('SIGKILL');
  await emulator.stop();
});

/** Everything that the emulator can do to an answer. */
const EFFECTS: [string, Effect][] = [
  ['a reset before', { type: 'drop', when: 'before' }],
  ['a reset after', { type: 'drop', when: 'after' }],
  ['half an answer', { type: 'half' }],
  ['HTML with 200', { type: 'html', status: 200 }],
  ['HTML with 502', { type: 'html', status: 502 }],
  ['broken JSON', { type: 'brokenJson' }],
  ['20 MiB', { type: 'huge', bytes: 20 * MIB }],
  ['a gzip bomb', { type: 'huge', bytes: 200 * MIB, gzip: true }],
  ['a redirect', { type: 'redirect', status: 307, to: 'http://127.0.0.77:9/' }],
  ['a redirect to nowhere', { type: 'redirect', status: 302, to: 'http://' }],
  ['an error of no kind', { type: 'error', status: 418, error: '{"odd":[]}' }],
  ['null', { type: 'answer', status: 200, body: 'null' }],
  ['a list', { type: 'answer', status: 200, body: [[[]]] }],
  [
    'a number for everything',
    { type: 'answer', status: 200, body: { result: 7, access_token: 7, expires_in: 'x' } },
  ],
  ['a deep answer', { type: 'answer', status: 200, body: `${'['.repeat(50_000)}${']'.repeat(50_000)}` }],
  [
    'fields of the language',
    { type: 'answer', status: 200, body: '{"__proto__":{"error":"x"},"constructor":1}' },
  ],
  ['nothing for two seconds', { type: 'delay', ms: 2_000, when: 'before' }],
];

describe('replicas that are restarted one after the other under load', () => {
  it('fail no request, sign nobody out, and end with 0', async () => {
    const ports = [await freePort(), await freePort()];
    const processes: ServerProcess[] = [];
    const start = async (port: number) => {
      const replica = spawnServer({ ...settings, PORT: String(port) });
      processes.push(replica);
      await untilReady(`http://127.0.0.1:${port}`, replica);
      return replica;
    };
    const [one, other] = await Promise.all(ports.map(start));
    const front = await startFront(() => ports);
    const agent = createAgent();
    await signIn(agent);
    const cookie = [...(agent.cookies.get('127.0.0.1') ?? [])].map((pair) => pair.join('=')).join('; ');
    // Some are always under way.
    emulator.orderFault({ on: 'rest', times: 9_999, effect: { type: 'delay', ms: 150, when: 'after' } });
    const answers: number[] = [];
    let isOver = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) answers.push(await askPatiently(`${front.origin}/companies`, cookie));
    });

    const codes: (number | null | undefined)[] = [];
    for (const [index, replica] of [one, other].entries()) {
      const before = answers.length;
      while (answers.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
      codes.push(await replica?.kill('SIGTERM'));
      await start(ports[index] ?? 0);
    }
    isOver = true;
    await Promise.all(load);
    emulator.clearFaults();
    await front.stop();
    await Promise.all(processes.map((each) => each.kill('SIGKILL')));

    expect(codes).toEqual([0, 0]);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    const cutOff = processes
      .flatMap((each) => each.output().split('\n'))
      .filter((line) => /left before/.test(line));
    expect(cutOff).toEqual([]);
    expect(emulator.requests.filter(({ error }) => error === 'invalid_grant')).toEqual([]);
  }, 120_000);

  /**
   * A connection for each request, as proxies have them. What nobody has accepted any more is asked for once more, as
   * proxies do with GET; that nothing was cut off which somebody had accepted, the replicas themselves tell.
   */
  async function askPatiently(address: string, cookie: string): Promise<number> {
    const headers = { cookie, connection: 'close', accept: 'text/html' };
    const ask = () =>
      fetch(address, { headers }).then(async (answer) => (await answer.text()) && answer.status);
    return ask()
      .catch(ask)
      .then(Number, () => 0);
  }
});

describe('the process', () => {
  it('when portal and authorization server answer with whatever they can › goes on', async () => {
    const agent = createAgent();
    await signIn(agent);
    const answered: [string, number, number][] = [];
    for (const [what, effect] of EFFECTS) {
      emulator.orderFault({ on: 'rest', times: 9, effect });
      const page = await agent.request(`${origin}/companies`);
      emulator.clearFaults();
      emulator.orderFault({ on: 'token', times: 9, effect });
      const visitor = createAgent();
      const signedIn = await signIn(visitor);
      emulator.clearFaults();
      answered.push([what, page.status, signedIn]);

      // Nobody has failed five times in a row, so that everybody is asked again at once.
      expect([what, (await agent.request(`${origin}/companies`)).status]).toEqual([what, 200]);
      expect([what, await signIn(createAgent())]).toEqual([what, 200]);
    }

    expect(answered.filter(([, page, signedIn]) => page === 500 || signedIn === 500)).toEqual([]);
    expectAlive();
  }, 120_000);

  it('when those who ask leave before they are answered › goes on', async () => {
    const agent = createAgent();
    await signIn(agent);
    const cookie = [...(agent.cookies.get('127.0.0.1') ?? [])].map((pair) => pair.join('=')).join('; ');
    const held = emulator.orderFault({ on: 'rest', times: 99, effect: { type: 'hold', when: 'after' } });
    const leaving = new AbortController();
    const paths = [
      '/companies',
      '/companies/1',
      '/overview',
      '/account',
      '/exports/events',
      '/companies?q=a',
    ];
    const gone = paths.map((path) =>
      fetch(origin + path, { headers: { cookie, accept: 'text/html' }, signal: leaving.signal }).catch(
        () => 'left',
      ),
    );
    await held.reached();

    leaving.abort();
    await Promise.all(gone);
    held.release();
    emulator.clearFaults();

    expect((await agent.request(`${origin}/companies`)).status).toBe(200);
    expectAlive();
  });

  it('when somebody sends slowly › ends the connection after 10 s for the head, and 30 s for all of it', async () => {
    // A connection on which nothing has come yet is as one that is kept alive, and ends at any time before.
    const ends = (await slowClients).filter((each) => each !== 'silent');

    expect([ends[0], ends.slice(1, 3).sort(), ...ends.slice(3)]).toEqual([
      'almost ten seconds',
      ['halfHead', 'trickle'],
      'almost half a minute',
      'halfBody',
    ]);
    expect((await slowClients).slice(0, -2)).toContain('silent');
    expectAlive();
  });
});

function expectAlive(): void {
  expect([server.process.exitCode, server.process.signalCode]).toEqual([null, null]);
  expect(server.output()).not.toMatch(/unhandled|uncaught|node:internal.*throw/i);
}

/** @returns the status at the end of the way in */
async function signIn(agent: BrowserAgent): Promise<number> {
  const form = await agent.visit(`${origin}/login`);
  return (await agent.post(form.url.href, { login: 'admin', password: 'demo' })).status;
}

/** Ends when the connections of all have ended. */
async function beSlow(): Promise<Ends> {
  const { host } = new URL(origin);
  const head = `POST /language HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  const ends: Ends = [];
  const note = (what: Ends[number]) => () => ends.push(what);
  await Promise.all([
    after(ALMOST_HEAD_MS).then(note('almost ten seconds')),
    after(ALMOST_REQUEST_MS).then(note('almost half a minute')),
    untilClosed('').then(note('silent')),
    untilClosed(head).then(note('halfHead')),
    untilClosed(head, 'X-Slow: 1\r\n').then(note('trickle')),
    untilClosed(`${head}Content-Length: 1000\r\n\r\n`, 'x').then(note('halfBody')),
  ]);
  return ends;
}

/** @param eachSecond  what is sent again and again */
function untilClosed(first: string, eachSecond = ''): Promise<void> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname, () => socket.write(first));
    const timer = setInterval(() => socket.write(eachSecond), 1_000);
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve();
    });
  });
}
