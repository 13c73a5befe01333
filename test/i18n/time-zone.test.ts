import { describe, expect, it } from '@jest/globals';
import { findTimeZone, wallClock } from '../../src/i18n/time-zone.ts';

describe('findTimeZone()', () => {
  it.each([null, '', 'Mars/Olympus', '../../etc/passwd'])('when it is called %j › finds none', (name) => {
    expect(findTimeZone(name)).toBeUndefined();
  });
});

describe('startOf()', () => {
  it.each([
    ['Europe/Moscow', '2026-03-05', '2026-03-05T00:00:00+03:00'],
    ['Etc/UTC', '2026-01-01', '2026-01-01T00:00:00+00:00'],
    ['Asia/Kolkata', '2026-01-01', '2026-01-01T00:00:00+05:30'],
    ['America/New_York', '2026-07-04', '2026-07-04T00:00:00-04:00'],
    // The clock is put forward in the night.
    ['Europe/Berlin', '2026-03-29', '2026-03-29T00:00:00+01:00'],
    ['Europe/Berlin', '2026-03-30', '2026-03-30T00:00:00+02:00'],
    ['Europe/Berlin', '2026-10-25', '2026-10-25T00:00:00+02:00'],
    ['Europe/Berlin', '2026-10-26', '2026-10-26T00:00:00+01:00'],
    // At midnight, so that there is none.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T01:00:00-02:00'],
    ['Asia/Beirut', '2022-03-27', '2022-03-27T01:00:00+03:00'],
    // At one, so that midnight comes twice.
    ['America/Havana', '2026-11-01', '2026-11-01T00:00:00-04:00'],
  ])('in %s › %s begins at %s', (zone, day, start) => {
    expect(findTimeZone(zone)?.startOf(day)).toBe(start);
  });
});

describe('shift()', () => {
  it.each([
    ['the same clock', 'Europe/Moscow', '2026-07-01T23:30:00+03:00', '2026-07-01T23:30:00+03:00'],
    ['the next day', 'Asia/Vladivostok', '2026-07-01T23:30:00+03:00', '2026-07-02T06:30:00+10:00'],
    ['the day before', 'America/New_York', '2026-07-01T03:30:00+03:00', '2026-06-30T20:30:00-04:00'],
    ['the hour before the change', 'Europe/Berlin', '2026-03-29T00:59:00Z', '2026-03-29T01:59:00+01:00'],
    ['the hour after it', 'Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00+02:00'],
    ['nothing anybody can read', 'Europe/Berlin', 'yesterday', 'yesterday'],
    [
      'its own winter, written in summer',
      'Europe/Berlin',
      '2026-07-01T10:00:00+01:00',
      '2026-07-01T11:00:00+02:00',
    ],
    [
      'its own day, but an hour too early',
      'Europe/Berlin',
      '2026-03-29T00:30:00+01:00',
      '2026-03-29T00:30:00+01:00',
    ],
    [
      'its own day, after the change',
      'Europe/Berlin',
      '2026-03-29T12:00:00+01:00',
      '2026-03-29T13:00:00+02:00',
    ],
    [
      'its own day, before the change',
      'Europe/Berlin',
      '2026-10-25T00:30:00+01:00',
      '2026-10-25T01:30:00+02:00',
    ],
  ])('to %s', (_, zone, iso, shifted) => {
    expect(findTimeZone(zone)?.shift(iso)).toBe(shifted);
  });
});

describe('wallClock()', () => {
  it.each([
    ['2026-03-05T10:20:30+03:00', '2026-03-05T10:20:30.000Z'],
    ['2026-03-05T10:20:30Z', '2026-03-05T10:20:30.000Z'],
    ['2026-03-05', '2026-03-05T00:00:00.000Z'],
  ])('of %s › is what was written, as if it were UTC', (iso, shown) => {
    expect(wallClock(iso)?.toISOString()).toBe(shown);
  });

  it('of what is no instant › is none', () => {
    expect(wallClock('yesterday')).toBeUndefined();
  });
});
