import { offsetToMs } from '../clock.ts';

/** How the values of a field compare: `day` has no time, `choice` is a dictionary's id, `list` has several values. */
export type FieldKind = 'number' | 'instant' | 'day' | 'text' | 'choice' | 'list';

/** A value made ready to compare; null stands for empty. */
export type Comparable = string | number | null | readonly (string | number | null)[];

export type ValueTest = (value: Comparable) => boolean;

/** A text of a row or a filter as something that compares the way the database would: empty is null, case is nothing. */
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
 * In whole seconds, as PHP reads it. Without an offset it is the server's time, never that of the user who asks
 * [core:rest/classes/general/rest_util.php, unConvertDateTime; crm/classes/general/restservice.php].
 *
 * An instant nobody can read is NaN, which equals and precedes nothing.
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
