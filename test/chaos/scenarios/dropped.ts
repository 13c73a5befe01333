import type { Size } from '../harness/size.ts';
import { pause } from '../harness/time.ts';
import { callUntilSettled, isHealedByOneTrip, openPage } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

const ADDRESS = '/companies?sort=title&order=asc';

function howMany(size: Size): number {
  return size === 'full' ? 20 : 3;
}

/** R9: the pair was made, and nobody has it. */
export const droppedAfterCommit: Scenario = {
  id: 'R9',
  title: 'the AS commits, then drops the connection',
  expected:
    '1 more attempt, then reauth: at most 2 AS calls per chain; 1 redirect heals, at the same address',
  world: { store: 'redis' },
  isBounded: true,
  async run(world, size) {
    const people = await world.signIn(howMany(size), { accessTokenLifetimeSeconds: 1 });
    const programs = await world.signIn(howMany(size), { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    for (const { userId } of [...people, ...programs]) {
      world.order({ userId, effect: { type: 'drop', when: 'after' } });
    }

    const [pages, calls] = await Promise.all([
      Promise.all(people.map((person) => openPage(person, world.publicUrl + ADDRESS))),
      Promise.all(programs.map((program) => callUntilSettled(program, world.origins))),
    ]);

    const most = Math.max(...[...people, ...programs].map((visitor) => world.refreshes([visitor]).length));
    const healed = pages.filter((page) => isHealedByOneTrip(page, ADDRESS)).length;
    const told = calls.filter(({ last }) => last.status === 401).length;
    const states = (await world.records(programs)).map((record) => `${record?.state} ${record?.why}`);
    const { lost } = await world.countLost(people);
    return {
      measured: tell({
        'AS calls per chain at most': most,
        'people healed by 1 redirect': `${healed} of ${people.length}`,
        'reloads at most': Math.max(...pages.map(({ reloads }) => reloads)),
        'pressed again': pages.filter(({ again }) => again > 0).length,
        'slowest page ms': Math.round(Math.max(...pages.map(({ ms }) => ms))),
        'programs told 401': `${told} of ${programs.length}`,
        states: [...new Set(states)].join(' / '),
        'people without tokens afterwards': lost,
      }),
      ok: most <= 2 && healed === people.length && told === programs.length && lost === 0,
    };
  },
};

/** R10: nothing has happened, which we cannot know. */
export const droppedBeforeCommit: Scenario = {
  id: 'R10',
  title: 'the AS drops the connection before it commits',
  expected: 'lost 0; success on the second attempt',
  world: { store: 'redis' },
  isBounded: true,
  async run(world, size) {
    const visitors = await world.signIn(howMany(size), { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    for (const { userId } of visitors) world.order({ userId, effect: { type: 'drop', when: 'before' } });

    const startedAt = Date.now();
    const ends = await Promise.all(visitors.map((visitor) => callUntilSettled(visitor, world.origins)));
    const tookMs = Date.now() - startedAt;

    const attempts = visitors.map((visitor) => world.refreshes([visitor]).length);
    const gens = (await world.records(visitors)).map((record) => record?.gen);
    const { lost, stuck } = await world.countLost(visitors);
    return {
      measured: tell({
        'AS calls per chain': [...new Set(attempts)].join(' '),
        '200s': `${ends.filter(({ last }) => last.status === 200).length} of ${visitors.length}`,
        'stored generation 2': gens.filter((gen) => gen === 2).length,
        'all done after ms': tookMs,
        lost,
        stuck,
      }),
      ok:
        lost + stuck === 0 &&
        attempts.every((count) => count === 2) &&
        gens.every((gen) => gen === 2) &&
        ends.every(({ last }) => last.status === 200),
    };
  },
};
