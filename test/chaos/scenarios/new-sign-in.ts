import { pause } from '../harness/time.ts';
import { callAs } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

/** R15: the late answer belongs to a chain that is no longer wanted. */
export const newSignIn: Scenario = {
  id: 'R15',
  title: 'a new sign-in while a refresh of the old chain is under way',
  expected: 'the stored chain is the sign-in’s, every time; it works',
  world: { store: 'redis' },
  isBounded: true,
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 100 : 10, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);

    let kept = 0;
    const statuses: number[] = [];
    for (const [index, visitor] of visitors.entries()) {
      const old = await world.record(visitor);
      const held = world.order({ userId: visitor.userId, effect: { type: 'hold', when: 'after' } });
      const slow = callAs(visitor, world.origins[index % world.origins.length] ?? '');
      await held.reached();
      await world.signInAgain(visitor);
      const fresh = await world.record(visitor);
      held.cancel();
      statuses.push((await slow).status);
      // The old refresh ends before its caller is answered, so its commit has been tried by now.
      const stored = await world.record(visitor);
      if (stored && stored.chain === fresh?.chain && stored.chain !== old?.chain && stored.gen === 1)
        kept += 1;
    }

    const { lost, stuck } = await world.countLost(visitors);
    return {
      measured: tell({
        'chain of the sign-in': `${kept} of ${visitors.length}`,
        'slow callers got 200': `${statuses.filter((status) => status === 200).length} of ${visitors.length}`,
        lost,
        stuck,
      }),
      ok: kept === visitors.length && lost + stuck === 0,
    };
  },
};
