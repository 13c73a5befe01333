import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../test/chaos/harness/time.ts';
import { startWorld, type World } from '../test/chaos/harness/world.ts';
import { OUTPUT } from '../test/support/output.ts';
import { median } from './figures.ts';
import { residentMegabytes } from './process.ts';
import { publish } from './results.ts';
import { type LostChain, watchRefreshes } from './soak/lost-chains.ts';
import { letPeopleCome } from './soak/people.ts';
import { type Soak, tellSoak, unexplainedOf, type Weight } from './soak/report.ts';
import type { Sighting } from './soak/sighting.ts';
import { MORTAL, makeTrouble, type Trouble } from './soak/trouble.ts';

/**
 * `npm run soak [-- minutes]` (or SOAK_MINUTES; default 30): two replicas of the built server on one Redis, people who
 * look at pages, sign in and export, access tokens that live for 20 seconds, and every minute something that goes
 * wrong. A whole run takes its place in docs/benchmarks.md. Ends with 1 when a chain was lost that need not be, or
 * somebody saw an error that nothing explains.
 */
const WHOLE_MINUTES = 30;
const minutes = Number(process.argv[2] ?? process.env.SOAK_MINUTES ?? WHOLE_MINUTES);
if (!(minutes >= 1)) throw new Error('say for how many minutes: npm run soak -- 30');

const VISITORS = 40;
const COMPANIES = 2_000;
const TOKEN_SECONDS = 20;
const WARM_UP_MS = 30_000;
const WEIGH_EVERY_MS = 10_000;
const TROUBLE_EVERY_MS = 60_000;
/** The last trouble is over, and felt no more, when people stop coming. */
const CALM_AT_THE_END_MS = 20_000;

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
// A run that is interrupted must not leave servers behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void world.stop().finally(() => process.exit(130)));
}
let isGood = false;
try {
  const soak = await run(world);
  // A shorter run says how it went, and leaves the report of a whole one where it is.
  if (minutes < WHOLE_MINUTES) console.log(tellSoak(soak).join('\n'));
  else publish('soak', 'npm run soak', tellSoak(soak));
  const { lost, stuck } = soak.lostInTheEnd;
  isGood =
    unexplainedOf(soak).length === 0 &&
    soak.lost.every(({ isAvoidable }) => !isAvoidable) &&
    lost + stuck === 0;
} finally {
  await world.stop();
}
process.exit(isGood ? 0 : 1);

async function run(world: World): Promise<Soak> {
  const visitors = await world.signIn(VISITORS);
  const refreshes = watchRefreshes(world);
  const sightings: Sighting[] = [];
  const troubles: Trouble[] = [];
  const lost: LostChain[] = [];
  const start = weigh(world);
  const weighed: number[][] = [];
  const weighing = setInterval(() => weighed.push(weigh(world)), WEIGH_EVERY_MS);
  world.emulator.set({ accessTokenLifetimeSeconds: TOKEN_SECONDS });
  world.portal.expireAccessTokens();

  const endsAt = Date.now() + minutes * 60_000;
  const coming = letPeopleCome({
    world,
    visitors,
    companies: COMPANIES,
    spreadMs: TOKEN_SECONDS * 1000,
    isOver: () => Date.now() >= endsAt,
    see(sighting) {
      sightings.push(sighting);
      if (sighting.trips > 0) lost.push(refreshes.judge(sighting.userId, troubles));
    },
  });
  await pause(WARM_UP_MS);
  await makeTrouble(world, troubles, {
    everyMs: TROUBLE_EVERY_MS,
    isOver: () => Date.now() >= endsAt - CALM_AT_THE_END_MS,
  });
  await coming;
  clearInterval(weighing);
  refreshes.stop();

  const kills = troubles.filter(({ killedAt }) => killedAt !== undefined).length;
  const weights = world.replicas.map(
    (_, index): Weight => ({
      start: start[index] ?? 0,
      warm: medianOf(sixth(weighed, 1), index),
      end: medianOf(sixth(weighed, 5), index),
      kills: index === MORTAL ? kills : 0,
    }),
  );
  const lostInTheEnd = await world.countLost(visitors);
  return { minutes, sightings, troubles, refreshes, lost, lostInTheEnd, weights };
}

function weigh({ replicas }: World): number[] {
  return replicas.map((replica) => residentMegabytes(replica.pid()));
}

/** @param which  from 0 */
function sixth<T>(all: T[], which: number): T[] {
  return all.slice(Math.floor((all.length * which) / 6), Math.ceil((all.length * (which + 1)) / 6));
}

function medianOf(weighed: number[][], replica: number): number {
  // A replica that was just killed weighs nothing.
  return median(weighed.flatMap((each) => each[replica] || []));
}
