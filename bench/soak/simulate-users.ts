import { pause } from '../../test/chaos/harness/time.ts';
import { aVisitor, type Visitor } from '../../test/chaos/harness/visit.ts';
import { openPage } from './browse.ts';
import { exportOnce } from './export-once.ts';
import type { Load } from './load.ts';

/** Load of the simulated users. */
const READING_MS = 3_000;
const SIGN_IN_EVERY_MS = 2_000;
const EXPORT_EVERY_MS = 10_000;
/** Ids of users who only sign in; the chaos harness gives the lower ids to visitors. */
const FIRST_NEWCOMER = 400;
const NEWCOMERS = 300;

/** Requests pages, signs in and exports until `isOver`, and waits for the last ones to end. */
export async function simulateUsers(load: Load): Promise<void> {
  await Promise.all([
    ...load.visitors.map((visitor) => browse(visitor, load)),
    every(SIGN_IN_EVERY_MS, load, (turn) => signIn(turn, load)),
    every(EXPORT_EVERY_MS, load, (turn) => exportOnce(visitorAt(turn, load), turn, load)),
  ]);
}

async function browse(visitor: Visitor, load: Load): Promise<void> {
  const { world, companies, spreadMs, record, isOver } = load;
  await pause(Math.random() * spreadMs);
  for (let look = visitor.userId; !isOver(); look += 1) {
    const path =
      look % 3 === 0 ? `/companies/${1 + (look % companies)}` : `/companies?page=${1 + (look % 20)}`;
    const from = Date.now();
    const { code, reauthorizations } = await openPage(visitor, world.publicUrl, path);
    record({ what: 'page', userId: visitor.userId, from, to: Date.now(), code, reauthorizations });
    await pause(READING_MS * (0.5 + Math.random()));
  }
}

/** Signs in with a browser without cookies. */
async function signIn(turn: number, { world, record }: Load): Promise<void> {
  const newcomer = aVisitor(FIRST_NEWCOMER + (turn % NEWCOMERS));
  const from = Date.now();
  const { code } = await openPage(newcomer, world.publicUrl, '/login?returnTo=/companies');
  record({ what: 'sign-in', userId: newcomer.userId, from, to: Date.now(), code, reauthorizations: 0 });
}

function visitorAt(turn: number, { visitors }: Load): Visitor {
  return visitors[turn % visitors.length] as Visitor;
}

/** Starts work at a constant interval, also when earlier work is still running. */
async function every(ms: number, { isOver }: Load, work: (turn: number) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let turn = 0; !isOver(); turn += 1) {
    const done = work(turn).finally(() => underWay.delete(done));
    underWay.add(done);
    await pause(ms);
  }
  await Promise.all(underWay);
}
