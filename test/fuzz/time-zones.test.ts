import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asInstant } from '../../src/bitrix24/crm/values.ts';
import { createFormat } from '../../src/i18n/format.ts';
import { findTimeZone, wallClock } from '../../src/i18n/time-zone.ts';
import { EACH } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';
import { dayIn } from '../support/naive-list.ts';

const SECOND_MS = 1_000;
/** Before that, some clocks were off by seconds, which nobody writes. */
const FIRST = new Date('1973-01-01T00:00:00Z');
const LAST = new Date('2100-01-01T00:00:00Z');

const aZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
/** Zones whose clocks are put forward or back at odd hours, or lost a day. */
const anOddZone = fc.constantFrom(
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Pacific/Apia',
  'Pacific/Kwajalein',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Australia/Lord_Howe',
  'Asia/Pyongyang',
);
const someZone = fc.oneof(aZone, anOddZone);
const aMoment = fc.date({ min: FIRST, max: LAST, noInvalidDate: true });
/** As portals write instants, with an offset of their own. */
const anInstant = fc
  .tuple(aMoment, fc.integer({ min: -14 * 60, max: 14 * 60 }))
  .map(([moment, offset]) => writeWithOffset(moment, offset));
const aDay = aMoment.map((moment) => moment.toISOString().slice(0, 10));

const nearlyAnInstant = mutated(
  fc.oneof(
    anInstant,
    fc.constantFrom(
      '2026-03-05',
      '2026-03-05T10:20',
      '2026-03-05T24:00:00Z',
      '0000-01-01T00:00:00+14:00',
      '9999-12-31T23:59:59-14:00',
      '2026-03-05T10:20 (or so)',
    ),
  ),
);

describe('a clock on a wall somewhere', () => {
  it('when an instant is shifted to it › is the same instant, as that clock shows it', () => {
    fc.assert(
      fc.property(someZone, anInstant, (name, iso) => {
        const shifted = findTimeZone(name)?.shift(iso) ?? '';

        expect(Date.parse(shifted)).toBe(Date.parse(iso));
        expect(shifted.slice(0, 19)).toBe(shownIn(name, iso));
      }),
      EACH,
    );
  });

  it('when an instant has the offset that this clock had within a day of it › is the same instant too', () => {
    const hours = fc.integer({ min: -25, max: 25 });
    fc.assert(
      fc.property(someZone, aMoment, hours, (name, moment, away) => {
        const zone = findTimeZone(name);
        const near = zone?.shift(isoOf(moment.getTime() + away * 3600_000)) ?? '';
        const iso = writeWithOffset(moment, readOffset(near));

        const shifted = zone?.shift(iso) ?? '';

        expect(Date.parse(shifted)).toBe(Date.parse(iso));
        expect(shifted.slice(0, 19)).toBe(shownIn(name, iso));
      }),
      EACH,
    );
  });

  it('when a day begins › its first second is in it, and the second before is not', () => {
    fc.assert(
      fc.property(someZone, aDay, (name, day) => {
        const start = findTimeZone(name)?.startOf(day) ?? '';

        const startMs = Date.parse(start);
        // A day that a clock leaves out begins with the one after it.
        expect(dayIn(name, isoOf(startMs)) >= day).toBe(true);
        expect(dayIn(name, isoOf(startMs - SECOND_MS)) < day).toBe(true);
      }),
      EACH,
    );
  });

  it('whatever its name is › is a clock or none, and shows whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, mutated(aZone)), nearlyAnInstant, (name, iso) => {
        const zone = findTimeZone(name);

        expect(typeof (zone?.shift(iso) ?? iso)).toBe('string');
        if (zone) expect(Date.parse(zone.startOf('2026-03-05'))).not.toBeNaN();
      }),
      EACH,
    );
  });
});

describe('what a portal wrote as an instant', () => {
  it('whatever it is › can be shown if it counts as one, by any clock and in any language', () => {
    fc.assert(
      fc.property(
        fc.oneof(nearlyAnInstant, anyText),
        fc.constantFrom('en' as const, 'ru' as const),
        fc.option(someZone),
        (text, language, zoneName) => {
          const iso = asInstant(text);
          if (iso === null) return;

          const format = createFormat(language, findTimeZone(zoneName));

          for (const shown of [format.date(iso), format.instant(iso), format.ago(iso, Date.now())])
            expect(shown).toMatch(/\p{L}|\d/u);
          expect(`${format.date(iso)} ${format.instant(iso)}`).not.toMatch(/invalid|NaN/i);
        },
      ),
      EACH,
    );
  });

  it('whatever it is › its wall clock is a moment or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyAnInstant, anyText), (text) => {
        const moment = wallClock(text);

        if (moment) expect(moment.getTime()).not.toBeNaN();
      }),
      EACH,
    );
  });
});

const isoOf = (ms: number) => new Date(ms).toISOString();

function writeWithOffset(moment: Date, offset: number): string {
  const local = new Date(moment.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

/** In minutes, of `…+03:00`. */
function readOffset(iso: string): number {
  const [hours, minutes] = iso.slice(-5).split(':').map(Number);
  return (iso.at(-6) === '-' ? -1 : 1) * ((hours ?? 0) * 60 + (minutes ?? 0));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What somebody in that zone reads off, by another way than ours: `2026-03-05T10:20:30`. */
function shownIn(timeZone: string, iso: string): string {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return format.format(new Date(iso)).replace(' ', 'T');
}
