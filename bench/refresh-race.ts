import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Emulator, startEmulator } from '../emulator/index.ts';
import { createAgent } from '../test/support/browser-agent.ts';
import { aPortal } from '../test/support/builders.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { startProcess } from './process.ts';

/**
 * Three workers share one access token that has just expired. All call at the same time, then each calls once more.
 * Every round starts with a valid refresh token. The result is the number of calls to the authorization server and of
 * failed calls.
 */
const WORKERS = 3;
const ROUNDS = 5;
const CLIENT = {
  clientId: 'local.0123456789abcd.01234567',
  clientSecret: randomBytes(16).toString('hex'),
  scope: ['crm', 'user'],
};

interface Race {
  serverCalls: number;
  failedCalls: number;
  calls: number;
}

/** @returns  lines of Markdown */
export async function benchRefreshRace(): Promise<string[]> {
  const rows: string[] = [];
  for (const familyKill of [false, true]) {
    const emulator = await startEmulator({ portals: [aPortal()], familyKill });
    const rotation = familyKill ? 'reuse revokes the token family' : 'reuse is refused';
    rows.push(describe(`ours (three processes, one Redis); ${rotation}`, await raceOurs(emulator)));
    rows.push(describe(`@bitrix24/b24jssdk 2.2.0 (three processes); ${rotation}`, await racePeer(emulator)));
    await emulator.stop();
  }
  return [
    `Three workers, one expired token, ${ROUNDS} rounds of ${WORKERS} calls at once and ${WORKERS} afterwards. Refresh tokens work once:`,
    '',
    '| | calls to the authorization server | failed calls |',
    '|---|---|---|',
    ...rows,
  ];
}

async function raceOurs(emulator: Emulator): Promise<Race> {
  const redis = await startRedisServer();
  const settings = {
    REDIS_URL: redis.url,
    LOG_LEVEL: 'error',
    // Without cache, so that every call uses its token.
    CACHE_SECONDS: '0',
    SESSION_SECRETS: randomBytes(32).toString('hex'),
    TOKEN_KEYS: randomBytes(32).toString('base64'),
    BITRIX24_CLIENT_ID: CLIENT.clientId,
    BITRIX24_CLIENT_SECRET: CLIENT.clientSecret,
    BITRIX24_PORTALS: emulator.portals[0]?.origin ?? '',
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
  const first = await startProcess('dist/server.js', settings);
  const PUBLIC_URL = first.origin;
  const others = [
    await startProcess('dist/server.js', { ...settings, PUBLIC_URL }),
    await startProcess('dist/server.js', { ...settings, PUBLIC_URL }),
  ];
  emulator.registerClient({ ...CLIENT, redirectUri: `${first.origin}/bitrix` });
  const agent = createAgent();
  const form = await agent.visit(`${first.origin}/login`);
  await agent.post(form.url.href, { login: 'admin', password: 'demo' });
  const cookie = [...(agent.cookies.get('127.0.0.1') ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');

  const race = await runRounds(
    emulator,
    async () => emulator.portals[0]?.expireAccessTokens(),
    () =>
      [first, ...others].map(({ origin }) =>
        fetch(`${origin}/companies`, { headers: { cookie, accept: 'application/json' } }).then(
          ({ ok }) => ok,
        ),
      ),
  );
  await Promise.all([first, ...others].map((server) => server.stop()));
  await redis.stop();
  return race;
}

async function racePeer(emulator: Emulator): Promise<Race> {
  let workers: ChildProcess[] = [];
  const race = await runRounds(
    emulator,
    async () => {
      for (const worker of workers) worker.kill('SIGTERM');
      workers = await startWorkers(emulator);
      emulator.portals[0]?.expireAccessTokens();
    },
    () => workers.map(callThrough),
  );
  for (const worker of workers) worker.kill('SIGTERM');
  return race;
}

async function startWorkers(emulator: Emulator): Promise<ChildProcess[]> {
  const portal = emulator.portals[0];
  if (portal === undefined) throw new Error('there is no portal');
  const tokens = portal.issueTokens({ clientId: CLIENT.clientId, userId: 1 });
  const auth = {
    ...tokens,
    applicationToken: '',
    expires: Math.floor(tokens.expiresAt.getTime() / 1000),
    expiresIn: 3600,
    scope: 'app',
    domain: portal.host,
    status: 'L',
    serverEndpoint: `${emulator.authorizationServer}/rest/`,
    clientEndpoint: tokens.clientEndpoint.replace(/\/$/, ''),
  };
  const workers = Array.from({ length: WORKERS }, () =>
    fork('bench/peers/b24jssdk-worker.ts', [JSON.stringify({ auth, ...CLIENT })], {
      execArgv: ['--import', 'tsx'],
      stdio: 'ignore',
    }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

function callThrough(worker: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const listen = (message: { isSuccess?: boolean }) => {
      if (message.isSuccess === undefined) return;
      worker.off('message', listen);
      resolve(message.isSuccess);
    };
    worker.on('message', listen);
    worker.send('call');
  });
}

async function runRounds(
  emulator: Emulator,
  prepare: () => Promise<unknown>,
  callAll: () => Promise<boolean>[],
): Promise<Race> {
  const race: Race = { serverCalls: 0, failedCalls: 0, calls: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    await prepare();
    emulator.clearRequests();
    for (const _turn of ['at once', 'afterwards']) {
      const outcomes = await Promise.all(callAll());
      race.calls += outcomes.length;
      race.failedCalls += outcomes.filter((isSuccess) => !isSuccess).length;
    }
    race.serverCalls += emulator.requests.filter(({ grantType }) => grantType === 'refresh_token').length;
  }
  return race;
}

function describe(name: string, { serverCalls, failedCalls, calls }: Race): string {
  return `| ${name} | ${serverCalls} | ${failedCalls} of ${calls} |`;
}
