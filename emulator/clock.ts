import { instantOfLocal, localDayAt, offsetMsAt, offsetTextAt, type ServerZone } from './server-zone.ts';

/** The emulator's clock: the base clock (the machine's or the test's) plus the time added by `advance`. */
export interface Clock {
  /** Milliseconds since 1970. All lifetimes and limits in the emulator use this value. */
  now(): number;
  /** Moves the clock forward, so that a test does not wait for the end of a code, token or limit. */
  advance(ms: number): void;
}

export function createClock(base: () => number): Clock {
  let advancedMs = 0;
  return {
    now: () => base() + advancedMs,
    advance: (ms) => {
      advancedMs += ms;
    },
  };
}

/** Unix time in whole seconds, the format of `expires` in the token response (section 2.3). */
export function toUnixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** An instant in Bitrix24's format: ISO 8601, whole seconds, in the server's offset of that instant (section 4). */
export function toIsoWithOffset(ms: number, zone: ServerZone): string {
  const seconds = Math.floor((ms + offsetMsAt(zone, ms)) / 1000);
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const second = seconds - day * SECONDS_PER_DAY;
  const time = `${twoDigits(second / 3600)}:${twoDigits((second / 60) % 60)}:${twoDigits(second % 60)}`;
  return `${isoDate(day)}T${time}${offsetTextAt(zone, ms)}`;
}

/** The server's local day of an instant, as rows keep it: `2026-02-01`. */
export function toLocalDay(ms: number, zone: ServerZone): string {
  return isoDate(localDayAt(zone, ms));
}

/**
 * A day in Bitrix24's format: the server's midnight of that day, plus the server's offset of now, in the offset of the
 * resulting instant (company-data 0.3) [core:rest/classes/general/rest_util.php, ConvertDate]. With a fixed offset
 * that is midnight in UTC, so 1 February is `2026-02-01T03:00:00+03:00`.
 *
 * @param day    `2026-02-01`
 * @param nowMs  the emulator's clock
 */
export function toWireDay(day: string, zone: ServerZone, nowMs: number): string {
  const midnightMs = instantOfLocal(zone, Date.parse(`${day}T00:00:00Z`));
  return toIsoWithOffset(midnightMs + offsetMsAt(zone, nowMs), zone);
}

const SECONDS_PER_DAY = 24 * 60 * 60;

function twoDigits(number: number): string {
  const whole = Math.floor(number);
  return whole < 10 ? `0${whole}` : String(whole);
}

/** Cache of formatted dates: a portal with many companies has few distinct days of creation. */
const DATES = new Map<number, string>();
const KEPT_DATES = 10_000;

/** @param day  number of days since 1970-01-01 */
function isoDate(day: number): string {
  const kept = DATES.get(day);
  if (kept !== undefined) return kept;
  if (DATES.size >= KEPT_DATES) DATES.clear();
  const date = new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, -'T00:00:00.000Z'.length);
  DATES.set(day, date);
  return date;
}
