import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { Redis } from 'ioredis';
import { startRedisServer } from '../test/support/redis-server.ts';
import { median, withSpread } from './figures.ts';
import { cpuMs, type EmulatorProcess, type RunningProcess, startProcess } from './process.ts';
import { startServerUnderTest } from './server-under-test.ts';
import { manyUsers } from './users.ts';

/**
 * Compares the redirection endpoint with a bare Express handler that makes the same calls, and measures the time from
 * the callback to the exchange of its code. Every simulated user has started a sign-in before.
 */
const ROUNDS = 21;
/**
 * Rounds before measuring: V8 compiles during the first thousand callbacks, and a server in production runs much
 * longer.
 */
const WARM_UP_ROUNDS = 4;
const USERS = 400;
const AT_ONCE = 20;
/** Codes live for 30 seconds; all callbacks at this rate take 8. */
const PER_SECOND = 50;

/** One callback: the address that the portal redirected to, and the cookie of the browser. */
interface Callback {
  address: string;
  cookie: string;
}

/** @returns  lines of Markdown */
export async function benchCallback(): Promise<string[]> {
  const redis = await startRedisServer();
  const users = manyUsers(USERS);
  const { server, emulator, stop } = await startServerUnderTest({
    emulator: { portals: [{ host: '127.0.0.1', users, companies: { count: 50 } }] },
    // Each user has a separate source address, because one address may start only 300 sign-ins a minute.
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
  const handlers = { ours: server, safe, bare };
  const names = ['ours', 'safe', 'bare'] as const;
  const figures = { ours: emptyFigures(), safe: emptyFigures(), bare: emptyFigures() };
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    // Other load on this machine varies, so the order of the handlers changes each round.
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      // An empty store makes every user a new one in each round.
      await store.flushall();
      const handler = handlers[name];
      const { rate, cpuMs } = await measure(handler, await prepareCallbacks(handler.origin, emulator));
      if (round < WARM_UP_ROUNDS) continue;
      figures[name].rates.push(rate);
      figures[name].costs.push(cpuMs);
    }
  }
  store.disconnect();
  const delays = await measureExchangeDelays(await prepareCallbacks(server.origin, emulator), emulator);
  await Promise.all([stop(), bare.stop(), safe.stop()]);
  await redis.stop();
  const sorted = delays.sort((one, other) => one - other);
  return [
    `${USERS} users come back for the first time, ${AT_ONCE} at a time, ${ROUNDS} rounds in turn after ${WARM_UP_ROUNDS} warm-up rounds; median (least–most); ratios are medians of the ratios within a round:`,
    '',
    '| | callbacks a second | ours / this | CPU of the server per callback, ms |',
    '|---|---|---|---|',
    toRow('ours', figures.ours, figures.ours),
    toRow('bare Express handler, the same calls and the same commands to Redis', figures.safe, figures.ours),
    toRow(
      'bare Express handler, the same calls and the fewest commands to Redis',
      figures.bare,
      figures.ours,
    ),
    '',
    'The bare handlers write their session once more at the end of the answer: express-session does this by itself.',
    '',
    `${PER_SECOND} callbacks a second, from the browser's request to the arrival of the exchange at the authorization server:`,
    `median ${median(delays)} ms, p99 ${sorted[Math.ceil(delays.length * 0.99) - 1]} ms, most ${sorted.at(-1)} ms (of ${delays.length}).`,
  ];
}

interface Figures {
  rates: number[];
  costs: number[];
}

function emptyFigures(): Figures {
  return { rates: [], costs: [] };
}

function toRow(name: string, { rates, costs }: Figures, ours: Figures): string {
  const ratio = median(rates.map((rate, round) => (ours.rates[round] ?? 0) / rate)).toFixed(2);
  return `| ${name} | ${withSpread(rates)} | ${ratio} | ${withSpread(costs, 2)} |`;
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE, timeout: 2_000 });

/**
 * Sends a GET with node:http, because a heavier client would use CPU time itself.
 *
 * @returns  the headers of a redirect
 * @throws  if the answer is not a redirect
 */
function getRedirect(address: string, headers: Record<string, string> = {}): Promise<IncomingHttpHeaders> {
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

/** Starts a sign-in for each user, and builds the callback address that the portal would redirect to. */
async function prepareCallbacks(origin: string, emulator: EmulatorProcess): Promise<Callback[]> {
  const callbacks: Callback[] = [];
  const states: { state: string; cookie: string }[] = [];
  for (let index = 0; index < USERS; index += 1) {
    const headers = await getRedirect(`${origin}/login?returnTo=/healthz`, {
      'x-forwarded-for': `10.0.${index >> 8}.${index & 255}`,
    });
    const cookie = headers['set-cookie']?.map((line) => line.split(';')[0]).join('; ') ?? '';
    states.push({ state: new URL(String(headers.location)).searchParams.get('state') ?? '', cookie });
  }
  const codes = await emulator.codes(USERS);
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
  await getRedirect(address, { cookie });
}

async function measure(
  { pid }: RunningProcess,
  callbacks: Callback[],
): Promise<{ rate: number; cpuMs: number }> {
  const before = cpuMs(pid);
  const rate = await rateOf(callbacks);
  return { rate, cpuMs: (cpuMs(pid) - before) / callbacks.length };
}

/** @returns  callbacks a second */
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

/** @returns  milliseconds from each callback to the exchange of its code */
async function measureExchangeDelays(callbacks: Callback[], emulator: EmulatorProcess): Promise<number[]> {
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
