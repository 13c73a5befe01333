import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReplica, type Replica, replicaArgs } from '../test/chaos/harness/replica.ts';
import { atOnce, pause, percentile, range } from '../test/chaos/harness/time.ts';
import { createAgent } from '../test/support/browser-agent.ts';
import { freePort, startRedisServer } from '../test/support/redis-server.ts';
import { findNginx, startNginx } from './nginx.ts';
import { type EmulatorProcess, startEmulatorProcess } from './process.ts';
import { manyUsers } from './users.ts';

/**
 * A rollout as seen by browsers: four replicas behind nginx are stopped with SIGTERM one after another, started
 * again, and awaited at /readyz, under a load of lists, cards and sign-ins. Portal answers are slow and cached for a
 * few seconds only, and access tokens live for a few seconds, so at every moment some request waits for the portal or
 * for a refresh.
 */
const REPLICAS = 4;
const ROUNDS = 5;
const PER_SECOND = 50;
/** Pause after a replica is ready, before the next one is stopped; a careful rollout waits like this. */
const PAUSE_MS = 1_500;
const USERS = 60;
const SIGNED_IN = 40;
const TOKEN_SECONDS = 5;
const CACHE_SECONDS = 5;
const LATENCY_MS = 150;
const COMPANIES = 2_000;

/** Of 100 requests. A sign-in makes three: /login, /bitrix and the first page. */
const MIX = { cards: 24, signInSteps: 18 };

interface Answer {
  what: string;
  status: number;
  ms: number;
}

interface SimulatedUser {
  login: string;
  agent: ReturnType<typeof createAgent>;
}

/** @returns  lines of Markdown */
export async function benchRollingRestart(): Promise<string[]> {
  const binary = findNginx();
  if (binary === undefined) return ['Not measured: nginx is not installed; run `npm run bench:setup`.'];
  const redis = await startRedisServer();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const emulator = await startEmulatorProcess({
    redirectUri: `${publicUrl}/bitrix`,
    accessTokenLifetimeSeconds: TOKEN_SECONDS,
    latencyMs: LATENCY_MS,
    familyKill: true,
    portals: [{ host: '127.0.0.1', users: manyUsers(USERS), companies: { count: COMPANIES, seed: 4 } }],
  });
  const replicas = await startReplicas(publicUrl, redis.url, emulator);
  const nginx = await startNginx(
    binary,
    port,
    replicas.map((replica) => replica.port),
  );
  try {
    const users = manyUsers(USERS).map(({ login }) => ({ login, agent: createAgent() }));
    await atOnce(8, users.slice(0, SIGNED_IN), (user) => signIn(publicUrl, user));

    const answers: Answer[] = [];
    let isOver = false;
    const load = generateLoad(publicUrl, users, answers, () => isOver);
    await pause(3_000);
    const stops = await restartAll(replicas);
    await pause(3_000);
    isOver = true;
    await load;
    const grants = await emulator.grants();

    const lost = await countLost(publicUrl, users, emulator);
    return toReport(answers, stops, grants, lost);
  } finally {
    await nginx.stop();
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    await emulator.stop();
    await redis.stop();
  }
}

async function startReplicas(
  publicUrl: string,
  redisUrl: string,
  emulator: EmulatorProcess,
): Promise<Replica[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rolling-'));
  const shared = {
    CACHE_SECONDS: String(CACHE_SECONDS),
    PUBLIC_URL: publicUrl,
    DATA_DIR: folder,
    REDIS_URL: redisUrl,
    TRUST_PROXY: '127.0.0.1',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
    BITRIX24_CLIENT_ID: emulator.clientId,
    BITRIX24_CLIENT_SECRET: emulator.clientSecret,
    BITRIX24_PORTALS: emulator.portal,
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
  const replicas: Replica[] = [];
  for (const index of range(REPLICAS)) {
    const port = await freePort();
    const logFile = join(folder, `replica-${index + 1}.log`);
    const options = { port, redisWire: undefined, serverWire: undefined };
    replicas.push(
      createReplica(
        { args: replicaArgs('dist', undefined), logFile },
        { ...options, env: { ...shared, PORT: String(port) } },
      ),
    );
  }
  await Promise.all(replicas.map((replica) => replica.start()));
  return replicas;
}

/** Restarts all replicas one after another, ROUNDS times. */
async function restartAll(replicas: Replica[]): Promise<{ exitCode: number | null; ms: number }[]> {
  const stops: { exitCode: number | null; ms: number }[] = [];
  for (const replica of range(ROUNDS).flatMap(() => replicas)) {
    const startedAt = performance.now();
    const exitCode = await replica.end('SIGTERM');
    stops.push({ exitCode, ms: performance.now() - startedAt });
    await replica.start();
    await pause(PAUSE_MS);
  }
  return stops;
}

/** Starts requests at a constant rate, also when answers are slow. */
async function generateLoad(
  publicUrl: string,
  users: SimulatedUser[],
  answers: Answer[],
  isOver: () => boolean,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const begin = (work: Promise<void>) => {
    const done = work.finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const startedAt = performance.now();
  let turn = 0;
  for (let requests = 0; !isOver(); turn += 1) {
    // Only the first SIGNED_IN users request pages; the other users sign in again and again.
    const user = users[turn % SIGNED_IN] as SimulatedUser;
    const place = requests % 100;
    if (place < MIX.signInSteps) {
      begin(
        signInNewBrowser(
          publicUrl,
          users[SIGNED_IN + (turn % (USERS - SIGNED_IN))] as SimulatedUser,
          answers,
        ),
      );
      requests += 3;
    } else if (place < MIX.signInSteps + MIX.cards) {
      begin(requestPage('card', user, `${publicUrl}/companies/${1 + (turn % 200)}`, answers));
      requests += 1;
    } else {
      begin(requestPage('list', user, `${publicUrl}/companies?page=${1 + (turn % 5)}`, answers));
      requests += 1;
    }
    const dueAt = startedAt + (requests * 1000) / PER_SECOND;
    await pause(Math.max(0, dueAt - performance.now()));
  }
  await Promise.all(underWay);
}

async function requestPage(
  what: string,
  { agent }: SimulatedUser,
  address: string,
  answers: Answer[],
): Promise<void> {
  await timed(answers, what, 200, () => agent.request(address));
}

/** Signs a user in with a browser without cookies. */
async function signInNewBrowser(publicUrl: string, user: SimulatedUser, answers: Answer[]): Promise<void> {
  await signIn(publicUrl, { login: user.login, agent: createAgent() }, answers);
}

/** Measures each step of the application separately; steps at the portal are not measured. */
async function signIn(
  publicUrl: string,
  { login, agent }: SimulatedUser,
  answers: Answer[] = [],
): Promise<void> {
  const leaving = await timed(answers, 'sign-in: redirect to the portal', 302, () =>
    agent.request(`${publicUrl}/login?returnTo=/companies`),
  );
  if (leaving === undefined) return;
  let portal = await agent.request(leaving.location ?? '');
  const form = { login, password: 'demo' };
  portal = await agent.request(portal.url.href, { form, headers: { origin: portal.url.origin } });
  while (portal.location && !portal.location.startsWith(publicUrl)) {
    portal = await agent.request(new URL(portal.location, portal.url).href);
  }
  const callback = portal.location ?? '';
  const entered = await timed(answers, 'sign-in: callback', 303, () => agent.request(callback));
  if (entered === undefined) return;
  await timed(answers, 'sign-in: first page', 200, () =>
    agent.request(new URL(entered.location ?? '', publicUrl).href),
  );
}

type AgentAnswer = Awaited<ReturnType<SimulatedUser['agent']['request']>>;

/** @returns  undefined if the answer has another status */
async function timed(
  answers: Answer[],
  what: string,
  expected: number,
  send: () => Promise<AgentAnswer>,
): Promise<AgentAnswer | undefined> {
  const startedAt = performance.now();
  const answer = await send().catch(() => undefined);
  const isExpected = answer?.status === expected;
  answers.push({ what, status: isExpected ? 0 : (answer?.status ?? -1), ms: performance.now() - startedAt });
  return isExpected ? answer : undefined;
}

/** Number of users whose access tokens cannot be refreshed after all of them have expired. */
async function countLost(
  publicUrl: string,
  users: SimulatedUser[],
  emulator: EmulatorProcess,
): Promise<number> {
  await emulator.expireAccessTokens();
  const statuses = await atOnce(5, users.slice(0, SIGNED_IN), async ({ agent }, index) => {
    // A query that was never sent before, so no cached answer exists.
    const address = `${publicUrl}/companies?q=nothing-like-${index}`;
    return (await agent.request(address, { headers: { accept: 'application/json' } })).status;
  });
  return statuses.filter((status) => status !== 200).length;
}

function toReport(
  answers: Answer[],
  stops: { exitCode: number | null; ms: number }[],
  grants: Record<string, number>,
  lost: number,
): string[] {
  const failed = answers.filter(({ status }) => status !== 0);
  const times = answers.map(({ ms }) => ms);
  const signIns = answers.filter(({ what }) => what === 'sign-in: callback').length;
  const kinds = new Map<string, number>();
  for (const { what, status } of failed) {
    const kind = `${what}: ${status < 0 ? 'no answer' : status}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const failures = [...kinds].map(([kind, count]) => `${kind} ×${count}`).join(', ');
  const refusedGrants = Object.entries(grants).filter(([name]) => !name.endsWith(' 200'));
  return [
    `${REPLICAS} replicas behind nginx, one Redis; ${ROUNDS} rounds in which each replica in turn gets SIGTERM and is started again; ${PER_SECOND} requests a second, ${LATENCY_MS} ms an answer of the portal, access tokens of ${TOKEN_SECONDS} s:`,
    '',
    '| | |',
    '|---|---|',
    `| restarts | ${stops.length} |`,
    `| exit codes other than 0 | ${stops.filter(({ exitCode }) => exitCode !== 0).length} |`,
    `| longest stop, ms | ${Math.round(Math.max(...stops.map(({ ms }) => ms)))} |`,
    `| requests | ${answers.length} |`,
    `| failed requests | ${failed.length}${failures && ` (${failures})`} |`,
    `| sign-ins | ${signIns} |`,
    `| refreshes | ${grants['refresh_token 200'] ?? 0} |`,
    `| codes and refresh tokens that were refused | ${refusedGrants.reduce((sum, [, count]) => sum + count, 0)} |`,
    `| token families lost, of ${SIGNED_IN} | ${lost} |`,
    `| p50, ms | ${percentile(times, 0.5)} |`,
    `| p99, ms | ${percentile(times, 0.99)} |`,
    `| slowest, ms | ${Math.round(Math.max(...times))} |`,
  ];
}
