import { describe, expect, it } from '@jest/globals';
import {
  blockMethod,
  costOf,
  fitCalls,
  type MethodUse,
  OPERATING_LIMIT,
  type OperatingLimit,
  refreshUse,
  reserveCalls,
  settleCalls,
  UNUSED,
} from '../../../src/bitrix24/limits/operating-budget.ts';
import { type OperatingReport, readOperating } from '../../../src/bitrix24/limits/operating-report.ts';

/** A window of a minute, in ten parts of six seconds. */
const LIMIT: OperatingLimit = { budgetSeconds: 48, windowSeconds: 60 };
const NOW = 1_790_000_000_000;
const ALL = { wanted: 1_000, share: 1 };

/** Half a second a call, nothing used; the test overrides what it is about. */
const aUse = (overrides: Partial<MethodUse> = {}): MethodUse => ({
  ...UNUSED,
  costSeconds: 0.5,
  ...overrides,
});
const spent = (seconds: number, inMs = 30_000) => ({ seconds, until: NOW + inMs });
const reserved = (seconds: number, id = 'other', inMs = 90_000) => ({ id, ...spent(seconds, inMs) });

/** The oldest part falls out in half a minute. */
const aReport = (overrides: Partial<OperatingReport> = {}): OperatingReport => ({
  operating: 10,
  resetInMs: 30_000,
  agoMs: 0,
  costSeconds: 0.5,
  toldAt: null,
  ...overrides,
});

const settle = (use: MethodUse, report: OperatingReport | undefined, calls = 1) =>
  settleCalls(use, LIMIT, NOW, { id: 'mine', calls, report });

describe('OPERATING_LIMIT', () => {
  it('when nothing else is said › is what portals grant at least', () => {
    expect(OPERATING_LIMIT).toEqual({ budgetSeconds: 420, windowSeconds: 600 });
  });
});

describe('fitCalls()', () => {
  it('when nothing is used › as many fit as the budget pays for', () => {
    expect(fitCalls(aUse(), LIMIT, NOW, ALL)).toEqual({ calls: 96, waitMs: 0 });
  });

  it('when fewer are wanted › no more than that', () => {
    expect(fitCalls(aUse(), LIMIT, NOW, { wanted: 5, share: 1 })).toEqual({ calls: 5, waitMs: 0 });
  });

  it('when no call was answered yet › one is expected to cost half a second', () => {
    expect(fitCalls(UNUSED, LIMIT, NOW, ALL)).toEqual({ calls: 96, waitMs: 0 });
    expect(costOf(UNUSED)).toBe(0.5);
  });

  it('when something is used, and something under way › both are taken off', () => {
    const use = aUse({ spent: [spent(20), spent(10, 36_000)], reserved: [reserved(8)] });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 20, waitMs: 0 });
  });

  it('when a share is left to others › so many fewer fit', () => {
    expect(fitCalls(aUse({ spent: [spent(20)] }), LIMIT, NOW, { wanted: 1_000, share: 0.5 })).toEqual({
      calls: 8,
      waitMs: 0,
    });
  });

  it('when a lower budget was learnt › goes by that', () => {
    expect(fitCalls(aUse({ budgetSeconds: 12 }), LIMIT, NOW, ALL)).toEqual({ calls: 24, waitMs: 0 });
  });

  it('when tenths do not add up exactly › the last call fits all the same', () => {
    const use = aUse({ costSeconds: 0.1, spent: Array(479).fill(spent(0.1)) });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 1, waitMs: 0 });
  });

  it('when the budget is used up to less than a call › waits until enough has fallen out, and a moment', () => {
    const use = aUse({ spent: [spent(0.2, 12_000), spent(0.2, 18_000), spent(47.3, 24_000)] });

    // 0.3 seconds are free: the first part brings what is missing.
    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 0, waitMs: 12_250 });
  });

  it('when one part is not enough › waits for the one after it, whatever their order', () => {
    const use = aUse({ spent: [spent(47.2, 24_000), spent(0.4, 18_000), spent(0.2, 12_000)] });

    // 0.2 seconds are free: the first two bring what is missing.
    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 0, waitMs: 18_250 });
  });

  it('when everything is under way › asks again soon', () => {
    const use = aUse({ reserved: [reserved(48)] });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 0, waitMs: 200 });
  });

  it('when a call seems to cost more than the whole budget › one finds out whether that is so', () => {
    const use = aUse({ costSeconds: 50 });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 1, waitMs: 0 });
    expect(fitCalls({ ...use, spent: [spent(10)] }, LIMIT, NOW, ALL)).toMatchObject({ calls: 0 });
  });

  it('when calls cost nothing › all fit, whatever is used', () => {
    const use = aUse({ costSeconds: 0, spent: [spent(48)] });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 1_000, waitMs: 0 });
  });

  it.each([
    [1, { calls: 0, waitMs: 1 }],
    [0, { calls: 96, waitMs: 0 }],
  ])('when the portal has refused, and says nothing else for %d ms › %j', (ms, fit) => {
    expect(fitCalls(aUse({ blockedUntil: NOW + ms }), LIMIT, NOW, ALL)).toEqual(fit);
  });

  it('when the portal has refused › even calls that cost nothing wait', () => {
    const use = aUse({ costSeconds: 0, blockedUntil: NOW + 5_000 });

    expect(fitCalls(use, LIMIT, NOW, ALL)).toEqual({ calls: 0, waitMs: 5_000 });
  });
});

describe('reserveCalls()', () => {
  it('when calls are about to leave › what they may cost is booked for a minute and a half', () => {
    const use = reserveCalls(aUse({ reserved: [reserved(1)] }), 'mine', 3, NOW);

    expect(use.reserved).toEqual([reserved(1), reserved(1.5, 'mine')]);
  });

  it('when a call is not known yet › half a second is booked', () => {
    expect(reserveCalls(UNUSED, 'mine', 2, NOW).reserved).toEqual([reserved(1, 'mine')]);
  });

  it('when calls cost nothing › there is nothing to book', () => {
    const use = aUse({ costSeconds: 0 });

    expect(reserveCalls(use, 'mine', 3, NOW)).toBe(use);
  });

  it('when something is booked › what was there before is left as it was', () => {
    const before = structuredClone(UNUSED);

    reserveCalls(UNUSED, 'mine', 1, NOW);

    expect(UNUSED).toEqual(before);
  });
});

describe('settleCalls()', () => {
  it('when the answer never came › what was booked is free again, and nothing else changes', () => {
    const use = aUse({ spent: [spent(5)], reserved: [reserved(1), reserved(2, 'mine')] });

    expect(settle(use, undefined)).toEqual({ ...use, reserved: [reserved(1)] });
  });

  it('when a portal does not count › calls cost nothing', () => {
    const use = settle(reserveCalls(UNUSED, 'mine', 1, NOW), aReport({ operating: null, costSeconds: null }));

    expect(use).toEqual({ ...UNUSED, costSeconds: 0 });
  });

  it('when a portal that counts does not tell for once › its cost stays known', () => {
    expect(settle(aUse(), aReport({ operating: null, costSeconds: null })).costSeconds).toBe(0.5);
  });

  it('when the portal tells what is used › all of it is kept until the part falls out', () => {
    const use = settle(reserveCalls(UNUSED, 'mine', 4, NOW), aReport({ operating: 2 }), 4);

    // Half of the window lies between the oldest part and now.
    expect(use).toMatchObject({ costSeconds: 0.5, spent: [spent(2, 60_000)], reserved: [] });
  });

  it('when the portal counts more than we did › the rest was used just now', () => {
    const use = settle(aUse({ spent: [spent(8)] }), aReport({ operating: 10 }));

    expect(use.spent).toEqual([spent(8), spent(2, 60_000)]);
  });

  it('when it was used in the same part as the last › they are one', () => {
    const use = settle(aUse({ spent: [spent(8, 60_000)] }), aReport({ operating: 10 }));

    expect(use.spent).toEqual([spent(10, 60_000)]);
  });

  // The instants of two answers differ by the milliseconds of their way, so that every call makes an entry of its own:
  // thousands of them in one record.
  it('when answers of the same part came by ways of different length › they are one', () => {
    const use = settle(aUse({ spent: [spent(8, 60_003)] }), aReport({ operating: 10 }));

    expect(use.spent).toHaveLength(1);
    expect(use.spent[0]?.seconds).toBe(10);
  });

  it('when the portal counts less than we did › the oldest has fallen out', () => {
    const use = settle(
      aUse({ spent: [spent(3, 12_000), spent(4, 18_000), spent(5, 24_000)] }),
      aReport({ operating: 8 }),
    );

    expect(use.spent).toEqual([spent(3, 18_000), spent(5, 24_000)]);
  });

  it('when the portal counts nothing any more › nothing is used', () => {
    const use = settle(aUse({ spent: [spent(3, 12_000), spent(4, 18_000)] }), aReport({ operating: 0 }));

    expect(use.spent).toEqual([]);
  });

  it('when both count the same › nothing changes but for rounding', () => {
    const before = [spent(0.1), spent(0.2, 36_000)];

    expect(settle(aUse({ spent: before }), aReport({ operating: 0.3 })).spent).toBe(before);
  });

  it.each([
    // The oldest part begins now: it falls out in a whole window.
    ['in the oldest part', { resetInMs: 60_000, agoMs: 0 }, 60_000],
    ['in the middle of the oldest part', { resetInMs: 57_000, agoMs: 0 }, 57_000],
    ['a part later', { resetInMs: 54_000, agoMs: 0 }, 60_000],
    ['a part later, but the call was before it', { resetInMs: 54_000, agoMs: 1 }, 54_000],
    ['two parts and a half later', { resetInMs: 45_000, agoMs: 0 }, 57_000],
    ['in the youngest part', { resetInMs: 2_000, agoMs: 0 }, 56_000],
    ['when the oldest has just fallen out', { resetInMs: 0, agoMs: 0 }, 54_000],
    ['by a portal whose windows are longer', { resetInMs: 500_000, agoMs: 0 }, 500_000],
  ])('when something was used %s › falls out with its part', (_, instants, inMs) => {
    const use = settle(aUse(), aReport({ operating: 2, ...instants }));

    expect(use.spent).toEqual([spent(2, inMs)]);
  });

  // Answers overtake each other: the older one knows less, and nothing has fallen out.
  it('when an older answer comes after a newer one › what was used stays counted', () => {
    const [early, late] = [0.5, 9].map((operating, index) =>
      readOperating([{ operating, operating_reset_at: 1_000, finish: 970 + index }], undefined),
    );

    const older = settle(settle(aUse(), late), early);

    expect(older.spent.reduce((sum, { seconds }) => sum + seconds, 0)).toBe(9);
  });

  it.each([1e305, Number.POSITIVE_INFINITY, -1, '12', null])(
    'when a portal names %j as a time › is as if it had told nothing',
    (operating_reset_at) => {
      const report = readOperating([{ operating: 1, operating_reset_at, finish: 970 }], undefined);

      expect(report).toMatchObject({ operating: null, resetInMs: 0 });
    },
  );

  describe('the cost of a call', () => {
    it.each<[string, number | null, number | null, number]>([
      ['is seen for the first time', null, 0.3, 0.3],
      ['is more than before', 0.3, 0.9, 0.9],
      ['is less than before', 1, 0.5, 0.85],
      ['is nothing any more', 1, 0, 0.7],
      ['is not told, but what was used in all', 1, null, 2],
    ])('when it %s › is taken carefully', (_, before, told, cost) => {
      const use = settle(aUse({ costSeconds: before }), aReport({ costSeconds: told }));

      expect(use.costSeconds).toBeCloseTo(cost, 9);
    });

    it('when it is not told › what was used since is divided among the calls', () => {
      const use = settle(
        aUse({ costSeconds: null, spent: [spent(8.8)] }),
        aReport({ operating: 10, costSeconds: null }),
        4,
      );

      expect(use.costSeconds).toBeCloseTo(0.3, 9);
    });

    // A part that fell out hides what the call has used: it tells nothing, least of all that calls are cheaper.
    it('when the window has rolled meanwhile › is what it was', () => {
      const use = settle(
        aUse({ costSeconds: 1, spent: [spent(20)] }),
        aReport({ operating: 10, costSeconds: null }),
      );

      expect(use.costSeconds).toBe(1);
    });
  });
});

describe('refreshUse()', () => {
  it('when parts have fallen out › they are forgotten a moment later', () => {
    const use = aUse({ spent: [spent(1, -251), spent(2, -250), spent(3, -249), spent(4, 1)] });

    expect(refreshUse(use, NOW).spent).toEqual([spent(3, -249), spent(4, 1)]);
  });

  it('when a call never reported back › what it booked is free again', () => {
    const use = aUse({ reserved: [reserved(1, 'gone', 0), reserved(2, 'late', 1)] });

    expect(refreshUse(use, NOW).reserved).toEqual([reserved(2, 'late', 1)]);
  });

  it('when nothing has lapsed › all the rest stays', () => {
    const use = aUse({ blockedUntil: NOW + 5, budgetSeconds: 40, spent: [spent(1)] });

    expect(refreshUse(use, NOW)).toEqual(use);
  });
});

describe('blockMethod()', () => {
  it('when the portal refuses › no call leaves before the oldest part has fallen out, and a moment', () => {
    const use = blockMethod(aUse({ spent: [spent(1, 9_000), spent(1, 4_000)] }), LIMIT, NOW);

    expect(use.blockedUntil).toBe(NOW + 4_250);
  });

  it('when we have counted nothing › asks again after a tenth of the window', () => {
    expect(blockMethod(UNUSED, LIMIT, NOW)).toEqual({ ...UNUSED, blockedUntil: NOW + 6_250 });
  });

  it('when the portal refuses before the budget was used up › learns that there is less', () => {
    expect(blockMethod(aUse({ spent: [spent(40)] }), LIMIT, NOW).budgetSeconds).toBeCloseTo(39.2, 9);
  });

  it('when it refuses even below that › learns once more', () => {
    const use = aUse({ spent: [spent(30)], budgetSeconds: 39.2 });

    expect(blockMethod(use, LIMIT, NOW).budgetSeconds).toBeCloseTo(29.4, 9);
  });

  it.each([
    ['more than half is still free by our count: others use it up', 24],
    ['the budget was used up', 48],
    ['more than the budget was used', 49],
  ])('when %s › the budget is as it was', (_, seconds) => {
    expect(blockMethod(aUse({ spent: [spent(seconds)] }), LIMIT, NOW).budgetSeconds).toBe(null);
  });

  it('when many are refused at once › learns from the first alone', () => {
    const once = blockMethod(aUse({ spent: [spent(40)] }), LIMIT, NOW);

    expect(blockMethod(once, LIMIT, NOW)).toEqual(once);
  });
});
