import type { CountedPeriods } from '../bitrix24/crm/company-counts.ts';
import type { Period } from '../bitrix24/crm/company-filter.ts';

/** When a day (`2026-11-25`) begins in the reader's time zone, ISO 8601; without an offset, in the portal's own. */
export type StartOfDay = (day: string) => string;

const MONTHS = 12;

/** Twelve months up to the current one in the reader's time zone, and as much of the month before as has passed of this one. */
export function periodsToCount(now: number, startOfDay: StartOfDay): CountedPeriods {
  const [year, month] = monthOf(now, startOfDay);
  const months = Array.from({ length: MONTHS }, (_, index) => {
    const ago = MONTHS - 1 - index;
    const [first, last] = [dayOf(year, month - ago, 1), dayOf(year, month - ago + 1, 0)];
    return { first, last, period: wholeMonth(year, month - ago, startOfDay) };
  });
  const passedMs = now - Date.parse(startOfDay(dayOf(year, month, 1)));
  return { months, sameDaysBefore: beginningOfMonth(year, month - 1, passedMs, startOfDay) };
}

/** The current month in the reader's time zone, which is at most a day away from UTC. */
function monthOf(now: number, startOfDay: StartOfDay): [year: number, month: number] {
  const at = new Date(now);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const hasBegun = (offset: number) => Date.parse(startOfDay(dayOf(year, month, day + offset))) <= now;
  const today = new Date(Date.UTC(year, month, day + ([1, 0].find(hasBegun) ?? -1)));
  return [today.getUTCFullYear(), today.getUTCMonth()];
}

function wholeMonth(year: number, month: number, startOfDay: StartOfDay): Period {
  return { from: startOfDay(dayOf(year, month, 1)), before: startOfDay(dayOf(year, month + 1, 1)) };
}

/** From its beginning, as long as has passed of the current month, but not beyond its end. */
function beginningOfMonth(year: number, month: number, passedMs: number, startOfDay: StartOfDay): Period {
  const { from, before } = wholeMonth(year, month, startOfDay);
  const until = Math.min(Date.parse(from ?? '') + passedMs, Date.parse(before ?? ''));
  return { from, before: new Date(until).toISOString() };
}

/** Months and days out of range carry over into the adjacent ones. */
function dayOf(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
