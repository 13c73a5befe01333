import { startRedisServer } from '../test/support/redis-server.ts';
import { manyPeople } from './people.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * Four replicas and one Redis; two hundred people of one portal read different pages for a minute. Whoever is asked to
 * wait waits as the page says. The portal counts strictly, and more than it allows would be refused.
 */
const REPLICAS = 4;
const READERS = 200;
const SECONDS = 60;
const LIMIT = { burst: 50, perSecond: 2 };
/** How long somebody looks at a page. */
const LOOK_MS = 3_000;
const TOGETHER = 20;

interface Seen {
  status: number;
  ms: number;
  isOld: boolean;
}

/** @returns lines of Markdown */
export async function benchReaders(): Promise<string[]> {
  const redis = await startRedisServer();
  const users = manyPeople(READERS);
  const { server, emulator, replica, stop } = await startServerUnderTest({
    emulator: {
      requestLimit: LIMIT,
      portals: [{ host: '127.0.0.1', users, companies: { count: 12_000, seed: 4 } }],
    },
    env: { REDIS_URL: redis.url, BITRIX24_LIMITS: `127.0.0.1=${LIMIT.burst}/${LIMIT.perSecond}` },
  });
  const origins = [server.origin];
  while (origins.length < REPLICAS) origins.push((await replica()).origin);
  const cookies: string[] = [];
  for (let first = 0; first < READERS; first += TOGETHER) {
    const some = users.slice(first, first + TOGETHER);
    cookies.push(...(await Promise.all(some.map(({ login }) => signIn(server, login)))));
  }
  // Until the portal's allowance is full again.
  await pause((LIMIT.burst / LIMIT.perSecond) * 1000);
  await emulator.clearRequests();
  await emulator.resetCost();

  const until = Date.now() + SECONDS * 1000;
  const seen = (
    await Promise.all(cookies.map((cookie, index) => readOn(cookie, index, origins, until)))
  ).flat();
  const asked = await emulator.asked();
  const { refusals } = await emulator.cost();
  await stop();
  await redis.stop();

  const byStatus = (status: number) => seen.filter((one) => one.status === status);
  const slowest = Math.max(...seen.map(({ ms }) => ms));
  const others = seen.filter(({ status }) => status !== 200 && status !== 503).length;
  return [
    `${REPLICAS} replicas, one Redis, ${READERS} readers of one portal with different queries for ${SECONDS} s; the portal allows ${LIMIT.burst} + ${LIMIT.perSecond}/s:`,
    '',
    '| | |',
    '|---|---|',
    `| the portal was asked, of at most ${LIMIT.burst + LIMIT.perSecond * SECONDS} | ${asked} |`,
    `| \`QUERY_LIMIT_EXCEEDED\` received | ${refusals.QUERY_LIMIT_EXCEEDED ?? 0} |`,
    `| pages answered new, or kept and young | ${byStatus(200).filter(({ isOld }) => !isOld).length} |`,
    `| pages answered with an older answer and its age | ${byStatus(200).filter(({ isOld }) => isOld).length} |`,
    `| calm notes with a countdown | ${byStatus(503).length} |`,
    `| anything else | ${others} |`,
    `| slowest answer, ms | ${slowest.toFixed(0)} |`,
  ];
}

/** Reads one page after the other, some of them again, on whatever replica. */
async function readOn(cookie: string, reader: number, origins: string[], until: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  await pause(Math.random() * LOOK_MS);
  for (let look = 0; Date.now() < until; look += 1) {
    const origin = origins[(reader + look) % origins.length] ?? '';
    const from = performance.now();
    const answer = await fetch(`${origin}/companies?page=${1 + ((reader + look) % 40)}`, {
      headers: { cookie, accept: 'text/html' },
    });
    const text = await answer.text();
    seen.push({ status: answer.status, ms: performance.now() - from, isOld: text.includes('class="age') });
    const waitMs = Number(answer.headers.get('retry-after') ?? 0) * 1000;
    await pause(Math.min(Math.max(waitMs, LOOK_MS * (0.5 + Math.random())), until - Date.now()));
  }
  return seen;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
