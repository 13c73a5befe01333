import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/redis-server.ts';
import { README_USER } from '../../support/redis-user.ts';
import type { TcpProxy } from '../../support/tcp-proxy.ts';
import { countStatuses } from '../harness/load.ts';
import type { Size } from '../harness/size.ts';
import { pause, until } from '../harness/time.ts';
import { type Answer, callUntilSettled, sessionCookie, type Visitor } from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

const LONGEST_ANSWER_MS = 1000;
const LONGEST_RECOVERY_MS = 2000;
/** What all our own error pages say of it. */
const AWAY = 'We are away for a moment';

/** One way in which Redis can be of no use. */
interface Sickness {
  name: string;
  /** Makes it so, and tells how to end it. */
  begin(world: World): Promise<() => unknown>;
  /** Tokens may be renewed meanwhile, because what they bring can be stored. */
  isWritable?: boolean;
  /** Nobody is sent away: no 503 at all. */
  isHarmless?: boolean;
  /** In place of the second within which everybody is answered; and for those whose token has to be renewed. */
  longestMs?: { answer: number; renewal: number };
}

const NAME = README_USER.split(' ')[2] ?? '';

function setUser(world: World, ...rules: string[]) {
  return world.redis.client().call('ACL', 'SETUSER', NAME, ...rules);
}

function onEveryWire(world: World, work: (wire: TcpProxy) => void): void {
  for (const { redisWire } of world.replicas) if (redisWire) work(redisWire);
}

const SICKNESSES: Sickness[] = [
  {
    name: 'down',
    async begin({ redis }) {
      await redis.kill();
      return () => redis.start();
    },
  },
  {
    name: 'frozen',
    async begin({ redis }) {
      redis.signal('SIGSTOP');
      return () => redis.signal('SIGCONT');
    },
  },
  {
    name: 'unreachable (the wire is silent)',
    async begin(world) {
      onEveryWire(world, (wire) => wire.freeze());
      return () => onEveryWire(world, (wire) => wire.thaw());
    },
  },
  {
    name: 'full',
    async begin({ redis }) {
      await redis.isFull(true);
      return () => redis.isFull(false);
    },
  },
  {
    name: 'a replica (READONLY)',
    async begin({ redis }) {
      await redis.client().replicaof('127.0.0.1', String(await freePort()));
      return () => redis.client().replicaof('NO', 'ONE');
    },
  },
  {
    name: 'without rights (nocommands)',
    async begin(world) {
      await setUser(world, 'nocommands');
      return () => setUser(world, ...README_USER.split(' ').slice(3));
    },
  },
  {
    name: 'without the user (off, its connections closed)',
    async begin(world) {
      await setUser(world, 'off');
      await world.redis.client().call('CLIENT', 'KILL', 'USER', NAME);
      return () => setUser(world, 'on');
    },
  },
  {
    name: 'without scripts (SCRIPT FLUSH every 50 ms)',
    isWritable: true,
    isHarmless: true,
    async begin({ redis }) {
      const flushing = setInterval(() => void redis.client().call('SCRIPT', 'FLUSH'), 50);
      return () => clearInterval(flushing);
    },
  },
  {
    // It works, so people get what they want: a page is some five commands, a renewal some fifteen, and nobody is
    // helped by being told to ask once more. From 500 ms a command on it counts as away.
    name: 'slow (200 ms a command)',
    isWritable: true,
    isHarmless: true,
    longestMs: { answer: 2000, renewal: 5000 },
    async begin(world) {
      onEveryWire(world, (wire) => wire.delayAnswers(200));
      return () => onEveryWire(world, (wire) => wire.delayAnswers(0));
    },
  },
];

/** What people and programs open: with tokens that work, with tokens that have to be renewed, and without a session. */
const OPENED = {
  'list, as a page': { path: '/companies', who: 'fresh', accept: 'text/html' },
  'list, for a program': { path: '/companies', who: 'fresh', accept: 'application/json' },
  'list, token expired': { path: '/companies', who: 'stale', accept: 'text/html' },
  account: { path: '/account', who: 'fresh', accept: 'text/html' },
  'sign-in page': { path: '/', who: 'nobody', accept: 'text/html' },
  'sign-in': { path: '/login', who: 'nobody', accept: 'text/html' },
} as const;

type Opened = keyof typeof OPENED;

interface Seen extends Answer {
  opened: Opened;
  /** An answer of ours: what was wanted, a redirect, or the page that says that we are away. */
  isOurs: boolean;
  wasRepeated: boolean;
}

/** Once more if the connection broke, as a browser does when the one it kept had just been closed for being idle. */
async function open(opened: Opened, visitor: Visitor, origin: string): Promise<Seen> {
  const seen = await openOnce(opened, visitor, origin);
  return seen.status === 0 ? { ...(await openOnce(opened, visitor, origin)), wasRepeated: true } : seen;
}

async function openOnce(opened: Opened, visitor: Visitor, origin: string): Promise<Seen> {
  const { path, who, accept } = OPENED[opened];
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const response = await fetch(origin + path, {
      redirect: 'manual',
      headers: { accept, ...(who === 'nobody' ? {} : { cookie: sessionCookie(visitor) }) },
    });
    const text = await response.text();
    const { status } = response;
    const saysAway = accept === 'text/html' ? text.includes(AWAY) : text.includes('store_unavailable');
    const isOurs = status === 200 || status === 302 || status === 303 || (status === 503 && saysAway);
    return { opened, status, code: undefined, ms: ms(), isOurs, wasRepeated: false };
  } catch {
    return { opened, status: 0, code: undefined, ms: ms(), isOurs: false, wasRepeated: false };
  }
}

interface Patients {
  fresh: Visitor[];
  stale: Visitor[];
}

/** Everything is opened again and again, everywhere. */
async function openAll(world: World, { fresh, stale }: Patients, forMs: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  const endsAt = performance.now() + forMs;
  const loops = (Object.keys(OPENED) as Opened[]).map(async (opened, loop) => {
    for (let turn = loop; performance.now() < endsAt; turn += 1) {
      const group = OPENED[opened].who === 'stale' ? stale : fresh;
      const visitor = group[turn % group.length] as Visitor;
      seen.push(await open(opened, visitor, world.origins[turn % world.origins.length] ?? ''));
      await pause(50);
    }
  });
  await Promise.all(loops);
  return seen;
}

/** Until every replica shows the list, and has begun a sign-in. */
async function msUntilWell(world: World, [visitor]: Visitor[]): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(
    world.origins.map((origin) =>
      until('a replica is well again', async () => {
        const list = await open('list, as a page', visitor as Visitor, origin);
        const signIn = await open('sign-in', visitor as Visitor, origin);
        return list.status === 200 && signIn.status === 302;
      }),
    ),
  );
  return Math.round(performance.now() - startedAt);
}

async function suffer(world: World, sickness: Sickness, size: Size) {
  const count = size === 'full' ? 4 : 2;
  const stale = await world.signIn(count, { accessTokenLifetimeSeconds: 1 });
  const fresh = await world.signIn(count);
  await pause(1000);
  const pids = world.replicas.map((replica) => replica.pid());
  world.emulator.clearRequests();

  const end = await sickness.begin(world);
  const seen = await openAll(world, { fresh, stale }, size === 'full' ? 4000 : 1000);
  const refreshes = world.refreshes().length;
  await end();
  const recoveryMs = await msUntilWell(world, fresh);
  const ends = await Promise.all(stale.map((visitor) => callUntilSettled(visitor, world.origins)));

  const isAlive = world.replicas.every(
    (replica, index) => replica.pid() === pids[index] && replica.isRunning(),
  );
  const slowestOf = (chosen: Seen[]) => Math.max(0, ...chosen.map(({ ms }) => ms));
  const [renewals, answers] = [true, false].map((isRenewal) =>
    slowestOf(seen.filter(({ opened }) => (opened === 'list, token expired') === isRenewal)),
  );
  const { answer: longestMs, renewal: longestRenewalMs } = sickness.longestMs ?? {
    answer: LONGEST_ANSWER_MS,
    renewal: LONGEST_ANSWER_MS,
  };
  const strange = seen.filter(({ isOurs }) => !isOurs);
  const lost = ends.filter(({ last }) => last.status !== 200).length;
  const invalid = world.refreshes().filter(({ error }) => error === 'invalid_grant').length;
  return {
    measured: `${sickness.name}: ${tell({
      'slowest ms': answers ?? 0,
      'with an expired token': renewals ?? 0,
      'recovered after ms': recoveryMs,
      'not ours':
        `${strange.length} ${[...new Set(strange.map((each) => `${each.opened} ${each.status}`))]}`.trim(),
      'opened twice': seen.filter(({ wasRepeated }) => wasRepeated).length,
      'AS calls': refreshes,
      invalid_grant: invalid,
      lost,
      alive: String(isAlive),
    })}\n        ${(Object.keys(OPENED) as Opened[])
      .map((opened) => `${opened}: ${countStatuses(seen.filter((each) => each.opened === opened))}`)
      .join('; ')}`,
    ok:
      (answers ?? 0) <= longestMs &&
      (renewals ?? 0) <= longestRenewalMs &&
      recoveryMs <= LONGEST_RECOVERY_MS &&
      strange.length + invalid + lost === 0 &&
      isAlive &&
      (sickness.isWritable === true || refreshes === 0) &&
      (sickness.isHarmless !== true || seen.every(({ status }) => status !== 503)),
  };
}

/** Nothing shows until memory is short, so the start is when to say it. */
async function startWhereEvicting(world: World): Promise<boolean> {
  await world.redis.client().config('SET', 'maxmemory-policy', 'allkeys-lru');
  await world.replicas[0]?.end('SIGTERM');
  await world.replicas[0]?.start();
  await pause(500);
  await world.redis.client().config('SET', 'maxmemory-policy', 'noeviction');
  const printed = readFileSync(join(world.folder, 'replica-1.log'), 'utf8');
  return printed.includes('maxmemory-policy is allkeys-lru');
}

export const redisSick: Scenario = {
  id: 'redis-sick',
  title: 'every way a Redis can be of no use, for 4 s each, while everything is opened at two replicas',
  expected: `each answer within ${LONGEST_ANSWER_MS} ms and ours, recovery within ${LONGEST_RECOVERY_MS} ms, no AS call when nothing can be saved, lost 0; the user of the README is refused nothing`,
  world: { store: 'redis', replicas: 2, redisWires: true, redisUser: README_USER },
  async run(world, size) {
    const verdicts = [];
    for (const sickness of SICKNESSES) verdicts.push(await suffer(world, sickness, size));
    const isWarned = await startWhereEvicting(world);
    const refused = await commandsRefused(world);
    return {
      measured: [
        ...verdicts.map(({ measured, ok }) => `${ok ? 'ok' : 'NOT OK'} ${measured}`),
        `evicting (allkeys-lru): warning at start ${isWarned}`,
        `commands the user of the README lacked: ${refused.join(' ') || 'none'}`,
      ]
        .map((line) => `\n    ${line}`)
        .join(''),
      ok: verdicts.every(({ ok }) => ok) && isWarned && refused.length === 0,
    };
  },
};

/** Without those of the time when it had no rights. */
async function commandsRefused(world: World): Promise<string[]> {
  await world.redis.client().call('ACL', 'LOG', 'RESET');
  const [person] = await world.signIn(1, { accessTokenLifetimeSeconds: 1 });
  await pause(1000);
  await callUntilSettled(person as Visitor, world.origins);
  await person?.agent.post(`${world.publicUrl}/logout`);
  const log = (await world.redis.client().call('ACL', 'LOG')) as string[][];
  return log.map((entry) => String(entry[entry.indexOf('object') + 1]));
}
