import type { Replica } from '../harness/replica.ts';
import { pause } from '../harness/time.ts';
import { callAs, callUntilSettled, isNotNow } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

const EXCLUSIVE_MS = 4000;
const FROZEN_MS = 6000;

/**
 * R5: a process sleeps through its own deadline. Somebody else takes over and is refused, because the token is used up;
 * then the sleeper wakes with the only pair that works, and is late but right.
 */
export const paused: Scenario = {
  id: 'R5',
  title: `SIGSTOP for ${FROZEN_MS / 1000} s around the AS commit, L = ${EXCLUSIVE_MS / 1000} s, no family kill`,
  expected: 'lost 0; at least one straggler heals what was given up',
  world: { store: 'redis', familyKill: false, exclusiveMs: EXCLUSIVE_MS, replicas: 3 },
  async run(world, size) {
    const sleeper = world.replicas[0] as Replica;
    const others = world.origins.slice(1);
    const victims = await world.signIn(size === 'full' ? 10 : 2, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);

    const statesBefore: string[] = [];
    let healed = 0;
    let refusedMeanwhile = 0;
    for (const victim of victims) {
      const held = world.order({ userId: victim.userId, effect: { type: 'hold', when: 'before' } });
      const early = callAs(victim, sleeper.origin);
      await held.reached();
      sleeper.signal('SIGSTOP');
      const awakeAt = Date.now() + FROZEN_MS;
      held.cancel();
      const meanwhile = await callUntilSettled(victim, others, { forMs: FROZEN_MS - 1000, pauseMs: 200 });
      if (!isNotNow(meanwhile.last)) refusedMeanwhile += 1;
      await pause(awakeAt - Date.now());
      const before = await world.record(victim);
      statesBefore.push(`${before?.state} ${before?.why ?? ''}`.trim());
      sleeper.signal('SIGCONT');
      await early;
      await pause(500);
      const after = await world.record(victim);
      if (before?.state !== 'ok' && after?.state === 'ok' && after.gen === 2) healed += 1;
    }

    const invalidGrants = world.refreshes(victims).filter(({ error }) => error === 'invalid_grant').length;
    const { lost, stuck } = await world.countLost(victims);
    return {
      measured: tell({
        pauses: victims.length,
        'answered meanwhile elsewhere': refusedMeanwhile,
        invalid_grant: invalidGrants,
        'state before waking': [...new Set(statesBefore)].join(' / '),
        healed,
        lost,
        stuck,
      }),
      ok: lost + stuck === 0 && healed >= 1,
    };
  },
};
