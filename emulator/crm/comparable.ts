import { offsetToMs } from '../clock.ts';

/**
 * How values of a field are compared: `day` has no time, `choice` is an ID of a dictionary, `list` has several
 * values.
 */
export type FieldKind = 'number' | 'instant' | 'day' | 'text' | 'choice' | 'list';

/** A value converted for comparison; null means empty. */
export type Comparable = string | number | null | readonly (string | number | null)[];

export type ValueTest = (value: Comparable) => boolean;

/** Converts a text of a row or filter to a value that compares as in the database: empty is null, case is ignored. */
export function toComparable(text: string, kind: FieldKind, utcOffset: string): string | number | null {
  if (text === '') return null;
  switch (kind) {
    case 'number':
      return Number.parseFloat(text) || 0;
    case 'instant':
      return parseInstant(text, utcOffset);
    case 'day':
      return Math.floor((parseInstant(text, utcOffset) + offsetToMs(utcOffset)) / MS_PER_DAY);
    default:
      return text.toLowerCase();
  }
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;
const WITHOUT_OFFSET = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?$/;
const RUSSIAN = /^(\d\d)\.(\d\d)\.(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?$/;
const WITH_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)$/i;

/**
 * Parses an instant in whole seconds, as PHP does. Without an offset it is server time, never the time zone of the
 * calling user [core:rest/classes/general/rest_util.php, unConvertDateTime; crm/classes/general/restservice.php].
 *
 * @returns  milliseconds since 1970; NaN for an invalid instant, which equals and precedes nothing
 */
function parseInstant(text: string, utcOffset: string): number {
  const local = WITHOUT_OFFSET.exec(text);
  if (local) return portalTime(local.slice(1), utcOffset);
  const russian = RUSSIAN.exec(text);
  if (russian) {
    const [day, month, year, ...time] = russian.slice(1);
    return portalTime([year, month, day, ...time], utcOffset);
  }
  return WITH_OFFSET.test(text) ? Math.floor(Date.parse(text) / 1000) * 1000 : Number.NaN;
}

function portalTime(parts: (string | undefined)[], utcOffset: string): number {
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  return Date.UTC(year, month - 1, day, hours, minutes, seconds) - offsetToMs(utcOffset);
}
