import { describe, expect, it } from '@jest/globals';
import { wallClockIn } from '../../../src/exports/wall-clock.ts';

describe('wallClockIn', () => {
  it.each([
    [null, '2026-03-05T10:20:30+03:00', '2026-03-05T10:20:30.000Z'],
    [null, '2026-03-05T10:20:30Z', '2026-03-05T10:20:30.000Z'],
    ['Europe/Moscow', '2026-03-05T10:20:30+05:00', '2026-03-05T08:20:30.000Z'],
    ['America/New_York', '2026-03-08T06:59:59Z', '2026-03-08T01:59:59.000Z'],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08T03:00:00.000Z'],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', '2026-01-01T05:45:00.000Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31T00:00:00.000Z'],
  ])('when the clock hangs in %s and it is %s › shows %s', (zone, iso, shown) => {
    expect(wallClockIn(zone)(iso)?.toISOString()).toBe(shown);
  });

  it.each([null, 'Europe/Moscow'])('when it hangs in %s and it is no instant › shows nothing', (zone) => {
    expect(wallClockIn(zone)('yesterday')).toBeUndefined();
  });
});
