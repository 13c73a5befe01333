import { range } from '../harness/time.ts';
import type { Visitor } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

const TABS = 20;

/** A browser that restores its tabs. */
export function manySignIns(id: string, store: 'redis' | 'embedded'): Scenario {
  return {
    id,
    title: `20 sign-ins of one browser at once, finished in reverse order over four replicas (${store})`,
    expected: '20 of 20 end where they began',
    world: { store },
    isBounded: true,
    async run(world) {
      const [{ agent }] = (await world.signIn(1)) as [Visitor];
      const replicaOf = (tab: number) => world.origins[tab % world.origins.length] ?? '';

      const returns = await Promise.all(
        range(TABS).map(async (tab) => {
          const address = encodeURIComponent(`/companies?page=${tab + 1}`);
          const leaving = await agent.request(`${replicaOf(tab)}/login?returnTo=${address}`);
          const back = await agent.request(leaving.location ?? '');
          return new URL(back.location ?? '');
        }),
      );
      let good = 0;
      const others: string[] = [];
      for (const tab of range(TABS).reverse()) {
        const { pathname, search } = returns[tab] as URL;
        const end = await agent.request(replicaOf(tab + 1) + pathname + search);
        if (end.status === 303 && end.location === `/companies?page=${tab + 1}`) good += 1;
        else others.push(`${end.status} ${end.location ?? ''}`);
      }

      return {
        measured: tell({ finished: `${good} of ${TABS}`, others: others.join(' / ') || 'none' }),
        ok: good === TABS,
      };
    },
  };
}
