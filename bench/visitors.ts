import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { createAgent } from '../test/support/browser-agent.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { percentile } from './figures.ts';
import type { EmulatorProcess } from './process.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * Measures how hostile clients affect other users: clients that send one byte a second, a client that sends wrong
 * callbacks, and 100,000 sign-ins from 5,000 addresses that are never finished. Meanwhile the bench requests the
 * health page twenty times a second, a signed-in user reads companies, and users sign in.
 */
const SLOW_CLIENTS = 500;
const WRONG_CALLBACKS = 1_000;
const SIGN_INS = 100_000;
const ADDRESSES = 5_000;
const AT_ONCE = 50;
const ANONYMOUS_PREFIXES = ['b24:session:', 'b24:pending:', 'b24:visitors:'];
/** No key of a visitor who is not signed in is kept longer. */
const ANONYMOUS_MAX_MS = 16 * 60_000;

/** @returns  lines of Markdown */
export async function benchVisitors(): Promise<string[]> {
  const redisServer = await startRedisServer();
  const redis = new Redis(redisServer.url);
  const { server, emulator, stop } = await startServerUnderTest({
    env: { REDIS_URL: redisServer.url, TRUST_PROXY: '127.0.0.1' },
  });
  const ordinaryUsers = await watchOrdinaryUsers(server.origin, emulator);
  const rows: string[] = [];
  const measure = async (what: string, attack: () => Promise<string>) => {
    ordinaryUsers.begin();
    const outcome = await attack();
    rows.push(`| ${what} | ${outcome} | ${ordinaryUsers.row()} |`);
  };

  await measure('no attack', async () => {
    await pause(5_000);
    return '';
  });
  await measure(`${SLOW_CLIENTS} clients that send a byte a second`, () => sendSlowly(server.origin));
  await measure(`${WRONG_CALLBACKS} wrong callbacks from one address`, () =>
    sendWrongCallbacks(server.origin),
  );
  const before = await usedMegabytes(redis);
  await measure(`${SIGN_INS} sign-ins from ${ADDRESSES} addresses`, () => beginSignIns(server.origin));
  const after = await usedMegabytes(redis);
  const kept = await expireAnonymousKeys(redis);
  const atLast = await usedMegabytes(redis);

  await ordinaryUsers.stop();
  redis.disconnect();
  await stop();
  await redisServer.stop();
  return [
    '| attack | result | health page, ms: median, p99, most | pages of a signed-in user, ms: median, most | sign-ins meanwhile |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Redis before the sign-ins: ${before.toFixed(1)} MB; after them ${after.toFixed(1)} MB; after all keys of anonymous visitors have expired: ${atLast.toFixed(1)} MB`,
    `(no such key had more than ${Math.ceil(kept / 60_000)} minutes left; the bench deleted them instead of waiting).`,
  ];
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

function statusOf(origin: string, path: string, address = '10.255.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(origin + path, { agent, headers: { 'x-forwarded-for': address } }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    asking.once('error', reject).end();
  });
}

async function sendSlowly(origin: string): Promise<string> {
  const { port } = new URL(origin);
  const sockets: Socket[] = Array.from({ length: SLOW_CLIENTS }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    return socket;
  });
  const from = performance.now();
  const dripping = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('x');
  }, 1_000);
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  clearInterval(dripping);
  return `disconnected after ${((performance.now() - from) / 1000).toFixed(1)} s`;
}

async function sendWrongCallbacks(origin: string): Promise<string> {
  const state = 'A'.repeat(43);
  return countStatuses(
    await runMany(WRONG_CALLBACKS, () => statusOf(origin, `/bitrix?code=none&state=${state}`, '10.255.0.2')),
  );
}

async function beginSignIns(origin: string): Promise<string> {
  const from = performance.now();
  const statuses = await runMany(SIGN_INS, (index) => {
    const address = index % ADDRESSES;
    return statusOf(origin, '/login', `10.1.${address >> 8}.${address & 255}`);
  });
  return `${countStatuses(statuses)} in ${((performance.now() - from) / 1000).toFixed(0)} s`;
}

async function runMany(count: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) {
        const index = next;
        next += 1;
        results.push(await work(index));
      }
    }),
  );
  return results;
}

function countStatuses(statuses: number[]): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
}

/** Load of ordinary users: the health page, a reader, and sign-ins from other addresses. */
async function watchOrdinaryUsers(origin: string, emulator: EmulatorProcess) {
  const cookie = await signIn({ origin } as Parameters<typeof signIn>[0]);
  let isOver = false;
  let health: number[] = [];
  let pages: number[] = [];
  let signIns = { good: 0, bad: 0 };
  const repeat = async (everyMs: number, work: () => Promise<void>) => {
    while (!isOver) {
      await work();
      await pause(everyMs);
    }
  };
  const watching = Promise.all([
    repeat(50, async () => void health.push(await timed(() => fetch(`${origin}/healthz`)))),
    repeat(200, async () => {
      pages.push(
        await timed(() => fetch(`${origin}/companies`, { headers: { cookie, accept: 'text/html' } })),
      );
    }),
    repeat(500, async () => {
      const browser = createAgent();
      const form = await browser.visit(`${origin}/login?returnTo=/companies`);
      // The user needs some time at the sign-in form of the portal.
      await pause(1_500);
      const page = await browser.post(form.url.href, { login: 'admin', password: 'demo' });
      signIns[page.status === 200 && page.url.pathname === '/companies' ? 'good' : 'bad'] += 1;
    }),
  ]);
  return {
    begin() {
      [health, pages, signIns] = [[], [], { good: 0, bad: 0 }];
    },
    row: () =>
      `${withTail(health)} | ${percentile(pages, 50).toFixed(0)}, ${Math.max(...pages).toFixed(0)} | ${signIns.good} of ${signIns.good + signIns.bad}`,
    async stop() {
      isOver = true;
      await watching;
      await emulator.clearRequests();
    },
  };
}

function withTail(times: number[]): string {
  return [50, 99, 100].map((share) => percentile(times, share).toFixed(0)).join(', ');
}

async function timed(ask: () => Promise<Response>): Promise<number> {
  const from = performance.now();
  const answer = await ask();
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  return performance.now() - from;
}

/**
 * Deletes the keys of anonymous visitors, as their expiry would.
 *
 * @returns  the longest remaining lifetime of these keys, in milliseconds
 */
async function expireAnonymousKeys(redis: Redis): Promise<number> {
  let longest = 0;
  for (const prefix of ANONYMOUS_PREFIXES) {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      for (const key of keys as string[]) {
        const left = await redis.pttl(key);
        // Sessions of signed-in users stay.
        if (left > ANONYMOUS_MAX_MS) continue;
        longest = Math.max(longest, left);
        await redis.del(key);
      }
    }
  }
  return longest;
}

async function usedMegabytes(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]) / 1024 / 1024;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
