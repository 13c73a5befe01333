import { toIsoWithOffset } from '../clock.ts';
import type { CompanyRow, Multifield, MultifieldName } from '../crm/company-row.ts';
import type { UserField } from '../crm/user-fields.ts';
import type { Language } from '../portal/portal.ts';
import { createRandom, type Random } from './random.ts';
import { type City, WORDS, type Words } from './words.ts';

export interface GenerateOptions {
  count: number;
  seed?: number;
  language: Language;
  utcOffset: string;
  /** The users to whom companies belong; without any, they are user 1's. */
  responsibleIds: number[];
  userFields: UserField[];
  /** The ID of the first; default 1. */
  firstId?: number;
}

/** Fixed, as the same data must come at every start; six years before it are covered. */
const NEWEST_AT_MS = Date.UTC(2026, 10, 20, 18);
const MS_PER_DAY = 24 * 60 * 60 * 1000;
const COVERED_MS = 6 * 365 * MS_PER_DAY;

/** Believable companies, older ones with smaller IDs. */
export function generateCompanies(options: GenerateOptions): CompanyRow[] {
  const { count, seed = 1, firstId = 1 } = options;
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const age = (1 - (index + random.next()) / count) * COVERED_MS;
    return generateCompany(firstId + index, NEWEST_AT_MS - age, random, options);
  });
}

function generateCompany(
  id: number,
  createdAtMs: number,
  random: Random,
  options: GenerateOptions,
): CompanyRow {
  const { language, utcOffset, responsibleIds, userFields } = options;
  const words = WORDS[language];
  const name = makeName(random, words);
  const city = random.pick(words.cities);
  const modifiedAtMs = Math.min(NEWEST_AT_MS, createdAtMs + random.next() ** 3 * 700 * MS_PER_DAY);
  const modified = toIsoWithOffset(modifiedAtMs, utcOffset);
  const responsibleId = String(responsibleIds[random.integer(0, responsibleIds.length - 1)] ?? 1);
  const domain = `${toSlug(name.core)}-${id}.example`;

  return {
    ID: String(id),
    TITLE: name.full,
    COMPANY_TYPE: random.pick([
      'CUSTOMER',
      'CUSTOMER',
      'CUSTOMER',
      'SUPPLIER',
      'PARTNER',
      'COMPETITOR',
      'OTHER',
    ]),
    INDUSTRY: random.chance(0.1) ? null : random.pick(INDUSTRIES),
    EMPLOYEES: random.pick(['EMPLOYEES_1', 'EMPLOYEES_1', 'EMPLOYEES_2', 'EMPLOYEES_3', 'EMPLOYEES_4']),
    REVENUE: random.chance(0.25) ? null : makeRevenue(random),
    CURRENCY_ID: random.pick(words.currencies),
    ASSIGNED_BY_ID: responsibleId,
    CREATED_BY_ID: responsibleId,
    MODIFY_BY_ID: responsibleId,
    DATE_CREATE: toIsoWithOffset(createdAtMs, utcOffset),
    DATE_MODIFY: modified,
    LAST_ACTIVITY_TIME: modified,
    LAST_ACTIVITY_BY: responsibleId,
    COMMENTS: random.chance(0.2) ? random.pick(words.comments) : null,
    ...makeAddress(random, words, city),
    PHONE: makePhones(id, random, city),
    EMAIL: makeEmails(id, random, domain),
    WEB: random.chance(0.6) ? [multifield(id, 0, 'WEB', 'WORK', `https://${domain}`)] : [],
    ...makeUserFields(random, userFields, domain, createdAtMs, utcOffset),
  };
}

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

/** A few ways in which companies are called; the core is what their web address is made of. */
function makeName(random: Random, words: Words): { full: string; core: string } {
  if (random.chance(0.12)) return makeOwnerName(random, words);
  const compound = `${random.pick(words.prefixes)}${random.pick(words.suffixes)}`;
  const pair = `${random.pick(words.adjectives)} ${random.pick(words.nouns)}`;
  const core = random.chance(0.5) ? compound : pair;
  const place = random.chance(0.15) ? `-${random.pick(words.cities).name}` : '';
  return { full: random.pick(words.forms).replace('%', core + place), core };
}

function makeOwnerName(random: Random, words: Words): { full: string; core: string } {
  const lastName = random.pick(words.lastNames);
  if (words === WORDS.en) {
    const other = random.pick(words.lastNames);
    return { full: `${lastName} & ${other}`, core: `${lastName} ${other}` };
  }
  const initials = `${random.pick(INITIALS)}. ${random.pick(INITIALS)}.`;
  return { full: `ИП ${lastName} ${initials}`, core: lastName };
}

const INITIALS = ['А', 'Б', 'В', 'Г', 'Д', 'Е', 'И', 'К', 'Л', 'М', 'Н', 'О', 'П', 'Р', 'С'] as const;

/** Many small ones, few large ones, rounded as people round. */
function makeRevenue(random: Random): string {
  const amount = 10 ** (4.5 + random.next() ** 1.5 * 5);
  return (Math.round(amount / 1000) * 1000).toFixed(2);
}

function makeAddress(random: Random, words: Words, city: City): Partial<CompanyRow> {
  if (random.chance(0.2)) return {};
  const street = random.pick(words.streets);
  const house = random.integer(1, 150);
  return {
    ADDRESS: words === WORDS.ru ? `${street}, д. ${house}` : `${house} ${street}`,
    ADDRESS_2: random.chance(0.3) ? String(random.integer(1, 400)) : null,
    ADDRESS_CITY: city.name,
    ADDRESS_POSTAL_CODE: city.postalCode,
    ADDRESS_PROVINCE: city.region,
    ADDRESS_COUNTRY: city.phonePrefix.startsWith('+44') ? 'United Kingdom' : words.country,
  };
}

/** Most have one; some have none, some have several of different kinds. */
function makePhones(id: number, random: Random, city: City): Multifield[] {
  const kinds = ['WORK', 'WORK', 'FAX', 'OTHER'] as const;
  const count = random.chance(0.12) ? 0 : random.chance(0.25) ? random.integer(2, 4) : 1;
  return kinds
    .slice(0, count)
    .map((kind, index) => multifield(id, index, 'PHONE', kind, makePhone(random, city)));
}

/** City and subscriber part of these countries have ten digits together. */
function makePhone(random: Random, { phonePrefix }: City): string {
  const countryDigits = phonePrefix.startsWith('+44') ? 2 : 1;
  const missing = 10 + countryDigits - phonePrefix.replace(/\D/g, '').length;
  return phonePrefix + Array.from({ length: missing }, () => random.integer(0, 9)).join('');
}

function makeEmails(id: number, random: Random, domain: string): Multifield[] {
  if (random.chance(0.2)) return [];
  const first = multifield(
    id,
    0,
    'EMAIL',
    'WORK',
    `${random.pick(['info', 'office', 'sales', 'mail'])}@${domain}`,
  );
  return random.chance(0.85) ? [first] : [first, multifield(id, 1, 'EMAIL', 'MAILING', `news@${domain}`)];
}

const FIRST_ID_OF: Record<MultifieldName, number> = { PHONE: 0, EMAIL: 4, WEB: 6, IM: 7, LINK: 8 };

/** Items of a portal's multifields have IDs of their own, unlike those of companies. */
function multifield(
  id: number,
  index: number,
  type: MultifieldName,
  kind: string,
  value: string,
): Multifield {
  return { ID: String(id * 10 + FIRST_ID_OF[type] + index), VALUE_TYPE: kind, VALUE: value, TYPE_ID: type };
}

function makeUserFields(
  random: Random,
  userFields: UserField[],
  domain: string,
  createdAtMs: number,
  utcOffset: string,
): Partial<CompanyRow> {
  const makeValue = ({ type, items = [], isMultiple }: UserField): string | string[] | null => {
    if (isMultiple) return items.filter(() => random.chance(0.25)).map(({ ID }) => ID);
    if (random.chance(0.4)) return null;
    switch (type) {
      case 'enumeration':
        return items[random.integer(0, items.length - 1)]?.ID ?? null;
      case 'boolean':
        return random.chance(0.2) ? '1' : '0';
      case 'url':
        return `https://${domain}/catalogue`;
      case 'date':
        // A date is midnight of the portal's day.
        return toIsoWithOffset(createdAtMs + 30 * MS_PER_DAY, utcOffset).replace(
          /T\d\d:\d\d:\d\d/,
          'T00:00:00',
        );
      default:
        return null;
    }
  };
  return Object.fromEntries(userFields.map((field) => [field.name, makeValue(field)]));
}

const LATIN: Record<string, string> = Object.fromEntries(
  'а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:sch ы:y э:e ю:yu я:ya'
    .split(' ')
    .map((pair) => pair.split(':')),
);

function toSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[а-яё]/g, (letter) => LATIN[letter] ?? '')
    .replace(/[^a-z0-9]+/g, '-');
}
