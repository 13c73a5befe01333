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

/**
 * An instant in Bitrix24's format: ISO 8601, whole seconds, with the portal's offset (section 4).
 *
 * @param utcOffset  `+03:00`, `-05:30`
 */
export function toIsoWithOffset(ms: number, utcOffset: string): string {
  const seconds = Math.floor((ms + offsetToMs(utcOffset)) / 1000);
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  const second = seconds - day * SECONDS_PER_DAY;
  const time = `${twoDigits(second / 3600)}:${twoDigits((second / 60) % 60)}:${twoDigits(second % 60)}`;
  return `${isoDate(day)}T${time}${utcOffset}`;
}

/**
 * A date in Bitrix24's format: midnight in UTC, written with the portal's offset, so `T03:00:00+03:00`
 * [core:rest/classes/general/rest_util.php, ConvertDate].
 *
 * @param ms  any instant of the day, in the portal's offset
 */
export function toIsoDay(ms: number, utcOffset: string): string {
  const msPerDay = SECONDS_PER_DAY * 1000;
  return toIsoWithOffset(Math.floor((ms + offsetToMs(utcOffset)) / msPerDay) * msPerDay, utcOffset);
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

const OFFSETS_MS = new Map<string, number>();

export function offsetToMs(utcOffset: string): number {
  const known = OFFSETS_MS.get(utcOffset);
  if (known !== undefined) return known;
  const [hours = '0', minutes = '0'] = utcOffset.slice(1).split(':');
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000;
  const ms = utcOffset.startsWith('-') ? -size : size;
  OFFSETS_MS.set(utcOffset, ms);
  return ms;
}
