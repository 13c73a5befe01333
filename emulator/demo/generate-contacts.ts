import { toIsoWithOffset, toLocalDay } from '../clock.ts';
import { generatedId, type RelatedSource } from '../crm/related-collection.ts';
import { type CompanyRow, type ContactRow, completeMultifields, type Multifield } from '../crm/row.ts';
import type { Language } from '../language.ts';
import type { ServerZone } from '../server-zone.ts';
import { isAwkward, MANY_RELATIONS_TITLE, NO_RELATIONS_TITLE } from './awkward-companies.ts';
import { makeAwkwardContact } from './awkward-relations.ts';
import { MS_PER_DAY, makePhone, NEWEST_AT_MS, slugOf } from './generate-companies.ts';
import { Random, seedOfRow } from './random.ts';
import { WORDS, type Words } from './words.ts';

export interface RelationOptions {
  language: Language;
  zone: ServerZone;
  /** IDs of users who can be responsible if the responsible user of the company is not. */
  responsibleIds: number[];
}

/** Any number that differs from the seed of deals. */
const SEED = 0xc0;

/** Upper limit; most companies have few contacts, many have none. */
const MOST_CONTACTS = 12;

/** Generates realistic contacts of a company; each row depends only on the company and its index. */
export function contactSource(options: RelationOptions): RelatedSource<ContactRow> {
  return {
    countOf: countContacts,
    make(company, index) {
      const id = generatedId(Number(company.ID), index);
      const contact = generateContact(id, company, options);
      return completeMultifields(isAwkward(company) ? makeAwkwardContact(contact, company, index) : contact);
    },
  };
}

export function countContacts(company: CompanyRow): number {
  if (company.TITLE === NO_RELATIONS_TITLE) return 0;
  if (company.TITLE === MANY_RELATIONS_TITLE) return 55;
  if (isAwkward(company)) return 3;
  const random = new Random(seedOfRow(SEED, Number(company.ID)));
  return Math.floor((MOST_CONTACTS + 1) * random.next() ** 2);
}

function generateContact(
  id: number,
  company: CompanyRow,
  { language, zone, responsibleIds }: RelationOptions,
): ContactRow {
  const random = new Random(seedOfRow(SEED, id));
  const words = WORDS[language];
  const name = makePersonName(random, words);
  const createdAtMs = randomInstantAfter(company, random);
  const modifiedAtMs = Math.min(NEWEST_AT_MS, createdAtMs + random.next() ** 3 * 500 * MS_PER_DAY);
  const modified = toIsoWithOffset(modifiedAtMs, zone);
  const responsibleId = pickResponsible(company, random, responsibleIds);
  return {
    ID: String(id),
    POST: random.chance(0.85) ? random.pick(words.posts) : null,
    COMMENTS: random.chance(0.1) ? random.pick(words.comments) : null,
    NAME: name.first,
    SECOND_NAME: random.chance(0.5) ? name.second : null,
    LAST_NAME: random.chance(0.95) ? name.last : null,
    TYPE_ID: random.pick(TYPES),
    SOURCE_ID: random.pick(SOURCES),
    COMPANY_ID: company.ID,
    BIRTHDATE: random.chance(0.3)
      ? toLocalDay(Date.UTC(1955 + random.integer(0, 48), random.integer(0, 11), random.integer(1, 28)), zone)
      : null,
    EXPORT: 'Y',
    OPENED: 'Y',
    DATE_CREATE: toIsoWithOffset(createdAtMs, zone),
    DATE_MODIFY: modified,
    ASSIGNED_BY_ID: responsibleId,
    CREATED_BY_ID: responsibleId,
    MODIFY_BY_ID: responsibleId,
    LAST_ACTIVITY_TIME: modified,
    LAST_ACTIVITY_BY: responsibleId,
    PHONE: makePhones(id, company, random, words),
    EMAIL: random.chance(0.75)
      ? [multifield(id, 4, 'EMAIL', 'WORK', `${name.mailbox}@${domainOf(company)}`)]
      : [],
  };
}

const TYPES = ['CLIENT', 'CLIENT', 'CLIENT', 'SUPPLIER', 'PARTNER', 'OTHER'] as const;
export const SOURCES = ['CALL', 'CALL', 'EMAIL', 'WEB', 'WEB', 'RECOMMENDATION', 'TRADE_SHOW'] as const;

function makePersonName(random: Random, words: Words) {
  const gender = random.chance(0.5) ? 'F' : 'M';
  const first = random.pick(words.firstNames[gender]);
  const seconds = words.secondNames[gender];
  const lastName = random.pick(words.lastNames);
  // Every Russian last name in the list ends in -ов, -ев or -ин, so the feminine form adds -а.
  const last = words === WORDS.ru && gender === 'F' ? `${lastName}а` : lastName;
  return {
    first,
    second: seconds[random.integer(0, seconds.length - 1)] ?? null,
    last,
    mailbox: `${slugOf(first)}.${slugOf(last)}`,
  };
}

/** Random creation time of a row of a company: after the company was created, before the newest data. */
export function randomInstantAfter(company: CompanyRow, random: Random): number {
  const companyAtMs = Date.parse(typeof company.DATE_CREATE === 'string' ? company.DATE_CREATE : '');
  const fromMs = Number.isNaN(companyAtMs) ? NEWEST_AT_MS - 365 * MS_PER_DAY : companyAtMs;
  return fromMs + random.next() * Math.max(0, NEWEST_AT_MS - fromMs);
}

/**
 * Mostly the responsible user of the company, sometimes another user, so that rows of one company have several
 * owners.
 */
export function pickResponsible(company: CompanyRow, random: Random, responsibleIds: number[]): string {
  const own = typeof company.ASSIGNED_BY_ID === 'string' ? company.ASSIGNED_BY_ID : '1';
  if (random.chance(0.8)) return own;
  return String(responsibleIds[random.integer(0, responsibleIds.length - 1)] ?? own);
}

function makePhones(id: number, { ADDRESS_CITY }: CompanyRow, random: Random, words: Words): Multifield[] {
  if (random.chance(0.15)) return [];
  const city = words.cities.find(({ name }) => name === ADDRESS_CITY) ?? random.pick(words.cities);
  const phones = [multifield(id, 0, 'PHONE', 'WORK', makePhone(random, city))];
  if (random.chance(0.3)) phones.push(multifield(id, 1, 'PHONE', 'MOBILE', makePhone(random, city)));
  return phones;
}

/** Mail domain of a company. */
function domainOf({ ID, EMAIL, WEB }: CompanyRow): string {
  const address = EMAIL?.[0]?.VALUE ?? WEB?.[0]?.VALUE ?? '';
  return /[@/]([a-z0-9-]+\.example)$/.exec(address)?.[1] ?? `company-${ID}.example`;
}

/** Keeps multifield IDs of contacts apart from those of companies. */
const FIRST_MULTIFIELD_ID = 100_000_000;

function multifield(
  id: number,
  index: number,
  type: 'PHONE' | 'EMAIL',
  kind: string,
  value: string,
): Multifield {
  return { ID: String(FIRST_MULTIFIELD_ID + id * 10 + index), VALUE_TYPE: kind, VALUE: value, TYPE_ID: type };
}
