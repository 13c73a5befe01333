import { z } from 'zod';
import { withoutMarkup } from './plain-text.ts';
import type { Person } from './users.ts';
import { asInstant, asList, asNumber, type Dictionary } from './values.ts';

/** One field of a card, in the words of the portal. */
export interface CompanyField {
  /** The wire's name: `COMPANY_TYPE`, `UF_CRM_…`. */
  name: string;
  label: string;
  values: FieldValue[];
}

export type FieldValue =
  | { kind: 'text'; text: string }
  | { kind: 'number'; number: number }
  | { kind: 'money'; amount: number; currency: string | null }
  | { kind: 'instant'; iso: string }
  /** `2026-03-05`, whatever the clock. */
  | { kind: 'date'; iso: string }
  | { kind: 'flag'; isOn: boolean }
  | { kind: 'person'; person: Person }
  | { kind: 'phone' | 'email' | 'web' | 'messenger'; value: string; valueType: string }
  | { kind: 'file' };

/** What the values of a card refer to. */
export interface FieldContext {
  /** Of the company's revenue. */
  currency: string | null;
  /** By `statusType`. */
  dictionaries: Map<string, Dictionary>;
  people: Map<number, Person>;
}

/** Classic methods answer strings and null for everything (protocol 4); a value of another type counts as absent. */
const optionalText = z.string().nullish().catch(null);

const Multifield = z.object({ VALUE: z.string().regex(/./s), VALUE_TYPE: z.string().catch('') });

const FieldDescription = z.object({
  type: z.string().catch('string'),
  title: optionalText,
  formLabel: optionalText,
  listLabel: optionalText,
  statusType: optionalText,
  isMultiple: z.boolean().optional().catch(undefined),
  items: z
    .array(z.object({ ID: z.coerce.string(), VALUE: z.string() }))
    .optional()
    .catch(undefined),
});
export type FieldDescription = z.infer<typeof FieldDescription>;

/** Reads the answer of `crm.company.fields` (protocol 7.4). */
export function readDescriptions(result: unknown): Map<string, FieldDescription> {
  return new Map(
    Object.entries(typeof result === 'object' && result !== null ? result : {}).flatMap(([name, raw]) => {
      const description = FieldDescription.safeParse(raw);
      return description.success ? [[name, description.data] as const] : [];
    }),
  );
}

/** Every field of a row that has a value, in the portal's order; fields without a description come last. */
export function readFields(
  row: Record<string, unknown>,
  descriptions: Map<string, FieldDescription>,
  context: FieldContext,
): CompanyField[] {
  const names = new Set([...descriptions.keys(), ...Object.keys(row)]);
  return [...names].flatMap((name) => {
    const description = descriptions.get(name) ?? { type: 'string', title: name };
    // A portal may name a field `constructor`; only what is in the row itself counts.
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    const values = asList(value).flatMap((each) => readValue(name, each, description, context));
    return values.length === 0 ? [] : [{ name, label: labelOf(name, description), values }];
  });
}

export function isPersonType(type: string): boolean {
  return type === 'user' || type === 'employee';
}

function labelOf(name: string, description: FieldDescription): string {
  return description.formLabel || description.listLabel || description.title || name;
}

/** One value of a field as a page can show it; an empty list for an empty value. */
function readValue(
  name: string,
  value: unknown,
  description: FieldDescription,
  context: FieldContext,
): FieldValue[] {
  if (value === null || value === undefined || value === '' || value === false) return [];
  const { type } = description;
  if (type === 'crm_multifield' || (typeof value === 'object' && 'VALUE' in value))
    return readMultifield(name, value);
  if (type === 'file') return [{ kind: 'file' }];
  if (typeof value === 'object') return [];
  const text = name === 'COMMENTS' ? withoutMarkup(String(value)) : String(value);
  // Editors leave empty paragraphs behind.
  if (text === '') return [];
  const number = asNumber(text);
  if (isPersonType(type) && number)
    return [{ kind: 'person', person: context.people.get(number) ?? { id: number, name: null } }];
  if (type === 'crm_status')
    return [
      { kind: 'text', text: context.dictionaries.get(description.statusType ?? name)?.get(text) ?? text },
    ];
  if (type === 'enumeration')
    return [{ kind: 'text', text: description.items?.find(({ ID }) => ID === text)?.VALUE ?? text }];
  if (type === 'char') return [{ kind: 'flag', isOn: text === 'Y' }];
  if (type === 'boolean') return [{ kind: 'flag', isOn: text === 'Y' || text === '1' }];
  if (name === 'REVENUE' && number !== null)
    return [{ kind: 'money', amount: number, currency: context.currency }];
  if (type === 'money') return [readMoney(text)];
  if (type === 'url') return [{ kind: 'web', value: text, valueType: '' }];
  if (type === 'datetime' && asInstant(text)) return [{ kind: 'instant', iso: text }];
  if (type === 'date' && asInstant(text)) return [{ kind: 'date', iso: dayOf(text) }];
  if (type === 'double' && number !== null) return [{ kind: 'number', number }];
  // The portal writes an empty reference as 0.
  if (text === '0' && /^crm_|_ID$/.test(type)) return [];
  return [{ kind: 'text', text }];
}

/**
 * A day comes as midnight: written with the portal's offset, either that of its own clock or that of UTC
 * (`2026-03-05T03:00:00+03:00`; protocol 4).
 */
function dayOf(iso: string): string {
  const isOwnMidnight = !iso.includes('T') || iso.slice(11, 16) === '00:00';
  return isOwnMidnight ? iso.slice(0, 10) : new Date(iso).toISOString().slice(0, 10);
}

const MULTIFIELD_KINDS = new Map([
  ['PHONE', 'phone'],
  ['EMAIL', 'email'],
  ['WEB', 'web'],
  ['IM', 'messenger'],
] as const);

function readMultifield(name: string, value: unknown): FieldValue[] {
  const field = Multifield.safeParse(value);
  if (!field.success) return [];
  const kinds: ReadonlyMap<string, 'phone' | 'email' | 'web' | 'messenger'> = MULTIFIELD_KINDS;
  return [{ kind: kinds.get(name) ?? 'web', value: field.data.VALUE, valueType: field.data.VALUE_TYPE }];
}

/** User fields of type money hold `100.50|RUB`. */
function readMoney(text: string): FieldValue {
  const [amount, currency] = text.split('|');
  const number = asNumber(amount);
  return number === null
    ? { kind: 'text', text }
    : { kind: 'money', amount: number, currency: currency || null };
}
