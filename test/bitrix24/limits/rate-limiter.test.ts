import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PortalRoom, RequestCost } from '../../../src/bitrix24/limits/limit-decisions.ts';
import type { OperatingReport } from '../../../src/bitrix24/limits/operating-report.ts';
import {
  createRateLimiter,
  type LimitedPortal,
  type LimiterObserver,
  type Permit,
  PortalLimitedError,
  type Priority,
  type RateLimiter,
} from '../../../src/bitrix24/limits/rate-limiter.ts';
import type { RequestLimit } from '../../../src/bitrix24/limits/request-bucket.ts';
import { parseRequestLimits } from '../../../src/bitrix24/limits/request-limits.ts';
import type { LimitRecords } from '../../../src/bitrix24/limits/shared-limits.ts';
import { createLimitRecords } from '../../../src/portal-client/limit-records.ts';
import { MINUTE } from '../../support/clock.ts';
import { createTestLimitRecords, type TestLimitRecords } from '../../support/limit-records.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const START = 1_790_000_000_000;
const LIST = 'crm.company.list';
const USERS = 'user.get';

const cloud: LimitedPortal = aPortal('acme.bitrix24.com');
const box: LimitedPortal = aPortal('crm.acme.local');
/** Five at once, and two a second: four leave at once, because one place is spare. */
const small: LimitedPortal = aPortal('small.acme.com');
const limits = parseRequestLimits('*.bitrix24.*=50/2,small.acme.com=5/2,quick.acme.com=20/10');

let records: TestLimitRecords;
let limiter: RateLimiter;
beforeEach(() => {
  jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  records = createTestLimitRecords();
  limiter = newLimiter();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function aPortal(hostname: string): LimitedPortal {
  return { memberId: `of ${hostname}`, host: hostname, hostname };
}

/** A replica. Its budget of execution time is 48 seconds in a window of a minute. */
function newLimiter(shared: LimitRecords = records): RateLimiter {
  return createRateLimiter({ records: shared, limits, operating: { budgetSeconds: 48, windowSeconds: 60 } });
}

const aPerson = (overrides: Partial<Priority> = {}): Priority => ({
  kind: 'person',
  maxWaitMs: 3_000,
  ...overrides,
});
const someWork = (overrides: Partial<Priority> = {}): Priority => ({
  kind: 'background',
  maxWaitMs: 10 * MINUTE,
  ...overrides,
});
const once = (method = LIST): RequestCost => ({ calls: new Map([[method, 1]]) });
const upTo = (wanted: number): RequestCost => ({ calls: new Map([[LIST, wanted]]), maxCallsOf: LIST });

const aReport = (operating: number | null, overrides: Partial<OperatingReport> = {}): OperatingReport => ({
  operating,
  resetInMs: 30_000,
  agoMs: 0,
  costSeconds: 0.5,
  toldAt: null,
  ...overrides,
});
const told = (report: OperatingReport, method = LIST) => new Map([[method, report]]);

/** What becomes of somebody who enters: when they may leave, or why not. */
interface Fate {
  leftAt?: number;
  permit?: Permit;
  error?: unknown;
}

function watch(acquiring: Promise<Permit>): Fate {
  const fate: Fate = {};
  acquiring.then(
    (permit) => Object.assign(fate, { permit, leftAt: Date.now() - START }),
    (error: unknown) => Object.assign(fate, { error }),
  );
  return fate;
}

function acquireMany(count: number, portal: LimitedPortal, priority: Priority, by = [limiter]): Fate[] {
  return Array.from({ length: count }, (_, index) =>
    watch((by[index % by.length] ?? limiter).acquire(portal, once(), priority)),
  );
}

const permitOf = ({ permit }: Fate): Permit => {
  if (permit === undefined) throw new Error('nobody has passed');
  return permit;
};
const advance = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const timesOf = (fates: Fate[]) => fates.map(({ leftAt }) => leftAt);
const failureOf = (acquiring: Promise<Permit>): Promise<PortalLimitedError> =>
  acquiring.then(
    () => Promise.reject(new Error('passed')),
    (error: PortalLimitedError) => error,
  );

/** The bucket of a portal, as it fills when requests arrive. */
class StrictPortal {
  readonly arrivals: number[] = [];
  refusals = 0;
  readonly #limit: RequestLimit;
  #level = 0;
  #at = START;

  constructor(limit: RequestLimit) {
    this.#limit = limit;
  }

  arrive(): void {
    const now = Date.now();
    this.#level = Math.max(0, this.#level - ((now - this.#at) / 1000) * this.#limit.perSecond);
    this.#at = now;
    if (this.#level + 1 > this.#limit.burst) this.refusals += 1;
    else this.#level += 1;
    this.arrivals.push(now - START);
  }
}

describe('acquire(), as a person', () => {
  it('when there are places › leaves now, whatever else is known', async () => {
    const fates = acquireMany(4, small, aPerson());

    await advance(0);

    expect(timesOf(fates)).toEqual([0, 0, 0, 0]);
  });

  it('when the bucket is full › takes a place ahead of time, and waits for it', async () => {
    const fates = acquireMany(7, small, aPerson());

    await advance(499);
    expect(timesOf(fates).slice(4)).toEqual([undefined, undefined, undefined]);
    await advance(2_000);

    expect(timesOf(fates).slice(4)).toEqual([500, 1_000, 1_500]);
  });

  it('when a request comes later › it leaves after those that wait already', async () => {
    const early = acquireMany(6, small, aPerson());
    await advance(300);
    const late = acquireMany(1, small, aPerson());

    await advance(3_000);

    expect(timesOf(early).slice(4)).toEqual([500, 1_000]);
    expect(timesOf(late)).toEqual([1_500]);
  });

  it('when the wait is just as long as a person may wait › they wait', async () => {
    acquireMany(4, small, aPerson());
    const [fate] = acquireMany(1, small, aPerson({ maxWaitMs: 500 }));

    await advance(500);

    expect(fate?.leftAt).toBe(500);
  });

  it('when the wait is longer than a person may wait › rejects at once, and says when to come back', async () => {
    acquireMany(4 + 6, small, aPerson());
    await advance(0);

    const error = await failureOf(limiter.acquire(small, once(), aPerson()));

    expect(error).toBeInstanceOf(PortalLimitedError);
    expect(error).toMatchObject({
      code: 'portal_limited',
      status: 503,
      reason: undefined,
      retryAfterMs: 3_500,
      retryAfterSeconds: 4,
      message: 'no room within the limits of the portal for 3500 ms',
    });
  });

  it('when several are turned away › each is told a moment of their own', async () => {
    acquireMany(4 + 6, small, aPerson());
    await advance(0);

    const errors = [
      await failureOf(limiter.acquire(small, once(), aPerson())),
      await failureOf(newLimiter().acquire(small, once(), aPerson())),
      await failureOf(limiter.acquire(small, once(), aPerson())),
    ];

    expect(errors.map(({ retryAfterMs }) => retryAfterMs)).toEqual([3_500, 4_000, 4_500]);
  });

  it('when they come back at the moment they were told › there is a place', async () => {
    acquireMany(4 + 6, small, aPerson());
    const error = await failureOf(limiter.acquire(small, once(), aPerson()));
    await advance(error.retryAfterMs);

    const [fate] = acquireMany(1, small, aPerson());
    await advance(0);

    expect(fate?.leftAt).toBe(3_500);
  });

  it('when another portal is busy › this one is not', async () => {
    acquireMany(10, small, aPerson());
    const [fate] = acquireMany(1, cloud, aPerson());

    await advance(0);

    expect(fate?.leftAt).toBe(0);
  });
});

describe('acquire(), as background work', () => {
  it('when there are many calls › leaves five places to people', async () => {
    const work = acquireMany(45, cloud, someWork());
    await advance(0);
    const people = acquireMany(6, cloud, aPerson());
    await advance(0);

    expect(timesOf(work)).toEqual([...Array(44).fill(0), undefined]);
    expect(timesOf(people)).toEqual([0, 0, 0, 0, 0, undefined]);
  });

  it('when a portal takes few at once › leaves a tenth to people', async () => {
    const work = acquireMany(20, aPortal('quick.acme.com'), someWork());

    await advance(0);

    expect(work.filter(({ leftAt }) => leftAt === 0)).toHaveLength(17);
  });

  it('when it has to wait › asks again when there may be a place, and tells so', async () => {
    const onWait = jest.fn();
    acquireMany(4, small, someWork());
    const [fate] = acquireMany(1, small, someWork({ onWait }));

    await advance(499);
    expect(fate?.leftAt).toBe(undefined);
    await advance(2);

    expect(fate?.leftAt).toBeCloseTo(500, -1);
    expect(onWait.mock.calls).toEqual([[500]]);
  });

  it('when people come while it waits › they go first', async () => {
    acquireMany(4, small, someWork());
    const [work] = acquireMany(1, small, someWork());
    await advance(100);
    const people = acquireMany(3, small, aPerson());

    await advance(5_000);

    // Timers are cut to whole milliseconds.
    expect(timesOf(people)).toEqual([500, 1_000, 1_500].map((ms) => expect.closeTo(ms, -1)));
    expect(work?.leftAt).toBeGreaterThanOrEqual(2_000);
    expect(work?.leftAt).toBeLessThan(2_100);
  });

  it('when it may not wait so long › is told when to come back, and keeps no other request waiting', async () => {
    acquireMany(4 + 2, small, aPerson());
    await advance(0);

    const errors = [
      await failureOf(limiter.acquire(small, once(), someWork({ maxWaitMs: 1_000 }))),
      await failureOf(limiter.acquire(small, once(), someWork({ maxWaitMs: 1_000 }))),
    ];

    expect(errors.map(({ retryAfterMs }) => retryAfterMs)).toEqual([1_500, 1_500]);
  });

  it('when it has waited as long as it may › gives up', async () => {
    acquireMany(4, small, aPerson());
    const [fate] = acquireMany(1, small, someWork({ maxWaitMs: 1_200 }));
    await advance(100);
    acquireMany(2, small, aPerson());

    await advance(500);

    // It has waited for half a second, and would have to wait for a whole one more.
    expect(fate?.error).toMatchObject({ code: 'portal_limited', retryAfterSeconds: 1 });
  });
});

describe('acquire(), by a crowd', () => {
  const LIMIT: RequestLimit = { burst: 20, perSecond: 10 };
  const quick = aPortal('quick.acme.com');

  async function sendCrowd(by: RateLimiter[]): Promise<StrictPortal> {
    const portal = new StrictPortal(LIMIT);
    const arrive = async (index: number) => {
      const replica = by[index % by.length] ?? limiter;
      const priority = index % 3 === 0 ? someWork() : aPerson({ maxWaitMs: MINUTE });
      const permit = await replica.acquire(quick, once(), priority);
      portal.arrive();
      await permit.done(told(aReport(null, { costSeconds: null })));
    };
    // In three waves, the last of which finds the bucket empty.
    const waves = [0, 0, 0, 1_234, 30_000];
    const crowd = Array.from({ length: 200 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, waves[index % waves.length]));
      await arrive(index);
    });
    await advance(MINUTE);
    await Promise.all(crowd);
    return portal;
  }

  it('when two hundred come › the portal refuses none of them, and is never idle', async () => {
    const portal = await sendCrowd([limiter]);

    expect(portal.refusals).toBe(0);
    expect(portal.arrivals).toHaveLength(200);
    // 19 at once, and the others at ten a second; 17 and the others where it is background work that comes last.
    const [first, last] = [portal.arrivals.slice(0, 160), portal.arrivals.slice(160)];
    expect(first[18]).toBe(0);
    expect(first.at(-1)).toBeLessThan(14_500);
    expect(last[18]).toBeLessThan(30_300);
    expect(last.at(-1)).toBeLessThan(32_500);
  });

  it('when they come by two replicas › these keep to one bucket together', async () => {
    const portal = await sendCrowd([limiter, newLimiter()]);

    expect(portal.refusals).toBe(0);
    expect(portal.arrivals).toHaveLength(200);
    expect(portal.arrivals.at(159)).toBeLessThan(14_500);
  });

  it('when the two replicas share a store in which they overtake each other › likewise', async () => {
    const store = createMemoryStore(Date.now);

    const portal = await sendCrowd([
      newLimiter(createLimitRecords(store, 'app.1')),
      newLimiter(createLimitRecords(store, 'app.1')),
    ]);

    expect(portal.refusals).toBe(0);
    expect(portal.arrivals).toHaveLength(200);
    expect(portal.arrivals.at(159)).toBeLessThan(14_500);
  });

  it('when each replica kept to itself › the portal would refuse: the one that is simulated is strict', async () => {
    const portal = await sendCrowd([limiter, newLimiter(createTestLimitRecords())]);

    expect(portal.refusals).toBeGreaterThan(20);
  });

  it('when clients of two applications ask › each has a record of its own', async () => {
    const store = createMemoryStore(Date.now);
    const [first, second] = ['app.1', 'app.2'].map((id) => newLimiter(createLimitRecords(store, id)));

    const fates = acquireMany(8, small, aPerson(), [first ?? limiter, second ?? limiter]);
    await advance(0);

    expect(timesOf(fates)).toEqual(Array(8).fill(0));
  });
});

describe('acquire(), when the store is away', () => {
  const away = new Error('the store is away');

  it('when it cannot be asked › says why, and the next one may find it well', async () => {
    const change = jest.spyOn(records, 'change').mockRejectedValueOnce(away);

    await expect(limiter.acquire(small, once(), aPerson())).rejects.toBe(away);

    await limiter.acquire(small, once(), aPerson());
    expect(change).toHaveBeenCalledTimes(2);
  });

  it('when many ask at once › one after the other goes to the store', async () => {
    let [underWay, most] = [0, 0];
    const change = records.change.bind(records);
    jest.spyOn(records, 'change').mockImplementation(async (memberId, decide) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const result = await change(memberId, decide);
      underWay -= 1;
      return result as never;
    });

    acquireMany(10, small, aPerson());
    await advance(0);

    expect(most).toBe(1);
  });
});

describe('refusedRequest()', () => {
  it('when the limit is known › the bucket is full', async () => {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.refusedRequest();

    const fates = acquireMany(2, cloud, aPerson());
    await advance(3_000);

    expect(timesOf(fates)).toEqual([1_000, 1_500]);
  });

  it('when the portal had no limit › has that of the cloud, on all replicas', async () => {
    const other = newLimiter();
    await other.acquire(box, once(), aPerson());
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.refusedRequest();
    await advance(1_000);

    const fates = acquireMany(51, box, aPerson({ maxWaitMs: MINUTE }), [other, limiter]);
    await advance(MINUTE);

    // Two places have come free in that second, of which one is spare.
    expect(timesOf(fates).slice(0, 3)).toEqual([1_000, 1_500, 2_000]);
    expect(timesOf(fates).at(-1)).toBe(26_000);
  });

  it('when ten minutes have passed › the portal has no limit again', async () => {
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.refusedRequest();
    await advance(10 * MINUTE - 1);
    const limited = acquireMany(60, box, aPerson({ maxWaitMs: 0 }));
    await advance(1);
    const free = acquireMany(30, box, aPerson({ maxWaitMs: 0 }));
    await advance(0);

    expect(limited.filter(({ leftAt }) => leftAt !== undefined)).toHaveLength(49);
    expect(timesOf(free)).toEqual(Array(30).fill(10 * MINUTE));
  });

  it('when the portal refuses again › ten minutes begin anew', async () => {
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.refusedRequest();
    await advance(9 * MINUTE);
    await permit.refusedRequest();
    await advance(9 * MINUTE);

    const fates = acquireMany(60, box, aPerson({ maxWaitMs: 0 }));
    await advance(0);

    expect(fates.filter(({ leftAt }) => leftAt !== undefined)).toHaveLength(49);
  });

  it('when people wait for places already › requests that come then leave after them', async () => {
    const early = acquireMany(4 + 4, small, aPerson());
    await advance(0);
    await permitOf(early[0] ?? {}).refusedRequest();

    const [late] = acquireMany(1, small, aPerson());
    await advance(5_000);

    expect(timesOf(early).slice(4)).toEqual([500, 1_000, 1_500, 2_000]);
    expect(late?.leftAt).toBeGreaterThanOrEqual(2_500);
  });

  // Every permit writes the record anew, so that it never lapses, and each request costs two trips for ever.
  it('when ten minutes have passed › nothing more is written for a portal that counts nothing', async () => {
    const ask = async () => {
      const permit = await limiter.acquire(box, once(), aPerson());
      await permit.done(told(aReport(null, { costSeconds: null })));
      return permit;
    };
    await (await ask()).refusedRequest();
    await advance(10 * MINUTE);
    await ask();
    records.writes = 0;

    await ask();

    expect(records.writes).toBe(0);
  });
});

describe('refusedMethod()', () => {
  it('when a method has used up its time › it waits, and others do not', async () => {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.refusedMethod(LIST);

    const blocked = watch(limiter.acquire(cloud, once(LIST), someWork()));
    const other = watch(limiter.acquire(cloud, once(USERS), someWork()));
    await advance(6_249);
    expect(blocked.leftAt).toBe(undefined);
    await advance(1);

    expect(other.leftAt).toBe(0);
    // A tenth of the window, and a moment.
    expect(blocked.leftAt).toBe(6_250);
  });

  it('when a request needs the blocked method and others › it waits as a whole', async () => {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.refusedMethod(LIST);

    const calls = new Map([
      [USERS, 1],
      [LIST, 1],
    ]);
    const fate = watch(limiter.acquire(cloud, { calls }, someWork()));
    await advance(6_250);

    expect(fate.leftAt).toBe(6_250);
  });

  it('when a person cannot wait for it › is told why, and a moment of their own', async () => {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.refusedMethod(LIST);

    const error = await failureOf(limiter.acquire(cloud, once(), aPerson()));

    // Half of the two seconds over which they are scattered.
    expect(error).toMatchObject({
      code: 'portal_limited',
      reason: 'operating',
      retryAfterMs: 7_250,
      retryAfterSeconds: 8,
    });
  });

  it('when the portal has reported when the oldest part falls out › waits until then', async () => {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.done(told(aReport(10, { resetInMs: 57_000 })));
    await permit.refusedMethod(LIST);

    const fate = watch(limiter.acquire(cloud, once(), someWork()));
    await advance(MINUTE);

    expect(fate.leftAt).toBe(57_250);
  });

  it('when the portal had no limits › it waits all the same, on all replicas', async () => {
    const other = newLimiter();
    await other.acquire(box, once(), aPerson());
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.refusedMethod(LIST);
    await advance(1_000);

    const error = await failureOf(other.acquire(box, once(), aPerson()));

    expect(error.reason).toBe('operating');
  });
});

describe('the budget of execution time', () => {
  /** Somebody whose answer says how much is used, half a second a call. */
  async function use(operating: number, overrides: Partial<OperatingReport> = {}): Promise<void> {
    const permit = await limiter.acquire(cloud, once(), aPerson());
    await permit.done(told(aReport(operating, overrides)));
  }

  it('when as many are under way as the budget allows › no other request leaves', async () => {
    await use(47);
    const fates = acquireMany(3, cloud, aPerson());

    await advance(0);

    expect(timesOf(fates)).toEqual([0, 0, undefined]);
    await advance(3_000);
    expect(fates[2]?.error).toMatchObject({ reason: 'operating' });
  });

  it('when one of them comes back with nothing to tell › there is room again', async () => {
    await use(47);
    const [first] = acquireMany(2, cloud, aPerson());
    await advance(0);
    await permitOf(first ?? {}).done();

    const fates = acquireMany(2, cloud, aPerson());
    await advance(0);

    expect(timesOf(fates)).toEqual([0, undefined]);
  });

  it('when answers tell what is used › nothing stays booked', async () => {
    await use(47);
    const fates = acquireMany(2, cloud, aPerson());
    await advance(0);
    await permitOf(fates[0] ?? {}).done(told(aReport(47.2, { costSeconds: 0.2 })));
    await permitOf(fates[1] ?? {}).done(told(aReport(47.4, { costSeconds: 0.2 })));

    const [next] = acquireMany(1, cloud, aPerson());
    await advance(0);

    expect(next?.leftAt).toBe(0);
  });

  it('when a call never reports back › what it booked is free after a minute and a half', async () => {
    // What is used stays in the window for longer than that.
    await use(47.5, { resetInMs: 200_000 });
    await limiter.acquire(cloud, once(), aPerson());
    await advance(89_999);
    const early = watch(limiter.acquire(cloud, once(), aPerson({ maxWaitMs: 0 })));
    await advance(1);
    const late = watch(limiter.acquire(cloud, once(), aPerson()));
    await advance(0);

    expect(early.error).toMatchObject({ reason: 'operating' });
    expect(late.leftAt).toBe(90_000);
  });

  // What is under way is booked with what it may cost at most; whoever is told to wait for the window waits for too long.
  it('when what is booked turns out to cost less › work that waits leaves as soon as that is known', async () => {
    await use(44, { costSeconds: 1 });
    const first = await limiter.acquire(cloud, upTo(2), someWork());
    const second = watch(limiter.acquire(cloud, once(), someWork()));
    await advance(1_000);
    await first.done(told(aReport(44.2, { costSeconds: 0.1 })));

    await advance(5_000);

    expect(second.leftAt).toBeLessThanOrEqual(6_000);
  });

  it('when the budget is used up › a person who cannot wait is told when the window rolls', async () => {
    await use(48);

    const error = await failureOf(limiter.acquire(cloud, once(), aPerson()));

    // Used in the sixth part of ten: 60 seconds, a moment, and half of what scatters people.
    expect(error).toMatchObject({ reason: 'operating', retryAfterMs: 60_000 + 250 + 1_000 });
  });

  it('when the window has rolled › all of the budget is there again', async () => {
    await use(48);
    const work = watch(limiter.acquire(cloud, upTo(50), someWork()));

    await advance(60_249);
    expect(work.leftAt).toBe(undefined);
    await advance(1);

    expect(work).toMatchObject({ leftAt: 60_250, permit: { granted: 16 } });
  });

  it('when it is nearly used up › background work leaves the last twenty-fifth to people', async () => {
    await use(46);
    const work = watch(limiter.acquire(cloud, once(), someWork()));
    const person = watch(limiter.acquire(cloud, once(), aPerson()));

    await advance(0);

    expect(work.leftAt).toBe(undefined);
    expect(person.leftAt).toBe(0);
  });

  it('when an answer tells nothing new › nothing is written for it', async () => {
    await use(0, { costSeconds: 0 });
    const permit = await limiter.acquire(cloud, once(), aPerson());
    records.writes = 0;

    await permit.done(told(aReport(0, { costSeconds: 0 })));

    expect(records.writes).toBe(0);
  });

  it('when another method is used up › this one is not', async () => {
    await use(48);

    const fate = watch(limiter.acquire(cloud, once(USERS), aPerson()));
    await advance(0);

    expect(fate.leftAt).toBe(0);
  });

  it('when both replicas use it › they keep to one budget', async () => {
    await use(47);
    const fates = acquireMany(4, cloud, aPerson(), [limiter, newLimiter()]);

    await advance(0);

    expect(timesOf(fates)).toEqual([0, 0, undefined, undefined]);
  });

  describe('of a batch that may be shorter', () => {
    it.each([
      ['nobody knows what a call costs', null, 16],
      ['a call costs half a second', 0.5, 16],
      ['a call costs a tenth of a second', 0.1, 50],
      ['a call costs five seconds', 5, 1],
      ['a call costs ten seconds', 10, 1],
      ['a call costs nothing', 0, 50],
    ])('when %s (%j) › grants what is done within eight seconds: %d', async (_, costSeconds, granted) => {
      if (costSeconds !== null) await use(1, { costSeconds });

      const permit = await limiter.acquire(cloud, upTo(50), someWork());

      expect(permit.granted).toBe(granted);
    });

    it('when fewer are wanted › grants no more', async () => {
      expect((await limiter.acquire(cloud, upTo(3), someWork())).granted).toBe(3);
    });

    it('when the budget has room for a few › grants those', async () => {
      // 46.08 seconds are for background work.
      await use(44);

      const permit = await limiter.acquire(cloud, upTo(50), someWork());

      expect(permit.granted).toBe(4);
    });

    it('when the few are under way › the next batch waits for the window to roll', async () => {
      const onWait = jest.fn<(ms: number) => void>();
      await use(44);
      const first = await limiter.acquire(cloud, upTo(50), someWork());
      await first.done(told(aReport(46)));
      const second = watch(limiter.acquire(cloud, upTo(50), someWork({ onWait })));

      await advance(60_249);
      expect(second.leftAt).toBe(undefined);
      await advance(1);

      expect(onWait.mock.calls).toEqual([[60_250]]);
      expect(second).toMatchObject({ leftAt: 60_250, permit: { granted: 16 } });
    });

    it('when it was shorter › only what was granted is booked', async () => {
      await limiter.acquire(cloud, upTo(50), someWork());

      expect(JSON.parse(records.read(cloud.memberId) ?? '')).toMatchObject({
        methods: { [LIST]: { reserved: [{ seconds: 8, until: START + 90_000 }] } },
      });
    });

    it('when it was shorter, and does not tell what a call costs › the time is that of the granted ones', async () => {
      await use(44);
      const permit = await limiter.acquire(cloud, upTo(50), someWork());
      await permit.done(told(aReport(44 + 4 * 0.4, { costSeconds: null })));

      const { methods } = JSON.parse(records.read(cloud.memberId) ?? '');
      expect(permit.granted).toBe(4);
      // Careful: seven tenths of what it was, and three of what was seen.
      expect(methods[LIST].costSeconds).toBeCloseTo(0.7 * 0.5 + 0.3 * 0.4, 9);
    });

    it('when a batch goes without it › nothing is granted', async () => {
      expect((await limiter.acquire(cloud, once(), someWork())).granted).toBe(0);
    });
  });

  // Only the time for one is known, though there is room for one: it asks five times a second, and tells people nonsense.
  it('when one of two calls would fit › a person is told when both do', async () => {
    await use(47.4);

    const fate = watch(limiter.acquire(cloud, { calls: new Map([[LIST, 2]]) }, aPerson()));
    await advance(5_000);

    expect(fate.error).toMatchObject({ reason: 'operating', retryAfterMs: 60_000 + 250 + 1_000 });
  });
});

describe('a portal without limits', () => {
  it('when many ask › all leave now, with all they want', async () => {
    const fates = Array.from({ length: 300 }, () => watch(limiter.acquire(box, upTo(50), someWork())));

    await advance(0);

    expect(fates.filter(({ permit, leftAt }) => permit?.granted === 50 && leftAt === 0)).toHaveLength(300);
  });

  it('when they ask one after the other › looks once a second whether there are some', async () => {
    for (let index = 0; index < 30; index += 1) {
      const permit = await limiter.acquire(box, once(), aPerson());
      await permit.done(told(aReport(null, { costSeconds: null })));
      await advance(100);
    }

    expect(records).toMatchObject({ trips: 3, writes: 0 });
  });

  // Nobody waits for the look-up that is under way already.
  it('when many ask at once › looks once', async () => {
    acquireMany(30, box, aPerson());
    await advance(0);

    expect(records.trips).toBe(1);
  });

  it.each([
    ['does not count', null],
    ['counts, but nothing so far', 0],
  ])('when its answers say that it %s › there is nothing to remember', async (_, operating) => {
    const permit = await limiter.acquire(box, once(), aPerson());

    await permit.done(told(aReport(operating, { costSeconds: 0 })));

    expect(records.read(box.memberId)).toBe(null);
  });

  it('when there is no report › there is nothing to remember', async () => {
    const permit = await limiter.acquire(box, once(), aPerson());

    await permit.done();

    expect(records.read(box.memberId)).toBe(null);
  });

  it('when its answers tell of execution time › it is counted from then on', async () => {
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.done(told(aReport(48)));

    const error = await failureOf(limiter.acquire(box, once(), aPerson()));

    expect(error.reason).toBe('operating');
  });

  it('when another replica has a report › this one knows within a second', async () => {
    const other = newLimiter();
    await other.acquire(box, once(), aPerson());
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.done(told(aReport(48)));

    await advance(999);
    const early = watch(other.acquire(box, once(), aPerson()));
    await advance(1);
    const error = await failureOf(other.acquire(box, once(), aPerson()));

    expect(early.permit?.granted).toBe(0);
    expect(error.reason).toBe('operating');
  });

  it('when it counts execution time › requests are not counted', async () => {
    const permit = await limiter.acquire(box, once(), aPerson());
    await permit.done(told(aReport(1, { costSeconds: 0 })));

    const fates = acquireMany(300, box, aPerson({ maxWaitMs: 0 }));
    await advance(0);

    expect(fates.filter(({ leftAt }) => leftAt === 0)).toHaveLength(300);
  });
});

describe('a record that cannot be read', () => {
  it.each([
    ['is empty', ''],
    ['is no JSON', '{"v":1,'],
    ['is null', 'null'],
    ['is a list', '[]'],
    ['is of another version', aRecord({ v: 2, bucket: { level: 4, at: START } })],
    ['has no number where one belongs', aRecord({ bucket: { level: '99', at: START } })],
    ['has lost a field', aRecord({ methods: { [LIST]: { spent: [] } } })],
  ])('when it %s › counts as nothing, and is written anew', async (_, text) => {
    records.put(small.memberId, text);

    const fates = acquireMany(5, small, aPerson());
    await advance(0);

    expect(timesOf(fates)).toEqual([0, 0, 0, 0, undefined]);
    expect(JSON.parse(records.read(small.memberId) ?? '')).toMatchObject({ v: 1, bucket: { level: 5 } });
  });

  it('when it can be read › counts', async () => {
    records.put(small.memberId, aRecord({ bucket: { level: 4, at: START } }));

    const [fate] = acquireMany(1, small, aPerson());
    await advance(500);

    expect(fate?.leftAt).toBe(500);
  });

  function aRecord(overrides: object): string {
    const empty = { level: 0, at: 0 };
    return JSON.stringify({ v: 1, bucket: empty, queue: empty, learntUntil: 0, methods: {}, ...overrides });
  }
});

describe('a caller who gives up', () => {
  const reason = new Error('nobody waits any more');
  let ending: AbortController;
  beforeEach(() => {
    ending = new AbortController();
  });

  it('when they gave up before › takes no place', async () => {
    ending.abort(reason);

    await expect(limiter.acquire(small, once(), aPerson({ signal: ending.signal }))).rejects.toBe(reason);

    expect(records.read(small.memberId)).toBe(null);
  });

  it.each([
    ['a person who waits for a place', aPerson()],
    ['work that waits to ask again', someWork()],
  ])('when it is %s › the wait ends at once, with their reason', async (_, priority) => {
    acquireMany(4, small, aPerson());
    const fate = watch(limiter.acquire(small, once(), { ...priority, signal: ending.signal }));
    await advance(100);

    ending.abort(reason);
    await advance(0);

    expect(fate.error).toBe(reason);
  });

  it('when they wait and do not give up › nothing is left listening', async () => {
    acquireMany(4, small, aPerson());
    const fate = watch(limiter.acquire(small, once(), aPerson({ signal: ending.signal })));
    await advance(100);
    const during = getEventListeners(ending.signal, 'abort').length;
    await advance(400);

    expect(fate.leftAt).toBe(500);
    expect([during, getEventListeners(ending.signal, 'abort').length]).toEqual([1, 0]);
  });

  // The signal is looked at before the trip to the store, and listened to after it.
  it('when they give up while the store is asked › does not wait', async () => {
    acquireMany(4, small, aPerson());
    await advance(0);
    const change = records.change.bind(records);
    jest.spyOn(records, 'change').mockImplementationOnce(async (memberId, decide) => {
      const result = await change(memberId, decide);
      ending.abort(reason);
      return result as never;
    });

    const fate = watch(limiter.acquire(small, once(), aPerson({ signal: ending.signal })));
    await advance(100);

    expect(fate.error).toBe(reason);
  });

  // What they had booked stays booked for a minute and a half: nobody is left who could say that it is over.
  it('when they had booked execution time › it is free again', async () => {
    acquireMany(4, small, aPerson());
    const fate = watch(limiter.acquire(small, once(USERS), aPerson({ signal: ending.signal })));
    await advance(100);
    ending.abort(reason);
    await advance(0);

    expect(fate.error).toBe(reason);
    expect(JSON.parse(records.read(small.memberId) ?? '')).toMatchObject({
      methods: { [USERS]: { reserved: [] } },
    });
  });
});

describe('an observer', () => {
  let told: string[];
  let roomIn: (ms: number) => PortalRoom;
  let watched: RateLimiter;
  beforeEach(() => {
    told = [];
    const observer: LimiterObserver = {
      waited: ({ host }, ms) => told.push(`${host} waited ${Math.round(ms)}`),
      turnedAway: ({ host }, by) => told.push(`${host} turned away by ${by}`),
      refused: ({ host }, by) => told.push(`${host} refused for ${by}`),
      looked(_portal, room) {
        roomIn = room;
      },
    };
    watched = createRateLimiter({
      records,
      limits,
      operating: { budgetSeconds: 48, windowSeconds: 60 },
      observer,
    });
  });

  it('is told how long requests waited, and which were turned away', async () => {
    acquireMany(5, small, aPerson(), [watched]);
    await advance(500);

    await failureOf(watched.acquire(small, once(), aPerson({ maxWaitMs: 100 })));

    const free = Array(4).fill('small.acme.com waited 0');
    expect(told).toEqual([...free, 'small.acme.com waited 500', 'small.acme.com turned away by requests']);
  });

  it('is told of refusals, also of a portal without limits', async () => {
    const permit = await watched.acquire(box, once(), aPerson());

    await permit.refusedRequest();
    await permit.refusedMethod(LIST);

    expect(told).toEqual(['crm.acme.local refused for requests', 'crm.acme.local refused for operating']);
  });

  it('is told what is left, and can compute what will be left later', async () => {
    acquireMany(3, small, aPerson(), [watched]);
    await advance(0);

    const rooms = [0, 400, 600, 60_000].map((ms) => roomIn(ms).requests);

    // Four places at once, of which three are taken, and two more each second.
    expect(rooms).toEqual([1, 1, 2, 4]);
  });

  it('is told of the execution time that the method with the least has left', async () => {
    const [fate = {}] = acquireMany(1, small, aPerson(), [watched]);
    await advance(0);
    await permitOf(fate).done(told48(LIST, 30));
    const [other = {}] = acquireMany(1, small, aPerson(), [watched]);
    await advance(0);

    await permitOf(other).done(told48(USERS, 10));
    const rooms = [roomIn(0), roomIn(2 * MINUTE)].map(({ operatingSeconds }) => operatingSeconds);

    expect(rooms).toEqual([18, 48]);
  });

  it('is told of none while the portal refuses the method', async () => {
    const [fate = {}] = acquireMany(1, small, aPerson(), [watched]);
    await advance(0);

    await permitOf(fate).refusedMethod(LIST);

    expect(roomIn(0).operatingSeconds).toBe(0);
  });

  const told48 = (method: string, seconds: number) => new Map([[method, aReport(seconds)]]);
});
