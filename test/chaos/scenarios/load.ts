import { putUnderLoad } from '../harness/load.ts';
import type { Size } from '../harness/size.ts';
import { pause } from '../harness/time.ts';
import { type Scenario, tell } from '../scenario.ts';

/** W of refresh.md section 5, and what a busy machine adds. */
const LONGEST_WAIT_MS = 8_000 + 1_500;

function amount(size: Size) {
  return size === 'full' ? { chains: 100, loops: 24, ms: 60_000 } : { chains: 12, loops: 8, ms: 4_000 };
}

/** R3: nothing goes wrong but time. */
export function load(id: string, store: 'redis' | 'embedded'): Scenario {
  return {
    id,
    title: `100 chains, access tokens of 1 s, 60 s, 24 loops at four replicas (${store})`,
    expected: 'invalid_grant 0, lost 0, at least 1,000 refreshes',
    world: { store },
    isBounded: true,
    async run(world, size) {
      const { chains, ...load } = amount(size);
      const visitors = await world.signIn(chains);

      const figures = await putUnderLoad(world, visitors, load);

      const { lost, stuck } = await world.countLost(visitors);
      const { refreshed, invalidGrants, visits, statuses, p99Ms } = figures;
      return {
        measured: tell({
          refreshes: refreshed,
          invalid_grant: invalidGrants,
          lost,
          stuck,
          visits,
          statuses,
          'p99 ms': p99Ms,
        }),
        ok:
          invalidGrants === 0 &&
          lost + stuck === 0 &&
          // A token of one second may end between the refresh and the call: then 502 or 503, "not now".
          figures.count(401) + figures.count(500) === 0 &&
          refreshed >= (size === 'full' ? 1000 : 20),
      };
    },
  };
}

/** Every so many refreshes one is slow: 2 %. */
const ONE_SLOW_IN = 50;

/** R4: slower than anybody wants to wait, quicker than anybody has to give up. */
export const slowAnswers: Scenario = {
  id: 'R4',
  title: 'R3 with 2 % of the AS answers after 5 s, access tokens of 7 s',
  expected: 'invalid_grant 0, lost 0; nobody waits longer than W = 8 s',
  world: { store: 'redis' },
  async run(world, size) {
    const { chains, ...load } = amount(size);
    const visitors = await world.signIn(chains);

    let slow = 0;
    // A token of 1 s would be over when its answer comes, and one visit would wait for two refreshes.
    const lifetimeSeconds = 7;
    const figures = await putUnderLoad(world, visitors, { ...load, lifetimeSeconds }, async (isOver) => {
      while (!isOver()) {
        if (world.refreshes().length >= slow * ONE_SLOW_IN) {
          // By turns before and after the server's decision.
          const when = slow % 2 === 0 ? 'after' : 'before';
          world.order({ effect: { type: 'delay', ms: 5000, when } });
          slow += 1;
        }
        await pause(20);
      }
    });

    const { lost, stuck } = await world.countLost(visitors);
    const { refreshed, invalidGrants, statuses, slowestMs } = figures;
    return {
      measured: tell({
        refreshes: refreshed,
        slow,
        invalid_grant: invalidGrants,
        lost,
        stuck,
        statuses,
        'longest wait ms': slowestMs,
      }),
      ok: invalidGrants === 0 && lost + stuck === 0 && slow > 0 && slowestMs <= LONGEST_WAIT_MS,
    };
  },
};

/** R18: a rollout in the middle of everything. */
export const rollout: Scenario = {
  id: 'R18',
  title: 'R3 while every replica in turn gets SIGTERM and is started again',
  expected: 'lost 0, invalid_grant 0, every exit code 0',
  world: { store: 'redis' },
  async run(world, size) {
    const { chains, ...load } = amount(size);
    const visitors = await world.signIn(chains);

    const exitCodes: (number | null)[] = [];
    let longestStopMs = 0;
    const figures = await putUnderLoad(world, visitors, load, async () => {
      for (const replica of world.replicas) {
        await pause(size === 'full' ? 5000 : 500);
        // Something is in flight at the very moment, at every one.
        const held = world.order({ effect: { type: 'delay', ms: 1500, when: 'after' }, times: 8 });
        await held.reached(4);
        const askedAt = Date.now();
        exitCodes.push(await replica.end('SIGTERM'));
        longestStopMs = Math.max(longestStopMs, Date.now() - askedAt);
        await replica.start();
      }
    });

    const { lost, stuck } = await world.countLost(visitors);
    const { refreshed, invalidGrants, statuses } = figures;
    return {
      measured: tell({
        refreshes: refreshed,
        invalid_grant: invalidGrants,
        lost,
        stuck,
        'exit codes': exitCodes.join(' '),
        'longest stop ms': longestStopMs,
        statuses,
      }),
      ok: invalidGrants === 0 && lost + stuck === 0 && exitCodes.every((code) => code === 0),
    };
  },
};
