import type { Size } from '../harness/size.ts';
import { pause, percentile, range } from '../harness/time.ts';
import { type Answer, callAs, type Visitor } from '../harness/visit.ts';
import type { World } from '../harness/world.ts';
import { type Scenario, tell } from '../scenario.ts';

/** How long the authorization server takes. */
const LATENCY_MS = 300;
/** What a refresh may cost beyond that, measured against the same callers with a token that works. */
const OVERHEAD_MS = 250;

/** R1: everybody wants the same expired token at once. */
export function oneExpiry(id: string, store: 'redis' | 'embedded'): Scenario {
  // The table gives a time for Redis; of the embedded store, calls and losses are asked.
  const isTimed = (size: Size) => size === 'full' && store === 'redis';
  return {
    id,
    title: `200 callers meet one expired chain at four replicas (${store})`,
    expected: `1 AS call, all 200${store === 'redis' ? `, p99 at most ${LATENCY_MS + OVERHEAD_MS} ms above that of callers with a good token` : ''}`,
    world: { store },
    isBounded: true,
    async run(world, size) {
      const callers = size === 'full' ? 200 : 40;
      const [visitor] = (await world.signIn(1)) as [Visitor];
      await callAtOnce(world, visitor, callers);
      const usual = await callAtOnce(world, visitor, callers);

      await expireByTime(world, visitor);
      world.order({
        effect: { type: 'delay', ms: LATENCY_MS, when: 'before' },
        times: Number.POSITIVE_INFINITY,
      });
      const answers = await callAtOnce(world, visitor, callers);

      const calls = world.refreshes([visitor]).length - 1;
      const good = count200(answers);
      const [p99, usualP99] = [p99Of(answers), p99Of(usual)];
      const { lost, stuck } = await world.countLost([visitor]);
      const isQuick = !isTimed(size) || p99 <= usualP99 + LATENCY_MS + OVERHEAD_MS;
      return {
        measured: tell({
          'AS calls': calls,
          '200s': `${good} of ${callers}`,
          'p99 ms': p99,
          'p99 ms with a good token': usualP99,
          lost,
          stuck,
        }),
        ok: calls === 1 && wereServed(answers, size) && lost + stuck === 0 && isQuick,
      };
    },
  };
}

/** R2: the same, again and again, and every time the portal is the one who says that the token has expired. */
export function manyExpiries(id: string, store: 'redis' | 'embedded'): Scenario {
  return {
    id,
    title: `the same at ten expiries in a row (${store})`,
    expected: 'as many AS calls as expiries, generation one more',
    world: { store },
    isBounded: true,
    async run(world, size) {
      const [callers, expiries] = size === 'full' ? [200, 10] : [20, 5];
      const [visitor] = (await world.signIn(1)) as [Visitor];

      const answers: Answer[] = [];
      for (const _ of range(expiries)) {
        world.portal.expireAccessTokens();
        answers.push(...(await callAtOnce(world, visitor, callers)));
      }

      const calls = world.refreshes([visitor]);
      const refused = calls.filter(({ error }) => error !== undefined).length;
      const gen = (await world.record(visitor))?.gen ?? 0;
      const { lost, stuck } = await world.countLost([visitor]);
      return {
        measured: tell({
          'AS calls': calls.length,
          refused,
          gen,
          '200s': `${count200(answers)} of ${callers * expiries}`,
          lost,
          stuck,
        }),
        ok:
          calls.length === expiries &&
          refused === 0 &&
          gen === expiries + 1 &&
          wereServed(answers, size) &&
          lost + stuck === 0,
      };
    },
  };
}

function callAtOnce(world: World, visitor: Visitor, callers: number): Promise<Answer[]> {
  return Promise.all(
    range(callers).map((index) => callAs(visitor, world.origins[index % world.origins.length] ?? '')),
  );
}

/** One refresh that brings a token of a second, so that our own clock finds it expired, without asking the portal. */
async function expireByTime(world: World, visitor: Visitor): Promise<void> {
  world.emulator.set({ accessTokenLifetimeSeconds: 1 });
  world.portal.expireAccessTokens();
  await callAs(visitor, world.origins[0] ?? '');
  world.emulator.set({ accessTokenLifetimeSeconds: 3600 });
  await pause(1000);
}

/** Beside all other tests the store may get no processor for half a second, and then people are told so. */
function wereServed(answers: Answer[], size: Size): boolean {
  const fine = size === 'full' ? [200] : [200, 503];
  return answers.every(({ status }) => fine.includes(status)) && count200(answers) > answers.length / 2;
}

function count200(answers: Answer[]): number {
  return answers.filter(({ status }) => status === 200).length;
}

function p99Of(answers: Answer[]): number {
  return percentile(
    answers.map(({ ms }) => ms),
    0.99,
  );
}
