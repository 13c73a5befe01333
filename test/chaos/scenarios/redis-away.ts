import { countStatuses } from '../harness/load.ts';
import { atOnce, pause, until } from '../harness/time.ts';
import { type Answer, callAs, callUntilSettled, type Visitor } from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

/** Each chain has one caller whose replica holds the claim, and others who press at every other replica. */
function callEverywhere(world: World, visitors: Visitor[]): Promise<Answer[]> {
  return Promise.all(
    visitors.flatMap((visitor) =>
      world.origins.map((origin) =>
        callUntilSettled(visitor, [origin], { pauseMs: 300 }).then(({ last }) => last),
      ),
    ),
  );
}

/** Starts one refresh per chain, spread over the replicas, and waits until the AS holds them all. */
async function beginRefreshes(world: World, visitors: Visitor[]) {
  const held = world.order({ times: visitors.length, effect: { type: 'hold', when: 'after' } });
  const first = visitors.map((visitor, index) =>
    callAs(visitor, world.origins[index % world.origins.length] ?? ''),
  );
  await held.reached(visitors.length);
  return { held, first };
}

/** What is left to ask once Redis is well again. */
async function report(world: World, visitors: Visitor[], answers: Answer[], first: Answer[]) {
  const calls = world.refreshes(visitors);
  const gens = (await world.records(visitors)).map((record) => record?.gen);
  const invalidGrants = calls.filter(({ error }) => error === 'invalid_grant').length;
  const { lost, stuck } = await world.countLost(visitors);
  return {
    figures: {
      chains: visitors.length,
      'AS calls': calls.length,
      invalid_grant: invalidGrants,
      'stored generation 2': gens.filter((gen) => gen === 2).length,
      'first callers': countStatuses(first),
      'all callers in the end': countStatuses(answers),
      lost,
      stuck,
    },
    ok:
      calls.length === visitors.length &&
      invalidGrants === 0 &&
      gens.every((gen) => gen === 2) &&
      lost + stuck === 0,
  };
}

/** R11: the pair waits in memory. */
export const redisKilled: Scenario = {
  id: 'R11',
  title: 'Redis is killed during the AS call and comes back after 5 s; callers press at all replicas',
  expected: 'lost 0; memory holds the pair and stores it: one AS call per chain, generation 2',
  world: { store: 'redis' },
  isBounded: true,
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 20 : 4, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    const { held, first } = await beginRefreshes(world, visitors);

    await world.redis.kill();
    held.cancel();
    const pressing = callEverywhere(world, visitors);
    await pause(5000);
    await world.redis.start();

    const answers = await pressing;
    const { figures, ok } = await report(world, visitors, answers, await Promise.all(first));
    return { measured: tell(figures), ok };
  },
};

/** R12: a token is not burnt while what it brings could not be stored. */
export const redisFullBeforeClaim: Scenario = {
  id: 'R12',
  title: 'Redis is out of memory before the claim, for 5 s',
  expected: 'AS calls 0 meanwhile; lost 0',
  world: { store: 'redis' },
  isBounded: true,
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 20 : 4, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    await world.redis.isFull(true);

    const meanwhile: Answer[] = [];
    const endsAt = Date.now() + (size === 'full' ? 5000 : 2000);
    await atOnce(8, visitors, async (visitor, index) => {
      while (Date.now() < endsAt) {
        meanwhile.push(await callAs(visitor, world.origins[index % world.origins.length] ?? ''));
        await pause(100);
      }
    });
    const callsMeanwhile = world.refreshes(visitors).length;
    await world.redis.isFull(false);

    const { lost, stuck } = await world.countLost(visitors);
    return {
      measured: tell({
        'AS calls meanwhile': callsMeanwhile,
        'answers meanwhile': countStatuses(meanwhile),
        lost,
        stuck,
      }),
      ok: callsMeanwhile === 0 && lost + stuck === 0 && meanwhile.every(({ status }) => status === 503),
    };
  },
};

/**
 * R13: as R11, but longer than a claim lives, so that whoever presses elsewhere could take the claim over at the
 * moment when Redis takes writes again.
 */
export const redisFullBeforeCommit: Scenario = {
  id: 'R13',
  title: 'Redis is out of memory between claim and commit, freed after 10 s; callers press at all replicas',
  expected: 'lost 0, one AS call per chain, generation 2',
  world: { store: 'redis' },
  async run(world, size) {
    const visitors = await world.signIn(size === 'full' ? 20 : 4, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);
    const { held, first } = await beginRefreshes(world, visitors);

    await world.redis.isFull(true);
    held.cancel();
    await until('the AS has answered', () => world.refreshes(visitors).every(({ status }) => status === 200));
    const pressing = callEverywhere(world, visitors);
    await pause(10_000);
    await world.redis.isFull(false);

    const answers = await pressing;
    const { figures, ok } = await report(world, visitors, answers, await Promise.all(first));
    return { measured: tell(figures), ok };
  },
};
