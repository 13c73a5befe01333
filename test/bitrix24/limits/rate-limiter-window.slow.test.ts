import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type OperatingReport, readOperating } from '../../../src/bitrix24/limits/operating-report.ts';
import {
  createRateLimiter,
  type Priority,
  type RateLimiter,
} from '../../../src/bitrix24/limits/rate-limiter.ts';
import { parseRequestLimits } from '../../../src/bitrix24/limits/request-limits.ts';
import { createTestLimitRecords } from '../../support/limit-records.ts';

/** A multiple of the window, so that the first part begins now. */
const START = 1_790_000_040_000;
const METHOD = 'crm.company.list';
const COST_SECONDS = 0.3;
const LIMIT = { budgetSeconds: 48, windowSeconds: 60 };
const PART_MS = (LIMIT.windowSeconds * 1000) / 10;
const WINDOWS = 3;
const MANY = 9_999;

const portalOf = { memberId: 'acme', host: 'acme.bitrix24.com', hostname: 'acme.bitrix24.com' };

/** As a portal counts (protocol 5): ten parts, and a call is refused if the time before it was used up. */
class CountingPortal {
  refusals = 0;
  /** Seconds by the instant at which their part began. */
  readonly used = new Map<number, number>();

  call(): unknown {
    if (this.#operating() >= LIMIT.budgetSeconds - 1e-9) {
      this.refusals += 1;
      return undefined;
    }
    const part = this.#currentPart();
    this.used.set(part, (this.used.get(part) ?? 0) + COST_SECONDS);
    const oldest = Math.min(...this.#parts().keys());
    return {
      operating: this.#operating(),
      operating_reset_at: Math.ceil((oldest + LIMIT.windowSeconds * 1000) / 1000),
      finish: Date.now() / 1000,
    };
  }

  /** What was used in each window, one after the other. */
  usedByWindow(): number[] {
    return Array.from({ length: WINDOWS }, (_, index) =>
      [...this.used]
        .filter(([part]) => Math.floor((part - START) / (LIMIT.windowSeconds * 1000)) === index)
        .reduce((sum, [, seconds]) => sum + seconds, 0),
    );
  }

  #operating(): number {
    return [...this.#parts().values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  #parts(): Map<number, number> {
    return new Map([...this.used].filter(([part]) => part + LIMIT.windowSeconds * 1000 > Date.now()));
  }

  #currentPart(): number {
    return Math.floor(Date.now() / PART_MS) * PART_MS;
  }
}

/** Numbers that look random and are the same each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

let portal: CountingPortal;
let replicas: RateLimiter[];
beforeEach(() => {
  jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  portal = new CountingPortal();
  const records = createTestLimitRecords();
  const limits = parseRequestLimits(`*.bitrix24.*=${MANY}/${MANY}`);
  replicas = [1, 2].map(() => createRateLimiter({ records, limits, operating: LIMIT }));
});
afterEach(() => {
  jest.useRealTimers();
});

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What one caller does, again and again; `wayMs` is how long requests and answers are on their way. */
interface Caller {
  limiter: RateLimiter;
  priority: Priority;
  /** Calls in one request. */
  calls: number;
  wayMs: () => number;
}

async function ask({ limiter, priority, calls, wayMs }: Caller): Promise<void> {
  const asking = { calls: new Map([[METHOD, calls]]), maxCallsOf: calls > 1 ? METHOD : undefined };
  const permit = await limiter.acquire(portalOf, asking, priority);
  await wait(wayMs());
  const times: unknown[] = [];
  for (let index = 0; index < Math.max(1, permit.granted); index += 1) {
    // A command is counted once it is done.
    await wait(COST_SECONDS * 1000);
    times.push(portal.call());
  }
  const finish = Date.now() / 1000;
  await wait(wayMs());
  const refused = times.includes(undefined);
  const report: OperatingReport = readOperating(times, calls > 1 ? finish : undefined);
  await Promise.all([
    permit.done(new Map(report.operating === null ? [] : [[METHOD, report]])),
    refused ? permit.refusedMethod(METHOD) : undefined,
  ]);
}

/** There is always work: whoever is done begins anew. */
async function keepAsking(callers: Caller[]): Promise<void> {
  const endAt = START + WINDOWS * LIMIT.windowSeconds * 1000;
  for (const caller of callers) {
    void (async () => {
      while (Date.now() < endAt) await ask(caller).catch(() => wait(500));
    })();
  }
  await jest.advanceTimersByTimeAsync(endAt - START);
}

const background: Priority = { kind: 'background', maxWaitMs: 600_000 };
const person: Priority = { kind: 'person', maxWaitMs: 3_000 };

function callers(count: number, build: (index: number) => Omit<Caller, 'limiter'>): Caller[] {
  return Array.from({ length: count }, (_, index) => ({
    limiter: replicas[index % replicas.length] as RateLimiter,
    ...build(index),
  }));
}

/** People with one call each, and work that reads in batches. */
const people = (count: number, wayMs: () => number) =>
  callers(count, () => ({ priority: person, calls: 1, wayMs }));
const readers = (count: number, wayMs: () => number, calls = 50) =>
  callers(count, () => ({ priority: background, calls, wayMs }));

/** Nobody was refused, and in no window was more than a tenth left over. */
function expectFullUse(): void {
  const used = portal.usedByWindow();
  expect({ refusals: portal.refusals, isWasted: Math.min(...used) < 0.9 * LIMIT.budgetSeconds }).toEqual({
    refusals: 0,
    isWasted: false,
  });
  expect(Math.max(...used)).toBeLessThanOrEqual(LIMIT.budgetSeconds + 1e-9);
}

describe('the budget of execution time, over three windows', () => {
  it.each([1, 2, 3])(
    'when two replicas read in batches (seed %d) › is used up, and never overrun',
    async (seed) => {
      const random = randomOf(seed);

      await keepAsking(readers(6, () => 20 + random() * 80));

      expectFullUse();
    },
  );

  it('when people ask, and answers arrive in their order › is used up by people, and never overrun', async () => {
    await keepAsking(people(20, () => 50));

    expectFullUse();
  });

  it.each([1, 2, 3])('when answers overtake each other a little (seed %d) › likewise', async (seed) => {
    const random = randomOf(seed);

    await keepAsking([...people(12, () => random() * 400), ...readers(4, () => random() * 400)]);

    expectFullUse();
  });

  it.each([
    [12, 4, 0, 6],
    [60, 0, 0, 1],
    [10, 0, 8, 5],
    [30, 6, 4, 4],
  ])(
    'when answers overtake each other (%d people, %d long and %d short readers, seed %d) › likewise',
    async (persons, long, short, seed) => {
      const random = randomOf(seed * 7919);
      const wayMs = () => random() * 400;

      await keepAsking([...people(persons, wayMs), ...readers(long, wayMs), ...readers(short, wayMs, 5)]);

      expectFullUse();
    },
  );
});
