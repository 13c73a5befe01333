import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { putUnderLoad } from '../harness/load.ts';
import { pause } from '../harness/time.ts';
import { type Scenario, tell } from '../scenario.ts';

/** Long enough for many commands to meet a slot that is half here and half there. */
const HALFWAY_MS = 500;

/** The slot that all of a portal's records share wanders from node to node, which is how a Cluster grows. */
export const clusterSlot: Scenario = {
  id: 'cluster-slot',
  title:
    "the slot of the portal's records is moved back and forth between masters of a Cluster, for 40 s under load",
  expected: 'CROSSSLOT 0, errors 0, invalid_grant 0, lost 0',
  world: { store: 'redis', redisKind: 'cluster' },
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 40 : 8);
    const key = `b24:tokens:{${world.portal.memberId}}`;

    let moves = 0;
    const load = { loops: 8, ms: size === 'full' ? 40_000 : 4_000, lifetimeSeconds: 3 };
    const figures = await putUnderLoad(world, visitors, load, async (isOver) => {
      while (!isOver()) {
        await world.cluster.moveSlot(key, { pauseMs: HALFWAY_MS });
        moves += 1;
        await pause(300);
      }
    });

    const printed = world.replicas
      .map((_, index) => readFileSync(join(world.folder, `replica-${index + 1}.log`), 'utf8'))
      .join('');
    const { lost, stuck } = await world.countLost(visitors);
    const crossSlots = printed.split('CROSSSLOT').length - 1;
    return {
      measured: tell({
        moves,
        CROSSSLOT: crossSlots,
        statuses: figures.statuses,
        refreshes: figures.refreshed,
        invalid_grant: figures.invalidGrants,
        lost,
        stuck,
        'p99 ms': figures.p99Ms,
        'slowest ms': figures.slowestMs,
      }),
      ok:
        moves >= 2 &&
        crossSlots + figures.invalidGrants + lost + stuck === 0 &&
        figures.count(200) === figures.visits,
    };
  },
};
