import { describe, expect, it } from '@jest/globals';
import { periodsToCount } from '../../src/overview/months.ts';

const at = (offset: string) => (day: string) => `${day}T00:00:00${offset}`;
const MOSCOW = at('+03:00');
const monthsOf = (now: string, startOfDay = MOSCOW) =>
  periodsToCount(Date.parse(now), startOfDay).months.map(({ first, last }) => `${first} ${last}`);

describe('periodsToCount()', () => {
  it('when it is November › these are twelve months, this one last', () => {
    const months = monthsOf('2026-11-25T12:00:00Z');

    expect(months).toHaveLength(12);
    expect(months.at(0)).toBe('2025-12-01 2025-12-31');
    expect(months.at(2)).toBe('2026-02-01 2026-02-28');
    expect(months.at(-1)).toBe('2026-11-01 2026-11-30');
  });

  it('when a month is counted › it ends where the next one begins, by the clock of the reader', () => {
    const { months } = periodsToCount(Date.parse('2028-03-10T12:00:00Z'), MOSCOW);

    expect(months.at(-2)).toEqual({
      first: '2028-02-01',
      last: '2028-02-29',
      period: { from: '2028-02-01T00:00:00+03:00', before: '2028-03-01T00:00:00+03:00' },
    });
  });

  it.each([
    ['it is still October in Greenwich', '2026-10-31T21:30:00Z', '+03:00', '2026-11-01 2026-11-30'],
    ['it is not yet November there', '2026-11-01T04:30:00Z', '-05:00', '2026-10-01 2026-10-31'],
    ['the year is over there', '2026-12-31T11:00:00Z', '+14:00', '2027-01-01 2027-01-31'],
    ['the year has not begun there', '2027-01-01T10:59:00Z', '-11:00', '2026-12-01 2026-12-31'],
  ])('when %s › this month is that of the reader', (_case, now, offset, expected) => {
    expect(monthsOf(now, at(offset)).at(-1)).toBe(expected);
  });

  it('when a month is compared › with as much of the one before as has passed of it', () => {
    const { sameDaysBefore } = periodsToCount(Date.parse('2026-11-25T12:30:00+03:00'), MOSCOW);

    expect(sameDaysBefore.from).toBe('2026-10-01T00:00:00+03:00');
    expect(sameDaysBefore.before).toBe('2026-10-25T09:30:00.000Z');
  });

  it('when the month before was shorter › with all of it', () => {
    const { sameDaysBefore } = periodsToCount(Date.parse('2026-03-30T12:00:00+03:00'), MOSCOW);

    expect(sameDaysBefore.before).toBe('2026-02-28T21:00:00.000Z');
  });
});
