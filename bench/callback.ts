import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { Redis } from 'ioredis';
import { startRedisServer } from '../test/support/redis-server.ts';
import { median, withSpread } from './figures.ts';
import { manyPeople } from './people.ts';
import { cpuMs, type EmulatorProcess, type Running, startProcess } from './process.ts';
import { startServerUnderTest } from './server-under-test.ts';

/**
 * The redirection endpoint beside a bare Express handler that makes the same calls, and how long a code waits before it is
 * exchanged. Everybody who comes back has begun a sign-in before.
 */
const ROUNDS = 21;
/** Each has answered so many before it is measured: nobody stops a server after its first thousand, and V8 compiles until then. */
const WARM_UP_ROUNDS = 4;
const PEOPLE = 400;
const AT_ONCE = 20;
/** Codes live for 30 seconds, of which this takes 8. */
const PER_SECOND = 50;

/** Somebody at the redirection endpoint: a browser with its cookie, and the address that the portal sent it to. */
interface Callback {
  address: string;
  cookie: string;
}

/** @returns lines of Markdown */
export async function benchCallback(): Promise<string[]> {
  const redis = await startRedisServer();
  const users = manyPeople(PEOPLE);
  const { server, emulator, stop } = await startServerUnderTest({
    emulator: { portals: [{ host: '127.0.0.1', users, companies: { count: 50 } }] },
    // Everybody comes from an address of their own: one alone may begin 300 sign-ins in a minute.
    env: { REDIS_URL: redis.url, TRUST_PROXY: '127.0.0.1' },
  });
  const env = {
    NODE_ENV: 'production',
    REDIS_URL: redis.url,
    PORTAL: emulator.portal,
    AUTHORIZATION_SERVER: emulator.authorizationServer,
    CLIENT_ID: emulator.clientId,
    CLIENT_SECRET: emulator.clientSecret,
  };
  const bare = await startProcess('bench/bare/callback.js', env);
  const safe = await startProcess('bench/bare/callback.js', { ...env, SAFE: '1' });

  const store = new Redis(redis.url);
  const contenders = { ours: server, safe, bare };
  const names = ['ours', 'safe', 'bare'] as const;
  const figures = { ours: noFigures(), safe: noFigures(), bare: noFigures() };
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    // What others do on this machine comes and goes: nobody is always the first.
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      // Everybody comes for the first time, in every round.
      await store.flushall();
      const contender = contenders[name];
      const { rate, cpuMs } = await measure(contender, await comeBack(contender.origin, emulator));
      if (round < WARM_UP_ROUNDS) continue;
      figures[name].rates.push(rate);
      figures[name].costs.push(cpuMs);
    }
  }
  store.disconnect();
  const waits = await waitsOf(await comeBack(server.origin, emulator), emulator);
  await Promise.all([stop(), bare.stop(), safe.stop()]);
  await redis.stop();
  const sorted = waits.sort((one, other) => one - other);
  return [
    `${PEOPLE} people come back for the first time, ${AT_ONCE} at a time, ${ROUNDS} rounds in turn after ${WARM_UP_ROUNDS} that are not counted; median (least–most); ratios are medians of those within a round:`,
    '',
    '| | callbacks a second | ours to this | CPU of the server for one, ms |',
    '|---|---|---|---|',
    tell('ours', figures.ours, figures.ours),
    tell('bare Express handler, the same calls and the same commands to Redis', figures.safe, figures.ours),
    tell('bare Express handler, the same calls and the fewest commands to Redis', figures.bare, figures.ours),
    '',
    'When the answer ends, the bare ones write their session once more, as express-session does by itself.',
    '',
    `${PER_SECOND} callbacks a second, from the browser's request to the arrival of the exchange at the authorization server:`,
    `median ${median(waits)} ms, p99 ${sorted[Math.ceil(waits.length * 0.99) - 1]} ms, most ${sorted.at(-1)} ms (of ${waits.length}).`,
  ];
}

interface Figures {
  rates: number[];
  costs: number[];
}

function noFigures(): Figures {
  return { rates: [], costs: [] };
}

function tell(name: string, { rates, costs }: Figures, ours: Figures): string {
  const ratio = median(rates.map((rate, round) => (ours.rates[round] ?? 0) / rate)).toFixed(2);
  return `| ${name} | ${withSpread(rates)} | ${ratio} | ${withSpread(costs, 2)} |`;
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE, timeout: 2_000 });

/** Plain, so that the one who asks is not what is measured. @returns the headers of a redirect */
function ask(address: string, headers: Record<string, string> = {}): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    get(address, { agent, headers: { accept: 'text/html', ...headers } }, (answer) => {
      const { statusCode = 0 } = answer;
      answer.resume().once('end', () => {
        if (statusCode >= 300 && statusCode < 400) resolve(answer.headers);
        else reject(new Error(`${new URL(address).pathname} answered ${statusCode}`));
      });
    }).once('error', reject);
  });
}

/** Begins a sign-in for everybody, and takes from the portal what it would send them back with. */
async function comeBack(origin: string, emulator: EmulatorProcess): Promise<Callback[]> {
  const callbacks: Callback[] = [];
  const states: { state: string; cookie: string }[] = [];
  for (let person = 0; person < PEOPLE; person += 1) {
    const headers = await ask(`${origin}/login?returnTo=/healthz`, {
      'x-forwarded-for': `10.0.${person >> 8}.${person & 255}`,
    });
    const cookie = headers['set-cookie']?.map((line) => line.split(';')[0]).join('; ') ?? '';
    states.push({ state: new URL(String(headers.location)).searchParams.get('state') ?? '', cookie });
  }
  const codes = await emulator.codes(PEOPLE);
  for (const [index, { state, cookie }] of states.entries()) {
    const query = new URLSearchParams({
      code: codes[index] ?? '',
      state,
      domain: new URL(emulator.portal).hostname,
      member_id: emulator.memberId,
      scope: 'crm,user',
      server_domain: new URL(emulator.authorizationServer).host,
    });
    callbacks.push({ address: `${origin}/bitrix?${query}`, cookie });
  }
  return callbacks;
}

async function send({ address, cookie }: Callback): Promise<void> {
  await ask(address, { cookie });
}

async function measure({ pid }: Running, callbacks: Callback[]): Promise<{ rate: number; cpuMs: number }> {
  const before = cpuMs(pid);
  const rate = await rateOf(callbacks);
  return { rate, cpuMs: (cpuMs(pid) - before) / callbacks.length };
}

/** @returns callbacks a second */
async function rateOf(callbacks: Callback[]): Promise<number> {
  const waiting = [...callbacks];
  const from = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await send(next);
    }),
  );
  return callbacks.length / ((performance.now() - from) / 1000);
}

/** @returns milliseconds until each code was exchanged */
async function waitsOf(callbacks: Callback[], emulator: EmulatorProcess): Promise<number[]> {
  await emulator.clearRequests();
  const sentAt = new Map<number, number>();
  await Promise.all(
    callbacks.map(async (callback, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * 1000) / PER_SECOND));
      sentAt.set(index + 1, Date.now());
      await send(callback);
    }),
  );
  return (await emulator.exchanges()).map(({ userId, at }) => at - (sentAt.get(userId) ?? 0));
}
