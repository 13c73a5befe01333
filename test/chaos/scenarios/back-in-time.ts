import { putUnderLoad } from '../harness/load.ts';
import { pause, range } from '../harness/time.ts';
import { type Scenario, tell } from '../scenario.ts';

const LOST_WINDOW_MS = 1500;

/** R14: what Redis knew last is gone, and with it the only stored pairs that still work. */
export const backInTime: Scenario = {
  id: 'R14',
  title: 'three restarts of Redis from a 1.5 s old dump during R3',
  expected: 'lost at most 5 % of the refreshes in the lost windows',
  world: { store: 'redis', redisKeeps: 'dumps' },
  async run(world, size) {
    const restarts = 3;
    const chains = size === 'full' ? 100 : 12;
    const visitors = await world.signIn(chains);

    let inLostWindows = 0;
    const figures = await putUnderLoad(world, visitors, { loops: 24, ms: 30_000 }, async () => {
      for (const _ of range(restarts)) {
        await pause(5000);
        await world.redis.client().save();
        const before = world.refreshes().length;
        await pause(LOST_WINDOW_MS);
        await world.redis.kill();
        inLostWindows += world.refreshes().length - before;
        await world.redis.start();
      }
    });

    const { lost, stuck } = await world.countLost(visitors);
    const { refreshed, invalidGrants, statuses } = figures;
    return {
      measured: tell({
        restarts,
        refreshes: refreshed,
        'of them in lost windows': inLostWindows,
        invalid_grant: invalidGrants,
        lost,
        stuck,
        'lost %': ((100 * lost) / inLostWindows).toFixed(1),
        statuses,
      }),
      ok: lost <= 0.05 * inLostWindows && stuck === 0 && inLostWindows > 0,
    };
  },
};
