import { atOnce, pause } from '../harness/time.ts';
import { callUntilSettled } from '../harness/visit.ts';
import { type Scenario, tell } from '../scenario.ts';

/** Which write to the token record loses its answer. */
const KINDS = [
  { name: 'claim', nth: 1 },
  { name: 'commit', nth: 2 },
];

/** R16: the step was taken, and whoever took it does not know. */
export const cutAnswers: Scenario = {
  id: 'R16',
  title: 'the connection to Redis is cut after a step was carried out, before its answer',
  expected: 'generation +1 exactly, one AS call per chain, every caller gets its 200',
  world: { store: 'redis', redisWires: true },
  isBounded: true,
  async run(world, size) {
    const perKind = size === 'full' ? 100 : 3;
    const visitors = await world.signIn(perKind * KINDS.length, { accessTokenLifetimeSeconds: 1 });
    await pause(1000);

    const cuts: Record<string, number> = {};
    let answered = 0;
    // Each replica meets one cut after the other; all of them at once, as each has a wire of its own.
    await atOnce(world.replicas.length, world.replicas, async (replica, place) => {
      for (const [index, visitor] of visitors.entries()) {
        if (index % world.replicas.length !== place) continue;
        const kind = KINDS[Math.floor(index / perKind)] ?? { name: '', nth: 0 };
        const before = replica.redisWire?.cuts() ?? 0;
        replica.redisWire?.cutAfterRequest(nthWriteOf(`:${visitor.userId}\r\n`, kind.nth));
        const { last } = await callUntilSettled(visitor, [replica.origin], { pauseMs: 500 });
        replica.redisWire?.cutAfterRequest(() => false);
        if (last.status === 200) answered += 1;
        cuts[kind.name] = (cuts[kind.name] ?? 0) + (replica.redisWire?.cuts() ?? 0) - before;
      }
    });

    const calls = visitors.map((visitor) => world.refreshes([visitor]).length);
    const gens = (await world.records(visitors)).map((record) => record?.gen);
    const { lost, stuck } = await world.countLost(visitors);
    const gensRight = gens.filter((gen) => gen === 2).length;
    return {
      measured: tell({
        cuts: tell(cuts),
        'generation 2': `${gensRight} of ${visitors.length}`,
        'double AS calls': calls.filter((count) => count > 1).length,
        '200s': answered,
        lost,
        stuck,
      }),
      ok:
        gensRight === visitors.length &&
        calls.every((count) => count === 1) &&
        answered === visitors.length &&
        KINDS.every(({ name }) => cuts[name] === perKind) &&
        lost + stuck === 0,
    };
  },
};

/** Fits the n-th command that may write this key; reading it is not among them. */
function nthWriteOf(endOfKey: string, nth: number): (bytes: Buffer) => boolean {
  let seen = 0;
  return (bytes) => {
    const text = bytes.toString('latin1');
    const isWrite =
      text.includes('b24:tokens:') &&
      text.includes(endOfKey) &&
      /\$\d+\r\n(eval|evalsha|set)\r\n/i.test(text);
    if (isWrite) seen += 1;
    return isWrite && seen === nth;
  };
}
