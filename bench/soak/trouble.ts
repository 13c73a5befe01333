import type { Fault } from '../../emulator/index.ts';
import { pause } from '../../test/chaos/harness/time.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import { AT_THE_PORTAL, CUT, type Sighting } from './sighting.ts';

/** Something that goes wrong, and what people may see of it. */
interface Kind {
  name: string;
  /** From the first moment to the last; says in `trouble` when it has killed a replica. */
  happen(world: World, trouble: Trouble): Promise<void>;
  /** Codes that it explains while it lasts, and as long afterwards as it is felt. */
  explains: string[];
  feltForMs: number;
}

export interface Trouble {
  kind: Kind;
  from: number;
  to: number;
  /** When a process ended without a warning, which may cost the chains that it was renewing. */
  killedAt?: number;
}

/** The replica that dies; the other lives through it all, so that its memory tells of the whole run. */
export const MORTAL = 1;

export const KINDS: Kind[] = [
  {
    name: 'kill -9 of a replica while a renewal takes 0.4 s, started again after 3 s',
    async happen({ replicas, emulator }, trouble) {
      const effect: Fault['effect'] = { type: 'delay', ms: 400, when: 'after' };
      const slow = emulator.orderFault({ on: 'token', times: Number.POSITIVE_INFINITY, effect });
      await pause(1_000);
      trouble.killedAt = Date.now();
      await replicas[MORTAL]?.end('SIGKILL');
      slow.cancel();
      await pause(3_000);
      await replicas[MORTAL]?.start();
    },
    // What was asked of it is cut off; and whoever's access it was renewing waits until its claim has ended (10 s).
    explains: [CUT, 'reconnecting'],
    feltForMs: 15_000,
  },
  {
    name: 'Redis frozen for 4 s',
    async happen({ redis }) {
      redis.signal('SIGSTOP');
      await pause(4_000);
      redis.signal('SIGCONT');
    },
    explains: ['store_unavailable', 'reconnecting'],
    feltForMs: 5_000,
  },
  {
    name: 'the portal away for 10 s',
    happen: (world) => faulty(world, 10_000, ['rest', 'authorize'], { type: 'drop', when: 'before' }),
    explains: ['portal_failed', 'portal_timeout', AT_THE_PORTAL],
    feltForMs: 5_000,
  },
  {
    name: 'the authorization server answers after 9 s, for 15 s',
    happen: (world) => faulty(world, 15_000, ['token'], { type: 'delay', ms: 9_000, when: 'after' }),
    // People wait for 8 s; a sign-in then has to begin anew, a renewal goes on behind them.
    explains: ['reconnecting', 'portal_timeout'],
    feltForMs: 12_000,
  },
  {
    name: 'Redis killed, started after 3 s on its append-only file',
    async happen({ redis }) {
      await redis.kill();
      await pause(3_000);
      await redis.start();
    },
    explains: ['store_unavailable', 'reconnecting'],
    feltForMs: 5_000,
  },
];

async function faulty(
  { emulator }: World,
  ms: number,
  sites: Fault['on'][],
  effect: Fault['effect'],
): Promise<void> {
  const orders = sites.map((on) => emulator.orderFault({ on, times: Number.POSITIVE_INFINITY, effect }));
  await pause(ms);
  for (const order of orders) order.cancel();
}

/** One kind after the other, until it is over. Each is in the list from its first moment on. */
export async function makeTrouble(
  world: World,
  troubles: Trouble[],
  options: { everyMs: number; isOver: () => boolean },
): Promise<void> {
  for (let turn = 0; !options.isOver(); turn += 1) {
    const kind = KINDS[turn % KINDS.length] as Kind;
    const trouble: Trouble = { kind, from: Date.now(), to: Number.POSITIVE_INFINITY };
    troubles.push(trouble);
    await kind.happen(world, trouble);
    trouble.to = Date.now();
    const nextAt = trouble.from + options.everyMs;
    while (Date.now() < nextAt && !options.isOver()) await pause(100);
  }
}

/** What was going on while somebody saw this, or a moment before. */
export function troubleAt(troubles: Trouble[], { from, to }: Sighting): Trouble | undefined {
  return troubles.find((trouble) => trouble.from <= to && from <= trouble.to + trouble.kind.feltForMs);
}
