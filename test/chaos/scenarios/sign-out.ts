import type { OrderedFault } from '../../../emulator/index.ts';
import { countStatuses } from '../harness/load.ts';
import { atOnce, range } from '../harness/time.ts';
import { callAs, callWith, sessionCookie, type Visitor } from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

const AT_ONCE = 20;

/** What is still running under a session that has ended writes it back, unless somebody has thought of it. */
export function signOutRace(id: string, store: 'redis' | 'embedded'): Scenario {
  return {
    id,
    title: `sign-out at one replica while a slow request of the same session runs at another (${store})`,
    expected: 'sessions revived 0 of 200',
    world: { store },
    isBounded: true,
    async run(world, size) {
      const rounds = size === 'full' ? 10 : 1;
      const visitors = await world.signIn(AT_ONCE);
      const [here = '', there = ''] = world.origins;

      let revived = 0;
      const slowAnswers: { status: number }[] = [];
      for (const round of range(rounds)) {
        if (round > 0) await atOnce(4, visitors, world.signInAgain);
        const cookies = visitors.map(sessionCookie);
        const held = holdPortal(world);
        const slow = visitors.map((visitor) => callAs(visitor, here));
        await held.reached(AT_ONCE);
        await atOnce(4, visitors, (visitor) => signOut(visitor, there, world.publicUrl));
        held.cancel();
        slowAnswers.push(...(await Promise.all(slow)));
        const after = await atOnce(4, [...cookies, ...cookies], (cookie, index) =>
          callWith(cookie, index < cookies.length ? here : there),
        );
        revived += after.filter(({ status }) => status !== 401).length;
      }

      return {
        measured: tell({
          races: rounds * AT_ONCE,
          'sessions revived': revived,
          'slow requests got': countStatuses(slowAnswers),
        }),
        ok: revived === 0,
      };
    },
  };
}

function holdPortal({ emulator }: World): OrderedFault {
  return emulator.orderFault({
    on: 'rest',
    restMethod: 'batch',
    times: AT_ONCE,
    effect: { type: 'hold', when: 'before' },
  });
}

async function signOut(visitor: Visitor, replica: string, publicUrl: string): Promise<void> {
  const { status } = await visitor.agent.request(`${replica}/logout`, {
    method: 'POST',
    headers: { origin: publicUrl },
  });
  if (status !== 303) throw new Error(`signing out answered ${status}`);
}
