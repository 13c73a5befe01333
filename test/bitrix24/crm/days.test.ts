import { describe, expect, it } from '@jest/globals';
import { asDay } from '../../../src/bitrix24/crm/values.ts';

const ZONES = [
  'Europe/Berlin',
  'Europe/Kyiv',
  'Europe/Moscow',
  'Asia/Yekaterinburg',
  'Asia/Almaty',
  'America/New_York',
  'Europe/London',
  'Europe/Minsk',
];
const FIRST_DAY = Date.UTC(1990, 0, 1);
const LAST_DAY = Date.UTC(2026, 11, 31);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WINTER = Date.UTC(2026, 0, 15);
const SUMMER = Date.UTC(2026, 6, 15);

describe('asDay()', () => {
  it.each(ZONES)('when a portal in %s writes a day › reads that day, for every day of 37 years', (zone) => {
    const offsetAt = offsetsOf(zone);
    const nows = [WINTER, SUMMER].map(offsetAt);
    const wrong: string[] = [];

    for (let midnight = FIRST_DAY; midnight <= LAST_DAY; midnight += DAY_MS) {
      const day = new Date(midnight).toISOString().slice(0, 10);
      // The local midnight: an offset of the day before may still be in force then.
      const offset = offsetAt(midnight - offsetAt(midnight) * MINUTE_MS);
      for (const now of nows) {
        const written = write(midnight + (now - offset) * MINUTE_MS, offset);
        if (asDay(written) !== day) wrong.push(`${written} is ${day}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  it.each([
    ['1996-05-20T03:00:00+04:00', '1996-05-20'],
    ['2024-08-30T02:00:00+02:00', '2024-08-30'],
    ['2001-11-11T02:00:00+02:00', '2001-11-11'],
    ['2026-03-05T00:00:00+03:00', '2026-03-05'],
    ['2026-03-04T19:00:00-05:00', '2026-03-05'],
    ['2026-03-05T00:00:00.000Z', '2026-03-05'],
    ['2026-03-05', '2026-03-05'],
    ['2024-02-29', '2024-02-29'],
  ])('when it is %s › is %s', (value, day) => {
    expect(asDay(value)).toBe(day);
  });

  it.each(['2026-02-31', '2026-13-01', '9999-12-31T23:00:00-05:00', '05.03.2026', '', null, 0, true])(
    'when it is %j › is none',
    (value) => {
      expect(asDay(value)).toBe(null);
    },
  );
});

/** @returns minutes east of UTC at an instant */
function offsetsOf(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  const known = new Map<number, number>();
  return (ms) => {
    const kept = known.get(ms);
    if (kept !== undefined) return kept;
    const [, sign, hours = '0', minutes = '0'] = /GMT([+-])?(\d+)?:?(\d+)?/.exec(format.format(ms)) ?? [];
    const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
    known.set(ms, offset);
    return offset;
  };
}

/** As PHP's `date('c')` does. */
function write(ms: number, offset: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.abs(offset);
  const local = new Date(ms + offset * MINUTE_MS).toISOString().slice(0, 19);
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}
