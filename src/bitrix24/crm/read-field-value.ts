import { readAddress } from './address-text.ts';
import { isReferenceType, readReference } from './crm-reference.ts';
import type { FieldDescription } from './field-description.ts';
import type { FieldContext, FieldValue } from './field-value.ts';
import { readMultifield } from './multifield.ts';
import { withoutMarkup } from './plain-text.ts';
import { asDay, asInstant, asNumber, exactDigits, readId, readText } from './values.ts';

/** Reads a value that is a text or a number. Undefined is a value that holds nothing. */
type Read = (
  text: string,
  field: { name: string; description: FieldDescription; context: FieldContext },
) => FieldValue | undefined;

/** How values of a type are read (company-data 5.3); those of another are texts. */
const READERS = new Map<string, Read>([
  ['crm_status', readStatus],
  ['enumeration', (text, { description }) => asText(description.items.get(text) ?? text)],
  ['char', readFlag],
  ['boolean', readFlag],
  ['user', readPerson],
  ['employee', readPerson],
  ['money', readMoney],
  ['address', (text) => asText(readAddress(text))],
  ['url', (text) => ({ kind: 'web', value: text, valueType: '' })],
  ['double', readNumber],
  ['date', readDay],
  ['datetime', readInstant],
]);

/** Types of other references, which are shown as they come. */
const IS_REFERENCE = /^crm_|_ID$/;
const FILE_TYPES = ['file', 'disk_file'];
/** Of times that portals describe as texts: `LAST_COMMUNICATION_TIME`. */
const IS_TIME = /^LAST_[A-Z_]+_TIME$/;

export function isPersonType(type: string): boolean {
  return type === 'user' || type === 'employee';
}

/** One value of a field; undefined for an empty one. */
export function readFieldValue(
  name: string,
  value: unknown,
  description: FieldDescription,
  context: FieldContext,
): FieldValue | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const { type } = description;
  if (typeof value === 'boolean') return readBoolean(value, type);
  // A file's object holds addresses with the access token: nothing of it is read (company-data 5.3).
  if (FILE_TYPES.includes(type) || isFile(value)) return isZero(value) ? undefined : { kind: 'file' };
  if (type === 'crm_multifield' || (typeof value === 'object' && 'VALUE' in value))
    return readMultifield(name, value, context.people);
  const text = readText(value);
  if (text === null) return undefined;
  if (isReferenceType(type)) return readReferenceValue(name, text, description);
  return readerOf(name, type)(text, { name, description, context });
}

function readerOf(name: string, type: string): Read {
  if (name === 'REVENUE') return readRevenue;
  if (name === 'COMMENTS') return (text) => asText(withoutMarkup(text));
  if (IS_TIME.test(name)) return readInstant;
  return READERS.get(type) ?? (IS_REFERENCE.test(type) ? readOtherReference : asText);
}

/** @returns undefined for a text of nothing: editors leave empty paragraphs behind */
function asText(text: string): FieldValue | undefined {
  return text === '' ? undefined : { kind: 'text', text };
}

/** JSON `true` means yes, but `false` is also how portals write that there is no value. */
function readBoolean(value: boolean, type: string): FieldValue | undefined {
  const isAnswer = type === 'boolean' || type === 'char' || (value && type === 'string');
  return isAnswer ? { kind: 'flag', isOn: value } : undefined;
}

const FLAGS = new Map([
  ['Y', true],
  ['1', true],
  ['N', false],
  ['0', false],
]);

function readFlag(text: string): FieldValue | undefined {
  const isOn = FLAGS.get(text);
  return isOn === undefined ? asText(text) : { kind: 'flag', isOn };
}

function readStatus(
  text: string,
  { name, description, context }: Parameters<Read>[1],
): FieldValue | undefined {
  return asText(context.dictionaries.get(description.statusType ?? name)?.get(text) ?? text);
}

function readPerson(text: string, { context }: Parameters<Read>[1]): FieldValue | undefined {
  if (isZero(text)) return undefined;
  const id = readId(text);
  return id === null
    ? asText(text)
    : { kind: 'person', person: context.people.get(id) ?? { id, name: null } };
}

/** The portal writes an empty reference as 0. */
function readOtherReference(text: string): FieldValue | undefined {
  return isZero(text) ? undefined : asText(text);
}

function readReferenceValue(
  name: string,
  text: string,
  description: FieldDescription,
): FieldValue | undefined {
  // Of one kind of several: `CO_0`.
  if (isZero(text.replace(/^\w+_/, ''))) return undefined;
  const reference = readReference(name, text, description);
  return reference === undefined ? asText(text) : { kind: 'reference', ...reference };
}

function readRevenue(text: string, { context }: Parameters<Read>[1]): FieldValue | undefined {
  return asMoney(text, context.currency) ?? asText(text);
}

/** User fields of type money hold `100.50|RUB`; without an amount they hold nothing. */
function readMoney(text: string): FieldValue | undefined {
  const [amount = '', currency = ''] = text.split('|').map((part) => part.trim());
  if (amount === '') return undefined;
  return asMoney(amount, currency || null) ?? asText(`${amount} ${currency}`.trim());
}

function asMoney(text: string, currency: string | null): FieldValue | undefined {
  const amount = asNumber(text);
  return amount === null ? undefined : { kind: 'money', amount, ...exactly(text), currency };
}

function readNumber(text: string): FieldValue | undefined {
  const number = asNumber(text);
  return number === null ? asText(text) : { kind: 'number', number, ...exactly(text) };
}

function exactly(text: string): { exact?: string } {
  const exact = exactDigits(text);
  return exact === undefined ? {} : { exact };
}

function readDay(text: string): FieldValue | undefined {
  const iso = asDay(text);
  return iso === null ? asText(text) : { kind: 'date', iso };
}

function readInstant(text: string): FieldValue | undefined {
  const iso = asInstant(text);
  if (iso === null) return asText(text);
  return iso.includes('T') ? { kind: 'instant', iso } : readDay(text);
}

function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && /^0+$/.test(value));
}

/** Of a field that the portal does not describe as one of files. */
function isFile(value: unknown): boolean {
  const names = ['showUrl', 'downloadUrl', 'urlMachine'];
  return typeof value === 'object' && value !== null && names.some((name) => Object.hasOwn(value, name));
}
