/**
 * The time zone of a portal's server: a fixed offset such as `+03:00`, or an IANA name such as `Europe/Berlin`, whose
 * offset depends on the instant.
 */
export type ServerZone = string;

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** @throws {RangeError}  there is no zone of this name */
export function requireZone(zone: ServerZone): ServerZone {
  offsetMsAt(zone, 0);
  return zone;
}

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

const MS_PER_WEEK = 7 * MS_PER_DAY;

/** A week of a zone. No zone changes its offset twice within one. */
interface Week {
  before: number;
  after: number;
  /** When `after` begins; the first millisecond of the week if the offset does not change. */
  changesAtMs: number;
}

/** The offsets of an IANA zone, from the data of Node. Intl is slow, so it is asked about once a week. */
class ZoneRules {
  readonly #format: Intl.DateTimeFormat;
  readonly #weeks = new Map<number, Week>();

  /** @throws {RangeError}  no such zone */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  }

  offsetMsAt(ms: number): number {
    if (!Number.isFinite(ms)) return 0;
    const number = Math.floor(ms / MS_PER_WEEK);
    const week = this.#weeks.get(number) ?? this.#readWeek(number);
    return ms < week.changesAtMs ? week.before : week.after;
  }

  #readWeek(number: number): Week {
    const startMs = number * MS_PER_WEEK;
    const before = this.#weeks.get(number - 1)?.after ?? this.#ask(startMs);
    const after = this.#weeks.get(number + 1)?.before ?? this.#ask(startMs + MS_PER_WEEK);
    const changesAtMs = before === after ? startMs : this.#findChange(startMs, before);
    const week = { before, after, changesAtMs };
    this.#weeks.set(number, week);
    return week;
  }

  /** Binary search, to the second. */
  #findChange(startMs: number, before: number): number {
    let low = startMs / 1000;
    let high = low + MS_PER_WEEK / 1000;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#ask(middle * 1000) === before) low = middle;
      else high = middle;
    }
    return high * 1000;
  }

  /** Intl writes `GMT`, `GMT+03:00`, and for local mean time `GMT+02:30:17`. */
  #ask(ms: number): number {
    const parts = this.#format.formatToParts(ms);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const offset = name.replace('GMT', '');
    return offset === '' ? 0 : fixedOffsetMs(offset);
  }
}
