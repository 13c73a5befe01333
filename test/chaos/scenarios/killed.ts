import type { OrderedFault } from '../../../emulator/index.ts';
import type { Replica } from '../harness/replica.ts';
import type { Size } from '../harness/size.ts';
import { atOnce, pause, percentile, until } from '../harness/time.ts';
import {
  callAs,
  callUntilSettled,
  isHealedByOneTrip,
  openPage,
  type PageVisit,
  type Visitor,
} from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

/** L of refresh.md section 5: how long a dead process can block a chain. */
const BLOCKED_MS = 10_000;
const ADDRESS = '/companies?sort=title&order=asc';
/** Enough for an answer that has arrived to be read, and the first attempt to store it. */
const READ_MS = 150;

/** Replicas 1 and 2 die by turns; people are at the others. */
function cast(world: World): { doomed: Replica[]; safe: Replica[] } {
  return { doomed: world.replicas.slice(0, 2), safe: world.replicas.slice(2) };
}

function howMany(size: Size): number {
  return size === 'full' ? 50 : 2;
}

/** Kills a replica at a moment of a refresh, and starts it again. */
async function killDuring(victim: Visitor, replica: Replica, atMoment: () => Promise<void>) {
  const leaving = callAs(victim, replica.origin);
  await atMoment();
  await replica.end('SIGKILL');
  const killedAt = Date.now();
  await leaving;
  return killedAt;
}

/** R6 and R7 differ only in how far the answer came. */
function answerDiesWithProcess(
  id: string,
  title: string,
  options: Pick<Scenario, 'world' | 'isBounded'>,
  untilMoment: (held: OrderedFault, replica: Replica, world: World, victim: Visitor) => Promise<void>,
): Scenario {
  return {
    id,
    title,
    expected:
      'lost at most one per kill; each next visit: 1 redirect, 200, same address; no intent outlives L; no 500',
    ...options,
    async run(world, size) {
      const { doomed, safe } = cast(world);
      world.behindFront(safe);
      const victims = await world.signIn(howMany(size), { accessTokenLifetimeSeconds: 1 });
      await pause(1000);

      const nextVisits: Promise<PageVisit>[] = [];
      for (const [index, victim] of victims.entries()) {
        const replica = doomed[index % doomed.length] as Replica;
        const held = world.order({ userId: victim.userId, effect: { type: 'hold', when: 'after' } });
        await killDuring(victim, replica, async () => {
          await held.reached();
          await untilMoment(held, replica, world, victim);
        });
        held.cancel();
        replica.redisWire?.thaw();
        nextVisits.push(openPage(victim, world.publicUrl + ADDRESS));
        await replica.start();
      }
      const visits = await Promise.all(nextVisits);
      const records = await world.records(victims);

      const alive = records.filter((record) => record?.iid && record.idl > Date.now()).length;
      const healed = visits.filter((visit) => isHealedByOneTrip(visit, ADDRESS)).length;
      const calls = world.refreshes(victims);
      const { lost, stuck } = await world.countLost(victims);
      return {
        measured: tell({
          kills: victims.length,
          'chains lost': visits.filter(({ trips }) => trips > 0).length,
          'healed by 1 redirect': healed,
          'reloads at most': Math.max(...visits.map(({ reloads }) => reloads)),
          'pressed again': visits.filter(({ again }) => again > 0).length,
          'pages p99 ms': percentile(
            visits.map(({ ms }) => ms),
            0.99,
          ),
          'intents alive': alive,
          '500s': visits.filter(({ statuses }) => statuses.includes(500)).length,
          'AS calls': calls.length,
          'without tokens afterwards': lost + stuck,
        }),
        ok:
          healed === victims.length &&
          alive === 0 &&
          lost + stuck === 0 &&
          !visits.some(({ statuses }) => statuses.includes(500)),
      };
    },
  };
}

export const killedBeforeAnswer = answerDiesWithProcess(
  'R6',
  'kill -9 after the AS has committed, before its answer',
  { world: { store: 'redis' }, isBounded: true },
  async () => {},
);

export const killedBeforeCommit = answerDiesWithProcess(
  'R7',
  'kill -9 after the answer was read, before it could be stored',
  { world: { store: 'redis', redisWires: true } },
  async (held, replica, world, victim) => {
    replica.redisWire?.freeze();
    held.release();
    await until('the answer has gone out', () => world.refreshes([victim]).at(-1)?.status === 200);
    await pause(READ_MS);
  },
);

/** R8: the server never hears of it. */
export const killedBeforeRequest: Scenario = {
  id: 'R8',
  title: 'kill -9 after the claim, before the request reaches the AS',
  expected: 'lost 0; the next caller succeeds within L + 1 s of the kill',
  world: { store: 'redis', serverWires: 2 },
  async run(world, size) {
    const { doomed, safe } = cast(world);
    world.behindFront(safe);
    const victims = await world.signIn(howMany(size), { accessTokenLifetimeSeconds: 1 });
    await pause(1000);

    const waits: Promise<number>[] = [];
    for (const [index, victim] of victims.entries()) {
      const replica = doomed[index % doomed.length] as Replica;
      replica.serverWire?.freeze();
      const killedAt = await killDuring(victim, replica, () =>
        until('the request is on its wire', () => (replica.serverWire?.frozen() ?? 0) > 0),
      );
      replica.serverWire?.thaw();
      const next = safe[index % safe.length] as Replica;
      waits.push(
        callUntilSettled(victim, [next.origin], { pauseMs: 500 }).then(({ last }) =>
          last.status === 200 ? Date.now() - killedAt : Number.POSITIVE_INFINITY,
        ),
      );
      await replica.start();
    }
    const waited = await Promise.all(waits);

    const calls = world.refreshes(victims);
    const gens = await atOnce(10, victims, async (victim) => (await world.record(victim))?.gen);
    const { lost, stuck } = await world.countLost(victims);
    const longest = Math.max(...waited);
    return {
      measured: tell({
        kills: victims.length,
        'AS calls': calls.length,
        'stored generation 2': gens.filter((gen) => gen === 2).length,
        lost,
        stuck,
        'next success after ms at most': longest,
      }),
      ok:
        lost + stuck === 0 &&
        calls.length === victims.length &&
        longest <= BLOCKED_MS + (size === 'full' ? 1000 : 4000),
    };
  },
};
