import { z } from 'zod';
import { UnexpectedResponseError } from '../http.ts';
import { loadPeople, type Person } from './people.ts';
import { type CommandAnswer, mustSucceed, type RestClient } from './rest-client.ts';

/** A value of one of the portal's own dictionaries. The name is null when the dictionary does not know the id. */
export interface DictionaryValue {
  id: string;
  name: string | null;
}

export interface Company {
  id: number;
  title: string;
  type: DictionaryValue | null;
  industry: DictionaryValue | null;
  phones: string[];
  emails: string[];
  /** In `currency`. */
  revenue: number | null;
  /** ISO 4217, as the portal has it. */
  currency: string | null;
  responsible: Person | null;
  /** ISO 8601 with the portal's own offset, so that people read the clock they know from Bitrix24. */
  created: string | null;
  modified: string | null;
}

/** One page of a list. */
export interface CompanyPage {
  companies: Company[];
  /** All that the search finds and this person may read. */
  total: number;
}

export type CompanySort = 'title' | 'created' | 'modified' | 'id' | 'revenue';

export interface CompanyQuery {
  /** Part of a title; empty for all. */
  title: string;
  /** From 1. A page past the end is empty. */
  page: number;
  sort: CompanySort;
  order: 'asc' | 'desc';
}

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
  | { kind: 'date' | 'instant'; iso: string }
  | { kind: 'flag'; isOn: boolean }
  | { kind: 'person'; person: Person }
  | { kind: 'phone' | 'email' | 'web' | 'messenger'; value: string; valueType: string }
  | { kind: 'file' };

export interface CompanyCard {
  company: Company;
  /** Every field that has a value, in the portal's order. */
  fields: CompanyField[];
}

/** Fixed by Bitrix24 (protocol 5). */
export const PAGE_SIZE = 50;

const SORT_FIELDS: Record<CompanySort, string> = {
  title: 'TITLE',
  created: 'DATE_CREATE',
  modified: 'DATE_MODIFY',
  id: 'ID',
  revenue: 'REVENUE',
};

/** Multifields come only when they are named (protocol 7.2). */
const LIST_SELECT = [
  'ID',
  'TITLE',
  'COMPANY_TYPE',
  'INDUSTRY',
  'REVENUE',
  'CURRENCY_ID',
  'ASSIGNED_BY_ID',
  'DATE_CREATE',
  'DATE_MODIFY',
  'PHONE',
  'EMAIL',
];

const Multifield = z.object({ VALUE: z.string(), VALUE_TYPE: z.string().catch('') });
const Multifields = z.array(Multifield).catch([]);
const optionalText = z.string().nullish().catch(null);

/** Classic methods answer strings and null for everything (protocol 4); what is odd counts as absent, not as fatal. */
const CompanyRow = z.looseObject({
  ID: z.coerce.number().int().positive(),
  TITLE: z
    .string()
    .nullish()
    .catch('')
    .transform((title) => title ?? ''),
  COMPANY_TYPE: optionalText,
  INDUSTRY: optionalText,
  REVENUE: z.union([z.string(), z.number()]).nullish().catch(null),
  CURRENCY_ID: optionalText,
  ASSIGNED_BY_ID: z.coerce.number().int().positive().nullish().catch(null),
  DATE_CREATE: optionalText,
  DATE_MODIFY: optionalText,
  PHONE: Multifields,
  EMAIL: Multifields,
});
type CompanyRow = z.infer<typeof CompanyRow>;

const StatusRow = z.object({ STATUS_ID: z.string(), NAME: z.string() });
const FieldDescription = z.object({
  type: z.string().catch('string'),
  title: optionalText,
  formLabel: optionalText,
  listLabel: optionalText,
  statusType: optionalText,
  items: z
    .array(z.object({ ID: z.coerce.string(), VALUE: z.string() }))
    .optional()
    .catch(undefined),
});
type FieldDescription = z.infer<typeof FieldDescription>;

type Dictionary = Map<string, string>;

/**
 * One page of the companies this person may read.
 *
 * Names of types and industries come in the same request; names of people follow in a second one, because which people
 * they are is known only then.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}
 */
export async function listCompanies(client: RestClient, query: CompanyQuery): Promise<CompanyPage> {
  const direction = query.order.toUpperCase();
  const answers = await client.batch({
    list: {
      method: 'crm.company.list',
      params: {
        select: LIST_SELECT,
        ...(query.title === '' ? {} : { filter: { '%TITLE': query.title } }),
        // Ties are ordered by id, so that no row is on two pages or on none.
        order: { [SORT_FIELDS[query.sort]]: direction, ID: direction },
        start: (query.page - 1) * PAGE_SIZE,
      },
    },
    types: dictionary('COMPANY_TYPE'),
    industries: dictionary('INDUSTRY'),
  });
  const list = mustSucceed(answers.list);
  const rows = z.array(CompanyRow).safeParse(list.result);
  if (!rows.success)
    throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
  const people = await loadPeople(
    client,
    rows.data.flatMap((row) => row.ASSIGNED_BY_ID ?? []),
  );
  const types = readDictionary(answers.types);
  const industries = readDictionary(answers.industries);
  // Some portals answer a start past the end with its last page again; what was asked for is what counts.
  const isPastEnd = list.total !== undefined && (query.page - 1) * PAGE_SIZE >= list.total;
  return {
    companies: isPastEnd ? [] : rows.data.map((row) => readCompany(row, types, industries, people)),
    total: list.total ?? rows.data.length,
  };
}

/**
 * One company with every field that has a value.
 *
 * @throws {RestError} `not_found` when there is none; others as `listCompanies`
 */
export async function loadCompany(client: RestClient, id: number): Promise<CompanyCard> {
  const answers = await client.batch({
    company: { method: 'crm.company.get', params: { id } },
    fields: { method: 'crm.company.fields' },
    types: dictionary('COMPANY_TYPE'),
    industries: dictionary('INDUSTRY'),
    employees: dictionary('EMPLOYEES'),
  });
  const row = CompanyRow.safeParse(mustSucceed(answers.company).result);
  if (!row.success) throw new UnexpectedResponseError('result', 'crm.company.get answered no company');
  const descriptions = readDescriptions(answers.fields);
  const dictionaries: Record<string, Dictionary> = {
    COMPANY_TYPE: readDictionary(answers.types),
    INDUSTRY: readDictionary(answers.industries),
    EMPLOYEES: readDictionary(answers.employees),
  };
  const people = await loadPeople(client, peopleOf(row.data, descriptions));
  const company = readCompany(row.data, dictionaries.COMPANY_TYPE, dictionaries.INDUSTRY, people);
  const names = new Set([...descriptions.keys(), ...Object.keys(row.data)]);
  const fields = [...names].flatMap((name): CompanyField[] => {
    const description = descriptions.get(name) ?? { type: 'string', title: name };
    const context = {
      currency: company.currency,
      dictionary: dictionaries[description.statusType ?? name],
      people,
    };
    const values = asList(row.data[name]).flatMap((value) => readValue(name, value, description, context));
    return values.length === 0 ? [] : [{ name, label: labelOf(name, description), values }];
  });
  return { company, fields };
}

function dictionary(entityId: string) {
  return {
    method: 'crm.status.list',
    params: { filter: { ENTITY_ID: entityId }, order: { SORT: 'ASC' } },
  } as const;
}

/** A dictionary that cannot be read leaves ids in place of names. */
function readDictionary(answer: CommandAnswer): Dictionary {
  const rows = 'error' in answer || !Array.isArray(answer.result) ? [] : answer.result;
  return new Map(
    rows.flatMap((row) => {
      const status = StatusRow.safeParse(row);
      return status.success ? [[status.data.STATUS_ID, status.data.NAME]] : [];
    }),
  );
}

function readDescriptions(answer: CommandAnswer): Map<string, FieldDescription> {
  const result = 'error' in answer ? {} : answer.result;
  return new Map(
    Object.entries(typeof result === 'object' && result !== null ? result : {}).flatMap(([name, raw]) => {
      const description = FieldDescription.safeParse(raw);
      return description.success ? [[name, description.data] as const] : [];
    }),
  );
}

function readCompany(
  row: CompanyRow,
  types: Dictionary | undefined,
  industries: Dictionary | undefined,
  people: Map<number, Person>,
): Company {
  const responsible = row.ASSIGNED_BY_ID;
  return {
    id: row.ID,
    title: row.TITLE,
    type: asDictionaryValue(row.COMPANY_TYPE, types),
    industry: asDictionaryValue(row.INDUSTRY, industries),
    phones: row.PHONE.map(({ VALUE }) => VALUE),
    emails: row.EMAIL.map(({ VALUE }) => VALUE),
    revenue: asNumber(row.REVENUE),
    currency: row.CURRENCY_ID || null,
    responsible: responsible ? (people.get(responsible) ?? { id: responsible, name: null }) : null,
    created: asInstant(row.DATE_CREATE),
    modified: asInstant(row.DATE_MODIFY),
  };
}

function asDictionaryValue(
  id: string | null | undefined,
  names: Dictionary | undefined,
): DictionaryValue | null {
  return id ? { id, name: names?.get(id) ?? null } : null;
}

function asNumber(value: unknown): number | null {
  const number = value === null || value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

function asInstant(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && !Number.isNaN(Date.parse(value)) ? value : null;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function labelOf(name: string, description: FieldDescription): string {
  return description.formLabel || description.listLabel || description.title || name;
}

function isPersonType(type: string): boolean {
  return type === 'user' || type === 'employee';
}

function peopleOf(row: CompanyRow, descriptions: Map<string, FieldDescription>): number[] {
  const isPerson = (name: string) =>
    name === 'ASSIGNED_BY_ID' || isPersonType(descriptions.get(name)?.type ?? '');
  return Object.keys(row)
    .filter(isPerson)
    .flatMap((name) => asList(row[name]))
    .flatMap((id) => asNumber(id) || []);
}

/** One value of a field as something a page can show; nothing when it is empty. */
function readValue(
  name: string,
  value: unknown,
  description: FieldDescription,
  context: { currency: string | null; dictionary: Dictionary | undefined; people: Map<number, Person> },
): FieldValue[] {
  if (value === null || value === undefined || value === '' || value === false) return [];
  const { type } = description;
  if (type === 'crm_multifield' || (typeof value === 'object' && 'VALUE' in value))
    return readMultifield(name, value);
  if (type === 'file') return [{ kind: 'file' }];
  if (typeof value === 'object') return [];
  const text = String(value);
  const number = asNumber(text);
  if (isPersonType(type) && number)
    return [{ kind: 'person', person: context.people.get(number) ?? { id: number, name: null } }];
  if (type === 'crm_status') return [{ kind: 'text', text: context.dictionary?.get(text) ?? text }];
  if (type === 'enumeration')
    return [{ kind: 'text', text: description.items?.find(({ ID }) => ID === text)?.VALUE ?? text }];
  if (type === 'char') return [{ kind: 'flag', isOn: text === 'Y' }];
  if (type === 'boolean') return [{ kind: 'flag', isOn: text === 'Y' || text === '1' }];
  if (name === 'REVENUE' && number !== null)
    return [{ kind: 'money', amount: number, currency: context.currency }];
  if (type === 'money') return [readMoney(text)];
  if (type === 'url') return [{ kind: 'web', value: text, valueType: '' }];
  if (type === 'datetime' && asInstant(text)) return [{ kind: 'instant', iso: text }];
  if (type === 'date' && asInstant(text)) return [{ kind: 'date', iso: text }];
  if (type === 'double' && number !== null) return [{ kind: 'number', number }];
  // References to nothing are written as 0.
  if (text === '0' && /^crm_|_ID$/.test(type)) return [];
  return [{ kind: 'text', text }];
}

const MULTIFIELD_KINDS = { PHONE: 'phone', EMAIL: 'email', WEB: 'web', IM: 'messenger' } as const;

function readMultifield(name: string, value: unknown): FieldValue[] {
  const field = Multifield.safeParse(value);
  if (!field.success || field.data.VALUE === '') return [];
  const kind = name in MULTIFIELD_KINDS ? MULTIFIELD_KINDS[name as keyof typeof MULTIFIELD_KINDS] : 'web';
  return [{ kind, value: field.data.VALUE, valueType: field.data.VALUE_TYPE }];
}

/** User fields of type money hold `100.50|RUB`. */
function readMoney(text: string): FieldValue {
  const [amount, currency] = text.split('|');
  const number = asNumber(amount);
  return number === null
    ? { kind: 'text', text }
    : { kind: 'money', amount: number, currency: currency || null };
}
