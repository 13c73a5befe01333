import { describe, expect, it } from '@jest/globals';
import { readFinish, readOperating } from '../../../src/bitrix24/limits/operating-report.ts';

/** When the answer was finished, by the portal's clock. */
const FINISH = 1_790_000_000.5;
const NOTHING = { operating: null, resetInMs: 0, agoMs: 0, costSeconds: null };

/** `time` as an answer has it; the test overrides what it is about. */
const aTime = (overrides: object = {}) => ({
  start: FINISH - 0.3,
  finish: FINISH,
  duration: 0.3,
  processing: 0.3,
  operating: 4.5,
  operating_reset_at: 1_790_000_300,
  ...overrides,
});

/** The commands of a batch, with what was used after each of them. */
const commands = (...operating: number[]) =>
  operating.map((seconds, index) =>
    aTime({ operating: seconds, finish: FINISH - operating.length + 1 + index }),
  );

describe('readOperating()', () => {
  it('when it is one call › tells what was used in all, and nothing of what it has cost', () => {
    expect(readOperating([aTime()], undefined)).toMatchObject({
      operating: 4.5,
      resetInMs: 299_500,
      agoMs: 0,
      costSeconds: null,
    });
  });

  it('when nothing is used after a call › it has cost nothing', () => {
    expect(readOperating([aTime({ operating: 0 })], undefined)).toMatchObject({
      operating: 0,
      costSeconds: 0,
    });
  });

  it('when it is a batch › the last command tells what was used, and the dearest what one costs', () => {
    expect(readOperating(commands(10, 10.25, 10.75, 11), FINISH + 2)).toMatchObject({
      operating: 11,
      resetInMs: 297_500,
      agoMs: 2_000,
      costSeconds: 0.5,
    });
  });

  it('when commands are too quick to be counted › they have cost nothing', () => {
    expect(readOperating(commands(10, 10, 10), FINISH)).toMatchObject({ operating: 10, costSeconds: 0 });
  });

  it('when a part of the window fell out in between › goes by the other steps', () => {
    expect(readOperating(commands(10, 10.5, 2, 2.5), FINISH)).toMatchObject({
      operating: 2.5,
      costSeconds: 0.5,
    });
  });

  it('when a part fell out in the only step › does not know what a command costs', () => {
    expect(readOperating(commands(10, 2), FINISH)).toMatchObject({ operating: 2, costSeconds: null });
  });

  it('when all that was used fell out › the last command has cost nothing', () => {
    expect(readOperating(commands(10, 0), FINISH)).toMatchObject({ operating: 0, costSeconds: 0 });
  });

  it('when the reset is over already, or the finish is ahead of that of the answer › is now', () => {
    expect(readOperating([aTime({ operating_reset_at: FINISH - 9 })], FINISH - 3)).toMatchObject({
      resetInMs: 0,
      agoMs: 0,
    });
  });

  it('when some commands tell nothing › goes by those that do', () => {
    const [first, second] = commands(10, 10.5);

    expect(readOperating([undefined, first, null, [], second, {}], FINISH)).toMatchObject({
      operating: 10.5,
      costSeconds: 0.5,
    });
  });

  it.each<[string, unknown[]]>([
    ['there is no command', []],
    ['there is no time', [undefined]],
    ['the time is null', [null]],
    ['the time is an empty map of PHP', [[]]],
    ['the time is text', ['0.3']],
    ['a portal does not count', [{ start: 1, finish: 2, duration: 1 }]],
    ['what was used is text', [aTime({ operating: '4.5' })]],
    ['what was used is negative', [aTime({ operating: -1 })]],
    ['what was used is no number', [aTime({ operating: Number.NaN })]],
    ['what was used is endless', [aTime({ operating: Number.POSITIVE_INFINITY })]],
    ['there is no reset', [aTime({ operating_reset_at: undefined })]],
    ['there is no finish', [aTime({ finish: null })]],
  ])('when %s › tells nothing', (_, times) => {
    expect(readOperating(times, FINISH)).toMatchObject(NOTHING);
  });
});

describe('readFinish()', () => {
  it('when an answer says when it was finished › is that', () => {
    expect(readFinish(aTime())).toBe(FINISH);
  });

  it.each([undefined, null, [], 'now', 5, {}, { finish: '1790000000' }, { finish: -1 }])(
    'when its time is %j › is unknown',
    (time) => {
      expect(readFinish(time)).toBe(undefined);
    },
  );
});
