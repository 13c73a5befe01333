import { describe, expect, it } from '@jest/globals';
import { estimateSecondsLeft, Pace } from '../../../src/exports/jobs/time-left.ts';

const forecast = { costSeconds: 0.5, freeSeconds: 100, budgetSeconds: 400, windowSeconds: 600 };

describe('estimateSecondsLeft', () => {
  it('when the portal counts no execution time › goes by the pace', () => {
    expect(estimateSecondsLeft(10_000, 500, null)).toBe(20);
  });

  it('when the budget lasts to the end › goes by the pace', () => {
    expect(estimateSecondsLeft(10_000, 500, forecast)).toBe(20);
  });

  it('when the budget runs out before › counts the windows that it takes', () => {
    // 2,000 pages of half a second: 100 s are there, 900 s come with two windows and a quarter.
    expect(estimateSecondsLeft(100_000, 5_000, forecast)).toBe(1_350);
  });

  it('when nothing is known › says nothing', () => {
    expect(estimateSecondsLeft(10_000, undefined, null)).toBeNull();
    expect(estimateSecondsLeft(10_000, 0, null)).toBeNull();
  });

  it('when nothing is left › is nought', () => {
    expect(estimateSecondsLeft(0, undefined, forecast)).toBe(0);
  });
});

describe('Pace', () => {
  it('when rows come evenly › tells how many a second', () => {
    const pace = new Pace();

    for (let second = 0; second <= 10; second += 1) pace.note(second * 1000, second * 250);

    expect(pace.rowsPerSecond()).toBe(250);
  });

  it('when it was faster before the last minute › forgets that', () => {
    const pace = new Pace();
    pace.note(0, 0);
    pace.note(10_000, 100_000);

    for (let second = 20; second <= 120; second += 10) pace.note(second * 1000, 100_000 + second);

    expect(pace.rowsPerSecond()).toBe(1);
  });

  it('when it has only begun › says nothing', () => {
    const pace = new Pace();
    pace.note(0, 0);
    pace.note(1_000, 2_500);

    expect(pace.rowsPerSecond()).toBeUndefined();
  });
});
