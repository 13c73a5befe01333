import type { Size } from '../harness/size.ts';
import { pause, range } from '../harness/time.ts';
import { type Answer, callAs, isNotNow, type Visitor } from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

/** What sentinels need to notice, agree and promote, and we to follow. */
const LONGEST_OUTAGE_SECONDS = 8;
/** Watched for so long after the master was taken away, and again after it was given back. */
const WATCH_MS = 14_000;
const LIFETIME_SECONDS = 3;

/** What one visit came to. */
interface Seen extends Answer {
  origin: string;
  /** By `performance.now()`. */
  startedAt: number;
}

function amount(size: Size) {
  return size === 'full' ? { runs: 5, people: 40 } : { runs: 1, people: 8 };
}

/** Two loops at every replica, at a pace that leaves Redis the processor. */
function visitAlways(world: World, visitors: Visitor[]) {
  const seen: Seen[] = [];
  let isOver = false;
  const loops = [...world.origins, ...world.origins].map(async (origin, loop) => {
    for (let turn = loop; !isOver; turn += 7) {
      const startedAt = performance.now();
      const answer = await callAs(visitors[turn % visitors.length] as Visitor, origin);
      seen.push({ ...answer, origin, startedAt });
      await pause(40);
    }
  });
  return {
    seen,
    async end() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

interface Outage {
  /** Until the last of the replicas answered something that was asked after the loss. */
  seconds: number;
  errorsMeanwhile: number;
  /** At replicas that had answered again; the codes of them. */
  errorsAfter: string[];
  slowestMs: number;
}

function outageOf(world: World, seen: Seen[], lostAt: number): Outage {
  const after = seen.filter(({ startedAt }) => startedAt > lostAt);
  const backAt = new Map(
    world.origins.map((origin) => [
      origin,
      firstAnswerAfterErrors(after.filter((each) => each.origin === origin)),
    ]),
  );
  const errors = after.filter(isNotNow);
  const late = errors.filter(({ origin, startedAt }) => startedAt > (backAt.get(origin) ?? 0));
  return {
    seconds: round((Math.max(...backAt.values()) - lostAt) / 1000),
    errorsMeanwhile: errors.length - late.length,
    errorsAfter: late.map(
      ({ status, code, startedAt }) => `${status} ${code} at ${round((startedAt - lostAt) / 1000)} s`,
    ),
    slowestMs: Math.round(Math.max(...after.map(({ ms }) => ms))),
  };
}

/** Who was asked right after the loss may still have had the answer in the kernel, so it counts from the first error. */
function firstAnswerAfterErrors(seen: Seen[]): number {
  const firstError = seen.find(isNotNow)?.startedAt;
  if (firstError === undefined) return 0;
  const answered = seen.find(({ status, startedAt }) => status === 200 && startedAt > firstError);
  return answered === undefined ? Number.POSITIVE_INFINITY : answered.startedAt + answered.ms;
}

function failover(id: string, title: string, takeAway: 'SIGKILL' | 'SIGSTOP'): Scenario {
  return {
    id,
    title,
    expected: `five times: unavailable at most ${LONGEST_OUTAGE_SECONDS} s, no error after that, lost 0`,
    world: { store: 'redis', redisKind: 'sentinels' },
    async run(world, size) {
      const { runs, people } = amount(size);
      const visitors = await world.signIn(people);
      const told: string[] = [];
      let ok = true;
      for (const run of range(runs)) {
        const one = await runOnce(world, visitors, takeAway);
        told.push(`\n    run ${run + 1}: ${tell(one.figures)}`);
        ok &&= one.ok;
      }
      return { measured: told.join(''), ok };
    },
  };
}

async function runOnce(world: World, visitors: Visitor[], takeAway: 'SIGKILL' | 'SIGSTOP') {
  const { sentinels } = world;
  world.emulator.clearRequests();
  world.emulator.set({ accessTokenLifetimeSeconds: LIFETIME_SECONDS });
  world.portal.expireAccessTokens();
  const visits = visitAlways(world, visitors);
  await pause(3000);
  const before = visits.seen.filter(isNotNow).length;

  const master = await sentinels.master();
  const lostAt = performance.now();
  master.signal(takeAway);
  await pause(WATCH_MS);
  const outage = outageOf(world, visits.seen, lostAt);

  // It comes back as the master it was, until the sentinels tell it otherwise.
  const backAt = performance.now();
  if (takeAway === 'SIGKILL') await sentinels.revive(master);
  else master.signal('SIGCONT');
  await pause(WATCH_MS / 2);
  await visits.end();
  const errorsAtReturn = visits.seen.filter((each) => each.startedAt > backAt && isNotNow(each));

  const refreshes = world.refreshes();
  const invalidGrants = refreshes.filter(({ error }) => error === 'invalid_grant').length;
  const signedOut = visits.seen.filter(({ status }) => status === 401).length;
  const { lost, stuck } = await world.countLost(visitors);
  await sentinels.untilSettled();
  const clients = /connected_clients:(\d+)/.exec(
    String(await sentinels.sentinels[0]?.client.info('clients')),
  )?.[1];
  return {
    figures: {
      'unavailable s': outage.seconds,
      'errors meanwhile': outage.errorsMeanwhile,
      'errors after that': `${outage.errorsAfter.length} ${outage.errorsAfter.slice(0, 5).join('; ')}`.trim(),
      'errors when it came back':
        `${errorsAtReturn.length} ${errorsAtReturn.slice(0, 5).map(({ code }) => code)}`.trim(),
      'errors before': before,
      'slowest answer ms': outage.slowestMs,
      visits: visits.seen.length,
      refreshes: refreshes.length,
      invalid_grant: invalidGrants,
      'told to sign in': signedOut,
      lost,
      stuck,
      // Would grow from run to run if connections were forgotten.
      'connections of a sentinel': clients ?? '',
    },
    ok:
      outage.seconds <= LONGEST_OUTAGE_SECONDS &&
      outage.errorsAfter.length + errorsAtReturn.length === 0 &&
      signedOut + lost + stuck === 0,
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

export const sentinelKilled = failover(
  'sentinel-killed',
  'the master of three sentinels gets kill -9 under load, and comes back',
  'SIGKILL',
);

export const sentinelFrozen = failover(
  'sentinel-frozen',
  'the master of three sentinels is frozen under load, and thawed',
  'SIGSTOP',
);
