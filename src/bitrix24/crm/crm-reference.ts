import { readId, readText } from './values.ts';

/** A record of the portal that a value refers to by its id. */
export interface CrmReference {
  to: ReferenceTarget;
  id: number;
  /** Of an `item`: the number of its smart process. */
  entityTypeId?: number;
}

export type ReferenceTarget =
  | 'lead'
  | 'deal'
  | 'contact'
  | 'company'
  | 'quote'
  | 'invoice'
  | 'item'
  /** Of CRM, of a kind that the portal does not tell. */
  | 'record'
  | 'listElement'
  | 'listSection'
  | 'booking'
  | 'directoryEntry';

type Target = Omit<CrmReference, 'id'>;

/** Letters before the id in a value of type `crm` (company-data 5.3). */
const BY_PREFIX = new Map<string, Target>([
  ['L', { to: 'lead' }],
  ['D', { to: 'deal' }],
  ['C', { to: 'contact' }],
  ['CO', { to: 'company' }],
  ['Q', { to: 'quote' }],
  ['I', { to: 'invoice' }],
  ['SI', { to: 'item', entityTypeId: 31 }],
]);

/** As the settings of a field of type `crm` name them. */
const BY_SETTING = new Map<string, Target>([
  ['LEAD', { to: 'lead' }],
  ['DEAL', { to: 'deal' }],
  ['CONTACT', { to: 'contact' }],
  ['COMPANY', { to: 'company' }],
  ['QUOTE', { to: 'quote' }],
  ['INVOICE', { to: 'invoice' }],
  ['SMART_INVOICE', { to: 'item', entityTypeId: 31 }],
]);

/** Types of fields whose values are ids of one kind of record. */
const BY_TYPE = new Map<string, Target>([
  ['crm_lead', { to: 'lead' }],
  ['crm_deal', { to: 'deal' }],
  ['crm_contact', { to: 'contact' }],
  ['crm_company', { to: 'company' }],
  ['crm_quote', { to: 'quote' }],
  ['crm_entity', { to: 'record' }],
  ['iblock_element', { to: 'listElement' }],
  ['iblock_section', { to: 'listSection' }],
  ['resourcebooking', { to: 'booking' }],
  ['hlblock', { to: 'directoryEntry' }],
]);

/** `PARENT_ID_144` refers to an item of the smart process 144 (protocol 7.4). */
const PARENT = /^PARENT_ID_(\d{1,9})$/;
const PREFIXED = /^([A-Z]{1,2}|T[\da-f]{1,6})_(\d{1,15})$/i;

export function isReferenceType(type: string): boolean {
  return type === 'crm' || BY_TYPE.has(type);
}

/**
 * Reads a value of a field that refers to a record.
 *
 * @param field.targets  the kinds that the field may refer to; when it is one, a value is the id alone
 * @returns undefined for what is no reference
 */
export function readReference(
  name: string,
  value: unknown,
  field: { type: string; targets: string[] },
): CrmReference | undefined {
  const [, prefix, digits] = PREFIXED.exec(readText(value) ?? '') ?? [];
  const id = readId(digits ?? value);
  const target = prefix === undefined ? targetOf(name, field) : prefixed(prefix.toUpperCase());
  return id === null || target === undefined ? undefined : { ...target, id };
}

function prefixed(prefix: string): Target | undefined {
  const known = BY_PREFIX.get(prefix);
  if (known !== undefined || !/^T[\dA-F]+$/.test(prefix)) return known;
  // The number of a smart process in hexadecimal digits.
  return { to: 'item', entityTypeId: Number.parseInt(prefix.slice(1), 16) };
}

function targetOf(name: string, { type, targets }: { type: string; targets: string[] }): Target | undefined {
  const [, parent] = PARENT.exec(name) ?? [];
  if (parent !== undefined) return { to: 'item', entityTypeId: Number(parent) };
  if (type !== 'crm') return BY_TYPE.get(type);
  const [only, ...others] = targets;
  return (others.length === 0 && only !== undefined && bySetting(only)) || { to: 'record' };
}

function bySetting(setting: string): Target | undefined {
  const [, process] = /^DYNAMIC_(\d{1,9})$/.exec(setting) ?? [];
  return process === undefined ? BY_SETTING.get(setting) : { to: 'item', entityTypeId: Number(process) };
}
