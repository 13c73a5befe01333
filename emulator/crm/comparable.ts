import { instantOfLocal, localDayAt, type ServerZone } from '../server-zone.ts';

/**
 * How values of a field are compared: `day` has no time, `choice` is an ID of a dictionary, `list` has several
 * values.
 */
export type FieldKind = 'number' | 'instant' | 'day' | 'text' | 'choice' | 'list';

/** A value converted for comparison; null means that there is none. An empty text is a value of its own. */
export type Comparable = string | number | null | readonly (string | number | null)[];

export type ValueTest = (value: Comparable) => boolean;

/**
 * Converts a text of a row or filter to a value that compares as in the database: numbers and dates that are empty
 * are null, the case of texts is ignored.
 */
export function toComparable(text: string, kind: FieldKind, zone: ServerZone): string | number | null {
  switch (kind) {
    case 'number':
      return text === '' ? null : Number.parseFloat(text) || 0;
    case 'instant':
      return text === '' ? null : parseInstant(text, zone);
    case 'day':
      return text === '' ? null : localDayAt(zone, parseInstant(text, zone));
    default:
      return text.toLowerCase();
  }
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/**
 * The day of a row's date, as a number. A date that was written with a time is the UTC day nearest to that instant
 * (protocol 13): answers contain such dates.
 */
export function dayOfRow(text: string): number | null {
  if (text === '') return null;
  return Math.floor((parseInstant(text, '+00:00') + MS_PER_DAY / 2) / MS_PER_DAY);
}

const WITHOUT_OFFSET = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?$/;
const RUSSIAN = /^(\d\d)\.(\d\d)\.(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?$/;
const WITH_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$/i;

/**
 * Parses an instant in whole seconds, as PHP does. Without an offset it is server time, never the time zone of the
 * calling user [core:rest/classes/general/rest_util.php, unConvertDateTime; crm/classes/general/restservice.php].
 *
 * @returns  milliseconds since 1970; NaN for an invalid instant, which equals and precedes nothing
 */
export function parseInstant(text: string, zone: ServerZone): number {
  const local = WITHOUT_OFFSET.exec(text);
  if (local) return serverTime(local.slice(1), zone);
  const russian = RUSSIAN.exec(text);
  if (russian) {
    const [day, month, year, ...time] = russian.slice(1);
    return serverTime([year, month, day, ...time], zone);
  }
  return WITH_OFFSET.test(text) ? Math.floor(Date.parse(text) / 1000) * 1000 : Number.NaN;
}

function serverTime(parts: (string | undefined)[], zone: ServerZone): number {
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  return instantOfLocal(zone, Date.UTC(year, month - 1, day, hours, minutes, seconds));
}
