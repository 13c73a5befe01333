const DAY_MS = 24 * 3600_000;
const MAX_DAYS = 20_000;
const OFFSET = /(Z|[+-]\d{2}:?\d{2})$/;

/**
 * What a clock on the reader's wall showed, as if it were UTC.
 *
 * @param timeZone  IANA; null keeps what the portal has written, which is the portal's own clock
 * @returns a function from ISO 8601 with an offset; nothing for what is no instant
 */
export function wallClockIn(timeZone: string | null): (iso: string) => Date | undefined {
  if (timeZone === null) return asWritten;
  const offsetAt = offsetsOf(timeZone);
  return (iso) => {
    const at = Date.parse(iso);
    return Number.isNaN(at) ? undefined : new Date(at + offsetAt(at));
  };
}

function asWritten(iso: string): Date | undefined {
  const local = new Date(`${iso.replace(OFFSET, '')}Z`);
  return Number.isNaN(local.getTime()) ? undefined : local;
}

/** Asking Intl takes longer than all the rest of a row; on most days no clock is put forward or back. */
function offsetsOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  /** Null for a day on which it changes. */
  const days = new Map<number, number | null>();
  return (at) => {
    const day = Math.floor(at / DAY_MS);
    let offset = days.get(day);
    if (offset === undefined) {
      const [first, last] = [readOffset(format, day * DAY_MS), readOffset(format, (day + 1) * DAY_MS)];
      offset = first === last ? first : null;
      if (days.size >= MAX_DAYS) days.clear();
      days.set(day, offset);
    }
    return offset ?? readOffset(format, at);
  };
}

function readOffset(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return wall - Math.floor(at / 1000) * 1000;
}
