import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { createAgent } from '../test/support/browser-agent.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { percentile } from './figures.ts';
import type { EmulatorProcess } from './process.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * What others notice of hostile visitors: clients that send a byte at a time, one that guesses callbacks, and a hundred
 * thousand sign-ins that nobody means, from five thousand addresses. Meanwhile the health page is asked twenty times a
 * second, somebody reads companies, and people sign in.
 */
const SLOW_CLIENTS = 500;
const WRONG_CALLBACKS = 1_000;
const SIGN_INS = 100_000;
const ADDRESSES = 5_000;
const AT_ONCE = 50;
const WAITING_PREFIXES = ['b24:session:', 'b24:pending:', 'b24:visitors:'];
/** Longer than anything of a visitor who is not signed in is kept. */
const NOBODY_MS = 16 * 60_000;

/** @returns lines of Markdown */
export async function benchVisitors(): Promise<string[]> {
  const redisServer = await startRedisServer();
  const redis = new Redis(redisServer.url);
  const { server, emulator, stop } = await startServerUnderTest({
    env: { REDIS_URL: redisServer.url, TRUST_PROXY: '127.0.0.1' },
  });
  const others = await watchOthers(server.origin, emulator);
  const rows: string[] = [];
  const measure = async (what: string, attack: () => Promise<string>) => {
    others.begin();
    const became = await attack();
    rows.push(`| ${what} | ${became} | ${others.told()} |`);
  };

  await measure('nobody', async () => {
    await pause(5_000);
    return '';
  });
  await measure(`${SLOW_CLIENTS} clients that send a byte a second`, () => sendSlowly(server.origin));
  await measure(`${WRONG_CALLBACKS} wrong callbacks from one address`, () => guess(server.origin));
  const before = await usedMegabytes(redis);
  await measure(`${SIGN_INS} sign-ins from ${ADDRESSES} addresses`, () => beginSignIns(server.origin));
  const after = await usedMegabytes(redis);
  const kept = await letTimePass(redis);
  const atLast = await usedMegabytes(redis);

  await others.stop();
  redis.disconnect();
  await stop();
  await redisServer.stop();
  return [
    '| Who came | what became of it | health page, ms: median, p99, most | pages of somebody signed in, ms: median, most | sign-ins meanwhile |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Redis before the sign-ins: ${before.toFixed(1)} MB; after them ${after.toFixed(1)} MB; when the minutes were over for which anything of a visitor is kept: ${atLast.toFixed(1)} MB`,
    `(nothing of them had longer to live than ${Math.ceil(kept / 60_000)} minutes; they were then removed at once instead of waited for).`,
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
  return `sent away after ${((performance.now() - from) / 1000).toFixed(1)} s`;
}

async function guess(origin: string): Promise<string> {
  const state = 'A'.repeat(43);
  return tellStatuses(
    await many(WRONG_CALLBACKS, () => statusOf(origin, `/bitrix?code=none&state=${state}`, '10.255.0.2')),
  );
}

async function beginSignIns(origin: string): Promise<string> {
  const from = performance.now();
  const statuses = await many(SIGN_INS, (index) => {
    const address = index % ADDRESSES;
    return statusOf(origin, '/login', `10.1.${address >> 8}.${address & 255}`);
  });
  return `${tellStatuses(statuses)} in ${((performance.now() - from) / 1000).toFixed(0)} s`;
}

async function many(count: number, work: (index: number) => Promise<number>): Promise<number[]> {
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

function tellStatuses(statuses: number[]): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
}

/** Everybody else: the health page, a reader, and people who sign in from addresses of their own. */
async function watchOthers(origin: string, emulator: EmulatorProcess) {
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
      // At the portal's form people think for a while.
      await pause(1_500);
      const page = await browser.post(form.url.href, { login: 'admin', password: 'demo' });
      signIns[page.status === 200 && page.url.pathname === '/companies' ? 'good' : 'bad'] += 1;
    }),
  ]);
  return {
    begin() {
      [health, pages, signIns] = [[], [], { good: 0, bad: 0 }];
    },
    told: () =>
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

/** As if so many minutes had passed for what anonymous visitors left. @returns the longest that any of it had to live */
async function letTimePass(redis: Redis): Promise<number> {
  let longest = 0;
  for (const prefix of WAITING_PREFIXES) {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      for (const key of keys as string[]) {
        const left = await redis.pttl(key);
        // Sessions of those who are signed in stay.
        if (left > NOBODY_MS) continue;
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
