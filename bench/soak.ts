import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../test/chaos/harness/time.ts';
import { startWorld, type World } from '../test/chaos/harness/world.ts';
import { OUTPUT } from '../test/support/output.ts';
import { median } from './figures.ts';
import { residentMegabytes } from './process.ts';
import { publish } from './results.ts';
import { type Incident, injectIncidents, KILLED_REPLICA } from './soak/incidents.ts';
import { type LostTokenFamily, watchRefreshes } from './soak/lost-token-families.ts';
import type { Observation } from './soak/observation.ts';
import { type MemoryUse, type SoakResult, soakReport, unexplainedErrors } from './soak/report.ts';
import { simulateUsers } from './soak/simulate-users.ts';

/**
 * `npm run soak [-- minutes]` (or SOAK_MINUTES; default 30): two replicas of the built server on one Redis; simulated
 * users view pages, sign in and export; access tokens live for 20 seconds; one incident every minute. The report of a
 * full run is written to docs/benchmarks.md. Exit code 1 if a token family was lost that could have been kept, or if
 * a user got an error that no incident explains.
 */
const WHOLE_MINUTES = 30;
const minutes = Number(process.argv[2] ?? process.env.SOAK_MINUTES ?? WHOLE_MINUTES);
if (!(minutes >= 1)) throw new Error('the number of minutes must be at least 1: npm run soak -- 30');

const VISITORS = 40;
const COMPANIES = 2_000;
const TOKEN_SECONDS = 20;
const WARM_UP_MS = 30_000;
const SAMPLE_EVERY_MS = 10_000;
const INCIDENT_EVERY_MS = 60_000;
/** No incident starts in the last part of the run, so that its effects end before the load stops. */
const LAST_INCIDENT_BEFORE_END_MS = 20_000;

const folder = join(OUTPUT, 'soak');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const world = await startWorld({
  size: 'full',
  folder,
  store: 'redis',
  replicas: 2,
  companies: { count: COMPANIES, seed: 9 },
});
// An interrupted run must not leave server processes behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void world.stop().finally(() => process.exit(130)));
}
let isGood = false;
try {
  const soak = await run(world);
  // A shorter run only prints its report; the report of a full run in docs/benchmarks.md stays.
  if (minutes < WHOLE_MINUTES) console.log(soakReport(soak).join('\n'));
  else publish('soak', 'npm run soak', soakReport(soak));
  const { lost, stuck } = soak.lostInTheEnd;
  isGood =
    unexplainedErrors(soak).length === 0 &&
    soak.lost.every(({ isAvoidable }) => !isAvoidable) &&
    lost + stuck === 0;
} finally {
  await world.stop();
}
process.exit(isGood ? 0 : 1);

async function run(world: World): Promise<SoakResult> {
  const visitors = await world.signIn(VISITORS);
  const refreshes = watchRefreshes(world);
  const observations: Observation[] = [];
  const incidents: Incident[] = [];
  const lost: LostTokenFamily[] = [];
  const start = measureMemory(world);
  const samples: number[][] = [];
  const sampling = setInterval(() => samples.push(measureMemory(world)), SAMPLE_EVERY_MS);
  world.emulator.set({ accessTokenLifetimeSeconds: TOKEN_SECONDS });
  world.portal.expireAccessTokens();

  const endsAt = Date.now() + minutes * 60_000;
  const coming = simulateUsers({
    world,
    visitors,
    companies: COMPANIES,
    spreadMs: TOKEN_SECONDS * 1000,
    isOver: () => Date.now() >= endsAt,
    record(observation) {
      observations.push(observation);
      if (observation.reauthorizations > 0) lost.push(refreshes.judge(observation.userId, incidents));
    },
  });
  await pause(WARM_UP_MS);
  await injectIncidents(world, incidents, {
    everyMs: INCIDENT_EVERY_MS,
    isOver: () => Date.now() >= endsAt - LAST_INCIDENT_BEFORE_END_MS,
  });
  await coming;
  clearInterval(sampling);
  refreshes.stop();

  const kills = incidents.filter(({ killedAt }) => killedAt !== undefined).length;
  const memory = world.replicas.map(
    (_, index): MemoryUse => ({
      start: start[index] ?? 0,
      warm: medianOf(sixth(samples, 1), index),
      end: medianOf(sixth(samples, 5), index),
      kills: index === KILLED_REPLICA ? kills : 0,
    }),
  );
  const lostInTheEnd = await world.countLost(visitors);
  return { minutes, observations, incidents, refreshes, lost, lostInTheEnd, memory };
}

function measureMemory({ replicas }: World): number[] {
  return replicas.map((replica) => residentMegabytes(replica.pid()));
}

/** @param which  index of the sixth, from 0 */
function sixth<T>(all: T[], which: number): T[] {
  return all.slice(Math.floor((all.length * which) / 6), Math.ceil((all.length * (which + 1)) / 6));
}

function medianOf(samples: number[][], replica: number): number {
  // A killed replica has no memory sample.
  return median(samples.flatMap((each) => each[replica] || []));
}
