import { LRUCache } from 'lru-cache';

/** A clock on a wall somewhere. */
export interface TimeZone {
  /** IANA's name. */
  name: string;
  /** The same instant with this zone's offset; as it was when nobody can read it. */
  shift(iso: string): string;
  /** When a day of this clock begins, ISO 8601 with an offset. @param day  `2026-03-05` */
  startOf(day: string): string;
}

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 24 * 60 * MS_PER_MINUTE;
/** Pages have a hundred instants on a few days, and Intl takes longer for each than the rest of its row. */
const MAX_DAYS = 5_000;
const MAX_OWN_DAYS = 500;
/**
 * `2026-03-05T10:20:30+03:00`, as portals write instants: day, time and offset can be cut out of it. Not of the 30th and
 * 31st, which not every month has.
 */
export const USUAL_INSTANT =
  /^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)T([01]\d|2[0-3]):[0-5]\d:\d{2}[+-]\d{2}:\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

const known = new Map<string, TimeZone | undefined>();

/** @returns undefined for a name that nobody knows, as older portals have some */
export function findTimeZone(name: string | null): TimeZone | undefined {
  if (name === null) return undefined;
  if (!known.has(name)) {
    // There are some 600; a hostile portal could invent others.
    if (known.size > 1_000) known.clear();
    known.set(name, createTimeZone(name));
  }
  return known.get(name);
}

function createTimeZone(name: string): TimeZone | undefined {
  const offsetFormat = formatOf(name);
  if (offsetFormat === undefined) return undefined;
  const days = new LRUCache<number, number>({ max: MAX_DAYS });
  const ownDays = new LRUCache<string, boolean>({ max: MAX_OWN_DAYS });

  /** In minutes. */
  function offsetOf(ms: number): number {
    const text = offsetFormat?.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  }

  /** On most days the clock is not put forward or back. */
  function offsetAt(ms: number): number {
    const day = Math.floor(ms / MS_PER_DAY);
    const ofDay = days.get(day);
    if (ofDay !== undefined) return ofDay;
    const [first, last] = [offsetOf(day * MS_PER_DAY), offsetOf((day + 1) * MS_PER_DAY)];
    if (first !== last) return offsetOf(ms);
    days.set(day, first);
    return first;
  }

  /** Whether a day that is written with this offset is one of this clock, as nearly all that a portal writes are. */
  function isOwnDay(day: string, offset: string): boolean {
    const key = day + offset;
    const known = ownDays.get(key);
    if (known !== undefined) return known;
    const start = Date.parse(`${day}T00:00:00${offset}`);
    const isOwn =
      !Number.isNaN(start) && [start, start + MS_PER_DAY].every((ms) => writeOffset(offsetOf(ms)) === offset);
    ownDays.set(key, isOwn);
    return isOwn;
  }

  const write = (ms: number, offset: number) =>
    `${new Date(ms + offset * MS_PER_MINUTE).toISOString().slice(0, 19)}${writeOffset(offset)}`;

  return {
    name,
    shift(iso) {
      if (USUAL_INSTANT.test(iso) && isOwnDay(iso.slice(0, 10), iso.slice(-6))) return iso;
      const ms = INSTANT.test(iso) ? Date.parse(iso) : Number.NaN;
      if (Number.isNaN(ms)) return iso;
      const offset = offsetAt(ms);
      return iso.endsWith(writeOffset(offset)) ? iso : write(ms, offset);
    },
    startOf(day) {
      const midnight = Date.parse(`${day}T00:00:00Z`);
      const offsets = [offsetAt(midnight - MS_PER_DAY), offsetAt(midnight + MS_PER_DAY), offsetAt(midnight)];
      const starts = offsets
        .map((offset) => midnight - offset * MS_PER_MINUTE)
        .sort((one, other) => one - other);
      // Where the clock is put forward at midnight there is none: the day begins with the first instant that is in it.
      const start = starts.find((ms) => write(ms, offsetAt(ms)).slice(0, 10) >= day) ?? midnight;
      return write(start, offsetAt(start));
    },
  };
}

/**
 * The moment as the clock that wrote it showed it: its offset is dropped and the rest read as UTC, so that people see the
 * time that was written there. Nothing for what is no instant.
 */
export function wallClock(iso: string): Date | undefined {
  const written = iso.replace(/(Z|[+-]\d{2}:?\d{2})$/, '');
  const local = new Date(iso.includes('T') ? `${written}Z` : `${iso}T00:00:00Z`);
  return Number.isNaN(local.getTime()) ? undefined : local;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
}

function writeOffset(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}
