import { describe, expect, it } from '@jest/globals';
import { IdRanges, pagesIn, type Range } from '../../../src/bitrix24/crm/id-ranges.ts';

/** Twenty thousand ids, none missing, cut for batches of 50 pages of 50; the test overrides what it is about. */
const ranges = (overrides: Partial<ConstructorParameters<typeof IdRanges>[0]> = {}) =>
  new IdRanges({ after: 0, last: 20_000, density: 1, pagesAtOnce: 50, ...overrides });

const aRange = (overrides: Partial<Range> = {}): Range => ({
  after: 0,
  to: 2_500,
  isOpen: false,
  density: 1,
  ...overrides,
});

function allOf(source: IdRanges): Range[] {
  const all: Range[] = [];
  for (let range = source.next(); range !== undefined; range = source.next()) all.push(range);
  return all;
}

describe('next()', () => {
  it('when no id is missing › each range is as wide as a batch brings', () => {
    const all = allOf(ranges({ last: 6_000 }));

    expect(all).toEqual([
      { after: 0, to: 2_500, isOpen: false, density: 1 },
      { after: 2_500, to: 5_000, isOpen: false, density: 1 },
      { after: 5_000, to: 6_000, isOpen: true, density: 1 },
    ]);
  });

  it('when a part of the list is read already › goes on behind it', () => {
    expect(ranges({ after: 50 }).next()).toMatchObject({ after: 50, to: 2_550 });
  });

  it('when batches are smaller › so are the ranges', () => {
    expect(ranges({ pagesAtOnce: 10 }).next()).toMatchObject({ after: 0, to: 500 });
  });

  it('when half of the ids are missing › a range is twice as wide, but for some caution', () => {
    expect(ranges({ density: 0.5 }).next()).toEqual({ after: 0, to: 4_500, isOpen: false, density: 0.5 });
  });

  it.each([
    [0.95, 2_500],
    [0.94, 2_393],
  ])('when the density is %d › the range ends at %d', (density, to) => {
    expect(ranges({ density }).next()).toMatchObject({ to });
  });

  it.each([
    ['ends exactly where the list does', 2_500],
    ['is wider than the list', 100],
  ])('when the range %s › it is the last, and open', (_, last) => {
    const source = ranges({ last });

    expect(source.next()).toEqual({ after: 0, to: last, isOpen: true, density: 1 });
    expect(source.next()).toBe(undefined);
    expect(source.next()).toBe(undefined);
  });

  it.each([2_500, 2_400])(
    'when all that was there is read (last %d) › looks once for what was added',
    (last) => {
      expect(allOf(ranges({ after: 2_500, last }))).toEqual([
        { after: 2_500, to: 2_500, isOpen: true, density: 1 },
      ]);
    },
  );

  it.each([
    [0, 1e-7],
    [-1, 1e-7],
    [1.5, 1],
  ])('when the density is said to be %d › it is taken for %d', (said, density) => {
    expect(ranges({ density: said, last: 1e15 }).next()).toMatchObject({ density });
  });

  it('when much is learnt on the way › ranges follow each other without a gap, and the last alone is open', () => {
    const source = ranges({ last: 1_000_000 });
    const all: Range[] = [];
    for (let range = source.next(); range !== undefined; range = source.next()) {
      all.push(range);
      source.learn(range, [2_500, 100, 0, 7, 1_800][all.length % 5] ?? 0);
    }

    expect(all.map(({ after }) => after)).toEqual([0, ...all.slice(0, -1).map(({ to }) => to)]);
    expect(all.every(({ after, to }) => to > after && Number.isInteger(to))).toBe(true);
    expect(all.filter(({ isOpen }) => isOpen)).toEqual([all.at(-1)]);
    expect(all.at(-1)?.to).toBe(1_000_000);
  });
});

describe('learn()', () => {
  it('when ids were missing in a range › the next one is wider', () => {
    const source = ranges();
    source.learn(aRange(), 1_250);

    expect(source.next()).toMatchObject({ density: 0.5, to: 4_500 });
  });

  it('when ids are dense again › the next one is narrow at once', () => {
    const source = ranges({ density: 0.01 });
    source.learn(aRange(), 2_500);

    expect(source.next()).toMatchObject({ density: 1, to: 2_500 });
  });

  it('when a range was empty › the next one is four times as wide, and no more', () => {
    const source = ranges();
    source.learn(aRange(), 0);

    expect(source.next()).toMatchObject({ density: 0.25, to: 9_000 });
  });

  it('when one empty range follows another › they grow step by step', () => {
    const source = ranges({ last: 1e9 });
    source.learn(aRange(), 0);
    source.learn(aRange(), 0);

    expect(source.next()).toMatchObject({ density: 0.0625, to: 36_000 });
  });

  it('when the range was open › learns nothing: where it ended is not known', () => {
    const source = ranges();
    source.learn(aRange({ isOpen: true }), 10);

    expect(source.next()).toMatchObject({ density: 1 });
  });
});

describe('pagesIn()', () => {
  it.each<[string, Partial<Range>, number]>([
    ['is dense and full', {}, 50],
    ['is as good as dense', { density: 0.95 }, 50],
    ['holds one page', { to: 50 }, 1],
    ['holds one row more', { to: 51 }, 2],
    ['is what is left of one', { after: 2_450 }, 1],
    ['is behind its end', { after: 2_600 }, 1],
    ['holds half of its ids', { to: 4_500, density: 0.5 }, 50],
    ['holds few of its ids', { to: 1_000, density: 0.1 }, 3],
    ['holds next to none', { density: 1e-7 }, 1],
    ['is open', { to: 1_000, isOpen: true }, 21],
    ['is open and ends within a page', { to: 990, isOpen: true }, 21],
    ['is open and empty', { after: 2_500, isOpen: true }, 1],
  ])('when the range %s › asks for as many pages as it may fill', (_, overrides, pages) => {
    expect(pagesIn(aRange(overrides))).toBe(pages);
  });

  it.each([1, 0.95, 0.94, 0.7, 1 / 3, 0.25, 0.1, 0.01, 0.001])(
    'when a range was cut for the density %d › it fits into one batch, and fills it',
    (density) => {
      const range = ranges({ density, last: 1e12 }).next();

      expect(range && pagesIn(range)).toBe(50);
    },
  );
});
