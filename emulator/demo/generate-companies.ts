import { toIsoWithOffset } from '../clock.ts';
import { type CompanySource, completeRow, MAX_KEPT_COMPANIES } from '../crm/company-collection.ts';
import type { CompanyRow, Multifield, MultifieldName } from '../crm/row.ts';
import type { UserField } from '../crm/user-fields.ts';
import type { Language } from '../language.ts';
import type { ServerZone } from '../server-zone.ts';
import { makeUserValue } from './generate-user-values.ts';
import { Random, seedOfRow } from './random.ts';
import { type City, WORDS, type Words } from './words.ts';

export interface GenerateOptions {
  count: number;
  seed?: number;
  language: Language;
  zone: ServerZone;
  /** IDs of users who can be responsible for a company; if empty, user 1 is. */
  responsibleIds: number[];
  userFields: UserField[];
  /** ID of the first company; default 1. */
  firstId?: number;
}

/**
 * Fixed time of the newest data, because data must be the same at every start. Companies are spread over the six
 * years before it.
 */
export const NEWEST_AT_MS = Date.UTC(2026, 10, 20, 18);
export const MS_PER_DAY = 24 * 60 * 60 * 1000;
const COVERED_MS = 6 * 365 * MS_PER_DAY;

/**
 * A large portal generates this many companies as templates; all other companies copy a template, with another ID and
 * other dates.
 */
const TEMPLATE_COUNT = 5_000;

/**
 * Generates realistic companies; older ones have smaller IDs. Each row depends only on the options and its ID, not on
 * the order of calls.
 */
export function companySource(options: GenerateOptions): CompanySource {
  const { count, seed = 1, firstId = 1, zone } = options;
  const createdAtMs = (index: number, part: number) =>
    NEWEST_AT_MS - (1 - (index + part) / count) * COVERED_MS;
  const generate = (id: number) => {
    const index = id - firstId;
    const random = new Random(seedOfRow(seed, index));
    return generateCompany(id, createdAtMs(index, random.next()), random, options);
  };
  if (count <= MAX_KEPT_COMPANIES) return { firstId, count, make: generate };

  const templates: CompanyRow[] = [];
  return {
    firstId,
    count,
    rowsAreComplete: true,
    make: (id) => {
      const index = id - firstId;
      const number = index % TEMPLATE_COUNT;
      templates[number] ??= completeRow(generate(firstId + number));
      return copyTemplate(
        templates[number],
        id,
        toIsoWithOffset(createdAtMs(index, 0.5), zone),
        options.userFields,
      );
    },
  };
}

/**
 * Copies a template with a new ID and date, as a company that was never changed. Fields are set one by one, so that
 * all rows have the same V8 shape; copies with different shapes would dominate the cost of a page.
 */
function copyTemplate(
  template: CompanyRow,
  id: number,
  created: string,
  userFields: UserField[],
): CompanyRow {
  const row: CompanyRow = {
    ID: String(id),
    TITLE: template.TITLE,
    COMPANY_TYPE: template.COMPANY_TYPE,
    INDUSTRY: template.INDUSTRY,
    EMPLOYEES: template.EMPLOYEES,
    REVENUE: template.REVENUE,
    CURRENCY_ID: template.CURRENCY_ID,
    ASSIGNED_BY_ID: template.ASSIGNED_BY_ID,
    CREATED_BY_ID: template.CREATED_BY_ID,
    MODIFY_BY_ID: template.MODIFY_BY_ID,
    DATE_CREATE: created,
    DATE_MODIFY: created,
    LAST_ACTIVITY_TIME: created,
    LAST_ACTIVITY_BY: template.LAST_ACTIVITY_BY,
    COMMENTS: template.COMMENTS,
    ADDRESS: template.ADDRESS,
    ADDRESS_2: template.ADDRESS_2,
    ADDRESS_CITY: template.ADDRESS_CITY,
    ADDRESS_POSTAL_CODE: template.ADDRESS_POSTAL_CODE,
    ADDRESS_PROVINCE: template.ADDRESS_PROVINCE,
    ADDRESS_COUNTRY: template.ADDRESS_COUNTRY,
    OPENED: template.OPENED,
    IS_MY_COMPANY: template.IS_MY_COMPANY,
    HAS_IMOL: template.HAS_IMOL,
    HAS_PHONE: template.HAS_PHONE,
    HAS_EMAIL: template.HAS_EMAIL,
  };
  if (template.PHONE) row.PHONE = template.PHONE.map((item) => renumber(item, id));
  if (template.EMAIL) row.EMAIL = template.EMAIL.map((item) => renumber(item, id));
  if (template.WEB) row.WEB = template.WEB.map((item) => renumber(item, id));
  for (const { name } of userFields) row[name] = template[name];
  return row;
}

function renumber({ ID, VALUE_TYPE, VALUE, TYPE_ID }: Multifield, id: number): Multifield {
  return { ID: `${id}${ID.slice(-1)}`, VALUE_TYPE, VALUE, TYPE_ID };
}

/** Generates all rows into a list. */
export function generateCompanies(options: GenerateOptions): CompanyRow[] {
  const { firstId, count, make } = companySource(options);
  return Array.from({ length: count }, (_, index) => make(firstId + index));
}

function generateCompany(
  id: number,
  createdAtMs: number,
  random: Random,
  { language, zone, responsibleIds, userFields }: GenerateOptions,
): CompanyRow {
  const words = WORDS[language];
  const name = makeName(random, words);
  const city = random.pick(words.cities);
  const modifiedAtMs = Math.min(NEWEST_AT_MS, createdAtMs + random.next() ** 3 * 700 * MS_PER_DAY);
  const modified = toIsoWithOffset(modifiedAtMs, zone);
  const responsibleId = String(responsibleIds[random.integer(0, responsibleIds.length - 1)] ?? 1);
  const domain = `${name.slug}-${id}.example`;

  const row: CompanyRow = {
    ID: String(id),
    TITLE: name.full,
    COMPANY_TYPE: random.pick(COMPANY_TYPES),
    INDUSTRY: random.chance(0.1) ? null : random.pick(INDUSTRIES),
    EMPLOYEES: random.pick(EMPLOYEES),
    REVENUE: random.chance(0.25) ? null : makeRevenue(random),
    CURRENCY_ID: random.pick(words.currencies),
    ASSIGNED_BY_ID: responsibleId,
    CREATED_BY_ID: responsibleId,
    MODIFY_BY_ID: responsibleId,
    DATE_CREATE: toIsoWithOffset(createdAtMs, zone),
    DATE_MODIFY: modified,
    LAST_ACTIVITY_TIME: modified,
    LAST_ACTIVITY_BY: responsibleId,
    COMMENTS: random.chance(0.2) ? random.pick(words.comments) : null,
  };
  const phones = makePhones(id, random, city);
  if (phones.length > 0) row.PHONE = phones;
  const emails = makeEmails(id, random, domain);
  if (emails.length > 0) row.EMAIL = emails;
  if (random.chance(0.6)) row.WEB = [multifield(id, 0, 'WEB', 'WORK', `https://${domain}`)];
  if (random.chance(0.8)) addAddress(row, random, words, city);
  for (const field of userFields) {
    row[field.name] = makeUserValue(field, random, { row, domain, createdAtMs, zone, responsibleIds });
  }
  return row;
}

const COMPANY_TYPES = [
  'CUSTOMER',
  'CUSTOMER',
  'CUSTOMER',
  'SUPPLIER',
  'PARTNER',
  'COMPETITOR',
  'OTHER',
] as const;

const EMPLOYEES = ['EMPLOYEES_1', 'EMPLOYEES_1', 'EMPLOYEES_2', 'EMPLOYEES_3', 'EMPLOYEES_4'] as const;

const INDUSTRIES = [
  'IT',
  'TELECOM',
  'MANUFACTURING',
  'MANUFACTURING',
  'BANKING',
  'CONSULTING',
  'FINANCE',
  'GOVERNMENT',
  'DELIVERY',
  'ENTERTAINMENT',
  'NOTPROFIT',
  '1',
  '2',
] as const;

/** Builds a company name in one of several forms; `slug` is used in its web address. */
function makeName(random: Random, words: Words): { full: string; slug: string } {
  if (random.chance(0.12)) return makeOwnerName(random, words);
  const isCompound = random.chance(0.5);
  const first = random.pick(isCompound ? words.prefixes : words.adjectives);
  const second = random.pick(isCompound ? words.suffixes : words.nouns);
  const core = isCompound ? first + second : `${first} ${second}`;
  const slug = isCompound ? slugOf(first) + slugOf(second) : `${slugOf(first)}-${slugOf(second)}`;
  const place = random.chance(0.15) ? `-${random.pick(words.cities).name}` : '';
  return { full: random.pick(words.forms).replace('%', core + place), slug };
}

function makeOwnerName(random: Random, words: Words): { full: string; slug: string } {
  const lastName = random.pick(words.lastNames);
  if (words === WORDS.en) {
    const other = random.pick(words.lastNames);
    return { full: `${lastName} & ${other}`, slug: `${slugOf(lastName)}-${slugOf(other)}` };
  }
  const initials = `${random.pick(INITIALS)}. ${random.pick(INITIALS)}.`;
  return { full: `ИП ${lastName} ${initials}`, slug: slugOf(lastName) };
}

const INITIALS = ['А', 'Б', 'В', 'Г', 'Д', 'Е', 'И', 'К', 'Л', 'М', 'Н', 'О', 'П', 'Р', 'С'] as const;

/** Mostly small amounts, few large ones, rounded to thousands. */
function makeRevenue(random: Random): string {
  const amount = 10 ** (4.5 + random.next() ** 1.5 * 5);
  return (Math.round(amount / 1000) * 1000).toFixed(2);
}

function addAddress(row: CompanyRow, random: Random, words: Words, city: City): void {
  const street = random.pick(words.streets);
  const house = random.integer(1, 150);
  row.ADDRESS = words === WORDS.ru ? `${street}, д. ${house}` : `${house} ${street}`;
  row.ADDRESS_2 = random.chance(0.3) ? String(random.integer(1, 400)) : null;
  row.ADDRESS_CITY = city.name;
  row.ADDRESS_POSTAL_CODE = city.postalCode;
  row.ADDRESS_PROVINCE = city.region;
  row.ADDRESS_COUNTRY = city.phonePrefix.startsWith('+44') ? 'United Kingdom' : words.country;
}

const PHONE_KINDS = ['WORK', 'WORK', 'FAX', 'OTHER'] as const;

/** Most companies have one phone, some have none, some have several of different types. */
function makePhones(id: number, random: Random, city: City): Multifield[] {
  if (random.chance(0.12)) return [];
  const count = random.chance(0.25) ? random.integer(2, PHONE_KINDS.length) : 1;
  const phones: Multifield[] = [];
  for (const kind of PHONE_KINDS.slice(0, count)) {
    phones.push(multifield(id, phones.length, 'PHONE', kind, makePhone(random, city)));
  }
  return phones;
}

/** A phone number: area code and subscriber number have ten digits together in these countries. */
export function makePhone(random: Random, { phonePrefix }: City): string {
  const countryDigits = phonePrefix.startsWith('+44') ? 2 : 1;
  const missing = 10 + countryDigits - countDigits(phonePrefix);
  return phonePrefix + String(random.integer(0, 10 ** missing - 1)).padStart(missing, '0');
}

function countDigits(text: string): number {
  let digits = 0;
  for (const character of text) if (character >= '0' && character <= '9') digits += 1;
  return digits;
}

const MAILBOXES = ['info', 'office', 'sales', 'mail'] as const;

function makeEmails(id: number, random: Random, domain: string): Multifield[] {
  if (random.chance(0.2)) return [];
  const first = multifield(id, 0, 'EMAIL', 'WORK', `${random.pick(MAILBOXES)}@${domain}`);
  return random.chance(0.85) ? [first] : [first, multifield(id, 1, 'EMAIL', 'MAILING', `news@${domain}`)];
}

const FIRST_ID_OF: Record<MultifieldName, number> = { PHONE: 0, EMAIL: 4, WEB: 6, IM: 7, LINK: 8 };

/** Multifield IDs are separate from company IDs. */
function multifield(
  id: number,
  index: number,
  type: MultifieldName,
  kind: string,
  value: string,
): Multifield {
  return { ID: String(id * 10 + FIRST_ID_OF[type] + index), VALUE_TYPE: kind, VALUE: value, TYPE_ID: type };
}

const LATIN: Record<string, string> = Object.fromEntries(
  'а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:sch ы:y э:e ю:yu я:ya'
    .split(' ')
    .map((pair) => pair.split(':')),
);

/** Cache: there are few words and many companies. */
const SLUGS = new Map<string, string>();

export function slugOf(word: string): string {
  const known = SLUGS.get(word);
  if (known !== undefined) return known;
  const slug = word
    .toLowerCase()
    .replace(/[а-яё]/g, (letter) => LATIN[letter] ?? '')
    .replace(/[^a-z0-9]+/g, '-');
  SLUGS.set(word, slug);
  return slug;
}
