import { pause } from '../../test/chaos/harness/time.ts';
import { aVisitor, type Visitor } from '../../test/chaos/harness/visit.ts';
import { openPage } from './browse.ts';
import { exportOnce } from './export-once.ts';
import type { Load } from './load.ts';

/** How busy they are. */
const LOOK_MS = 3_000;
const SIGN_IN_EVERY_MS = 2_000;
const EXPORT_EVERY_MS = 10_000;
/** Who only signs in, again and again; the harness gives the first numbers to visitors. */
const FIRST_NEWCOMER = 400;
const NEWCOMERS = 300;

/** Pages, sign-ins and exports, until it is over and the last of them have ended. */
export async function letPeopleCome(load: Load): Promise<void> {
  await Promise.all([
    ...load.visitors.map((visitor) => lookAround(visitor, load)),
    every(SIGN_IN_EVERY_MS, load, (turn) => signIn(turn, load)),
    every(EXPORT_EVERY_MS, load, (turn) => exportOnce(visitorAt(turn, load), turn, load)),
  ]);
}

async function lookAround(visitor: Visitor, load: Load): Promise<void> {
  const { world, companies, spreadMs, see, isOver } = load;
  await pause(Math.random() * spreadMs);
  for (let look = visitor.userId; !isOver(); look += 1) {
    const path =
      look % 3 === 0 ? `/companies/${1 + (look % companies)}` : `/companies?page=${1 + (look % 20)}`;
    const from = Date.now();
    const { code, trips } = await openPage(visitor, world.publicUrl, path);
    see({ what: 'page', userId: visitor.userId, from, to: Date.now(), code, trips });
    await pause(LOOK_MS * (0.5 + Math.random()));
  }
}

/** With a browser of their own that nobody has seen before. */
async function signIn(turn: number, { world, see }: Load): Promise<void> {
  const newcomer = aVisitor(FIRST_NEWCOMER + (turn % NEWCOMERS));
  const from = Date.now();
  const { code } = await openPage(newcomer, world.publicUrl, '/login?returnTo=/companies');
  see({ what: 'sign-in', userId: newcomer.userId, from, to: Date.now(), code, trips: 0 });
}

function visitorAt(turn: number, { visitors }: Load): Visitor {
  return visitors[turn % visitors.length] as Visitor;
}

/** However long each takes. */
async function every(ms: number, { isOver }: Load, work: (turn: number) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let turn = 0; !isOver(); turn += 1) {
    const done = work(turn).finally(() => underWay.delete(done));
    underWay.add(done);
    await pause(ms);
  }
  await Promise.all(underWay);
}
