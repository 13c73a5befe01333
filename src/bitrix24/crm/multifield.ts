import type { FieldValue } from './field-value.ts';
import type { Person } from './users.ts';
import { asList, readId, readText } from './values.ts';

/** What a value of each multifield is (protocol 7.4); a value of another one is an address. */
const KINDS = new Map<string, 'phone' | 'email' | 'web' | 'messenger'>([
  ['PHONE', 'phone'],
  ['EMAIL', 'email'],
  ['WEB', 'web'],
  ['IM', 'messenger'],
]);

/** `imol|livechat|1|38|55`: a conversation of an open channel, by the ids of its parts. */
const OPEN_CHANNEL = /^imol\|/i;

/**
 * One value of a multifield; undefined for an empty one.
 *
 * @param people  names of those that a `LINK` may refer to by their ids
 */
export function readMultifield(
  name: string,
  item: unknown,
  people: ReadonlyMap<number, Person>,
): FieldValue | undefined {
  const { VALUE, VALUE_TYPE } = typeof item === 'object' && item !== null ? (item as Multifield) : {};
  const value = readText(VALUE);
  if (value === null) return undefined;
  const valueType = readText(VALUE_TYPE) ?? '';
  if (name === 'LINK' && (valueType === 'USER' || /^\d+$/.test(value)))
    return readLinkedPerson(value, people);
  if (OPEN_CHANNEL.test(value)) return { kind: 'chat' };
  return { kind: KINDS.get(name) ?? 'web', value, valueType };
}

/** The people whom a value of `LINK` names. */
export function linkedPeople(value: unknown): number[] {
  return asList(value).flatMap((item) => {
    const { VALUE, VALUE_TYPE } = typeof item === 'object' && item !== null ? (item as Multifield) : {};
    return (VALUE_TYPE === 'USER' && readId(VALUE)) || [];
  });
}

interface Multifield {
  VALUE?: unknown;
  VALUE_TYPE?: unknown;
}

/** An id without a name would tell people nothing. */
function readLinkedPerson(value: string, people: ReadonlyMap<number, Person>): FieldValue | undefined {
  const person = people.get(readId(value) ?? 0);
  return person?.name ? { kind: 'person', person } : undefined;
}
