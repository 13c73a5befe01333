import { countStatuses } from '../harness/load.ts';
import { atOnce, pause } from '../harness/time.ts';
import { type Answer, callAs } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

/** R17: a mistake of the operator costs nobody a chain. */
export const wrongSecret: Scenario = {
  id: 'R17',
  title: 'the client secret is wrong for 60 s, then right',
  expected: 'dead records 0, lost 0',
  world: { store: 'redis' },
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 40 : 4, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    world.emulator.registerClient({ ...world.client, clientSecret: 'another one' });

    const meanwhile: Answer[] = [];
    const endsAt = Date.now() + (size === 'full' ? 60_000 : 4000);
    await atOnce(visitors.length, visitors, async (visitor, index) => {
      while (Date.now() < endsAt) {
        meanwhile.push(await callAs(visitor, world.origins[index % world.origins.length] ?? ''));
        await pause(1000);
      }
    });
    const calls = world.refreshes(visitors).length;
    world.emulator.registerClient(world.client);

    const dead = (await world.records(visitors)).filter((record) => record?.state !== 'ok').length;
    const { lost, stuck } = await world.countLost(visitors);
    return {
      measured: tell({
        'AS calls meanwhile': calls,
        'answers meanwhile': countStatuses(meanwhile),
        'dead records': dead,
        lost,
        stuck,
      }),
      ok: dead === 0 && lost + stuck === 0,
    };
  },
};
