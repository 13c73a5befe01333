/**
 * The time zone of a portal's server: a fixed offset such as `+03:00`, or an IANA name such as `Europe/Berlin`, whose
 * offset depends on the instant.
 */
export type ServerZone = string;

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** @returns  milliseconds that the local time of this instant is ahead of UTC */
export function offsetMsAt(zone: ServerZone, ms: number): number {
  return isFixed(zone) ? fixedOffsetMs(zone) : rulesOf(zone).offsetMsAt(ms);
}

/** The offset of an instant as text, in hours and minutes as PHP writes it: `+03:00`. */
export function offsetTextAt(zone: ServerZone, ms: number): string {
  if (isFixed(zone)) return zone;
  const offsetMs = offsetMsAt(zone, ms);
  const minutes = Math.floor(Math.abs(offsetMs) / 60_000);
  const text = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return `${offsetMs < 0 ? '-' : '+'}${text}`;
}

/**
 * The instant of a local time. A time that the clocks skip in spring is as much later as they are put forward.
 *
 * @param localMs  the local time, as if it were UTC
 */
export function instantOfLocal(zone: ServerZone, localMs: number): number {
  const guess = localMs - offsetMsAt(zone, localMs);
  return localMs - offsetMsAt(zone, guess);
}

/** The number of days since 1970-01-01 of the local day that this instant belongs to. */
export function localDayAt(zone: ServerZone, ms: number): number {
  return Math.floor((ms + offsetMsAt(zone, ms)) / MS_PER_DAY);
}

function isFixed(zone: ServerZone): boolean {
  return zone.startsWith('+') || zone.startsWith('-');
}

const FIXED = new Map<string, number>();

function fixedOffsetMs(offset: string): number {
  const known = FIXED.get(offset);
  if (known !== undefined) return known;
  const [hours = '0', minutes = '0', seconds = '0'] = offset.slice(1).split(':');
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  const ms = offset.startsWith('-') ? -size : size;
  FIXED.set(offset, ms);
  return ms;
}

const RULES = new Map<string, ZoneRules>();

function rulesOf(zone: string): ZoneRules {
  const known = RULES.get(zone);
  if (known) return known;
  const rules = new ZoneRules(zone);
  RULES.set(zone, rules);
  return rules;
}

/** The offsets of an IANA zone, from the data of Node. Asking Intl takes microseconds, so days are kept. */
class ZoneRules {
  readonly #format: Intl.DateTimeFormat;
  /** By UTC day: the offset, or null if it changes within the day. */
  readonly #days = new Map<number, number | null>();

  /** @throws {RangeError}  no such zone */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  }

  offsetMsAt(ms: number): number {
    if (!Number.isFinite(ms)) return 0;
    const day = Math.floor(ms / MS_PER_DAY);
    let offset = this.#days.get(day);
    if (offset === undefined) {
      const atStart = this.#ask(day * MS_PER_DAY);
      offset = atStart === this.#ask((day + 1) * MS_PER_DAY) ? atStart : null;
      this.#days.set(day, offset);
    }
    return offset ?? this.#ask(ms);
  }

  /** Intl writes `GMT`, `GMT+03:00`, and for local mean time `GMT+02:30:17`. */
  #ask(ms: number): number {
    const parts = this.#format.formatToParts(ms);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const offset = name.replace('GMT', '');
    return offset === '' ? 0 : fixedOffsetMs(offset);
  }
}
