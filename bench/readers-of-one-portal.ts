import { startRedisServer } from '../test/support/redis-server.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';
import { manyUsers } from './users.ts';

/**
 * Four replicas with one Redis; 200 users of one portal read different pages for a minute. After a 503 a user waits
 * as long as Retry-After says. The emulated portal refuses requests above its limit.
 */
const REPLICAS = 4;
const READERS = 200;
const SECONDS = 60;
const LIMIT = { burst: 50, perSecond: 2 };
/** Average time that a user reads a page. */
const READING_MS = 3_000;
const PARALLEL_SIGN_INS = 20;

interface PageAnswer {
  status: number;
  ms: number;
  isOld: boolean;
}

/** @returns  lines of Markdown */
export async function benchReaders(): Promise<string[]> {
  const redis = await startRedisServer();
  const users = manyUsers(READERS);
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
  for (let first = 0; first < READERS; first += PARALLEL_SIGN_INS) {
    const some = users.slice(first, first + PARALLEL_SIGN_INS);
    cookies.push(...(await Promise.all(some.map(({ login }) => signIn(server, login)))));
  }
  // Wait until the request limit of the portal is full again.
  await pause((LIMIT.burst / LIMIT.perSecond) * 1000);
  await emulator.clearRequests();
  await emulator.resetCost();

  const until = Date.now() + SECONDS * 1000;
  const answers = (
    await Promise.all(cookies.map((cookie, index) => readPages(cookie, index, origins, until)))
  ).flat();
  const requests = await emulator.restRequestCount();
  const { refusals } = await emulator.cost();
  await stop();
  await redis.stop();

  const byStatus = (status: number) => answers.filter((one) => one.status === status);
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  const others = answers.filter(({ status }) => status !== 200 && status !== 503).length;
  return [
    `${REPLICAS} replicas, one Redis, ${READERS} users of one portal read different pages for ${SECONDS} s; the portal allows ${LIMIT.burst} + ${LIMIT.perSecond}/s:`,
    '',
    '| | |',
    '|---|---|',
    `| requests to the portal, of at most ${LIMIT.burst + LIMIT.perSecond * SECONDS} | ${requests} |`,
    `| \`QUERY_LIMIT_EXCEEDED\` received | ${refusals.QUERY_LIMIT_EXCEEDED ?? 0} |`,
    `| pages with new or recently cached data | ${byStatus(200).filter(({ isOld }) => !isOld).length} |`,
    `| pages with older cached data and its age | ${byStatus(200).filter(({ isOld }) => isOld).length} |`,
    `| 503 pages with a countdown | ${byStatus(503).length} |`,
    `| other answers | ${others} |`,
    `| slowest answer, ms | ${slowest.toFixed(0)} |`,
  ];
}

/** Requests one page after another, some repeatedly, from alternating replicas. */
async function readPages(
  cookie: string,
  reader: number,
  origins: string[],
  until: number,
): Promise<PageAnswer[]> {
  const answers: PageAnswer[] = [];
  await pause(Math.random() * READING_MS);
  for (let look = 0; Date.now() < until; look += 1) {
    const origin = origins[(reader + look) % origins.length] ?? '';
    const from = performance.now();
    const answer = await fetch(`${origin}/companies?page=${1 + ((reader + look) % 40)}`, {
      headers: { cookie, accept: 'text/html' },
    });
    const text = await answer.text();
    answers.push({ status: answer.status, ms: performance.now() - from, isOld: text.includes('class="age') });
    const waitMs = Number(answer.headers.get('retry-after') ?? 0) * 1000;
    await pause(Math.min(Math.max(waitMs, READING_MS * (0.5 + Math.random())), until - Date.now()));
  }
  return answers;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
