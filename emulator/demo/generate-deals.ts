import { toIsoWithOffset, toLocalDay } from '../clock.ts';
import type { DealCategory, DealStage } from '../crm/deal-categories.ts';
import { generatedId, type RelatedSource } from '../crm/related-collection.ts';
import type { CompanyRow, DealRow } from '../crm/row.ts';
import { isAwkward, MANY_RELATIONS_TITLE, NO_RELATIONS_TITLE } from './awkward-companies.ts';
import { makeAwkwardDeal } from './awkward-relations.ts';
import { MS_PER_DAY, NEWEST_AT_MS } from './generate-companies.ts';
import {
  countContacts,
  pickResponsible,
  type RelationOptions,
  randomInstantAfter,
  SOURCES,
} from './generate-contacts.ts';
import { Random, seedOfRow } from './random.ts';
import { WORDS } from './words.ts';

export interface DealOptions extends RelationOptions {
  categories: DealCategory[];
}

/** Any number that differs from the seed of contacts. */
const SEED = 0xdea1;

const MOST_DEALS = 15;

/** Generates realistic deals of a company; each row depends only on the company and its index. */
export function dealSource(options: DealOptions): RelatedSource<DealRow> {
  return {
    countOf: countDeals,
    make(company, index) {
      const deal = generateDeal(generatedId(Number(company.ID), index), company, options);
      return isAwkward(company) ? makeAwkwardDeal(deal, company, index) : deal;
    },
  };
}

function countDeals(company: CompanyRow): number {
  if (company.TITLE === NO_RELATIONS_TITLE) return 0;
  if (company.TITLE === MANY_RELATIONS_TITLE) return 60;
  if (isAwkward(company)) return 3;
  const random = new Random(seedOfRow(SEED, Number(company.ID)));
  return Math.floor((MOST_DEALS + 1) * random.next() ** 2);
}

function generateDeal(
  id: number,
  company: CompanyRow,
  { language, zone, responsibleIds, categories }: DealOptions,
): DealRow {
  const random = new Random(seedOfRow(SEED, id));
  const words = WORDS[language];
  const createdAtMs = randomInstantAfter(company, random);
  const plannedAtMs = createdAtMs + random.integer(7, 180) * MS_PER_DAY;
  const category = categories[Math.floor(categories.length * random.next() ** 1.5)];
  const stage = pickStage(category, plannedAtMs <= NEWEST_AT_MS, random);
  const movedAtMs = Math.min(NEWEST_AT_MS, createdAtMs + random.next() * (plannedAtMs - createdAtMs));
  const moved = toIsoWithOffset(movedAtMs, zone);
  const responsibleId = pickResponsible(company, random, responsibleIds);
  const isManual = random.chance(0.7);
  return {
    ID: String(id),
    TITLE: `${random.pick(words.dealTitles)} #${id}`,
    TYPE_ID: random.pick(TYPES),
    STAGE_ID: stage?.STATUS_ID ?? null,
    PROBABILITY: random.chance(0.4) ? String(random.integer(1, 9) * 10) : null,
    CURRENCY_ID: random.chance(0.9)
      ? (company.CURRENCY_ID ?? words.currencies[0])
      : random.pick(words.currencies),
    OPPORTUNITY: random.chance(0.05) ? '0.00' : makeAmount(random),
    IS_MANUAL_OPPORTUNITY: isManual ? 'Y' : 'N',
    TAX_VALUE: isManual ? null : '0.00',
    COMPANY_ID: company.ID,
    CONTACT_ID: pickContactId(company, random),
    BEGINDATE: toLocalDay(createdAtMs, zone),
    CLOSEDATE: toLocalDay(plannedAtMs, zone),
    ASSIGNED_BY_ID: responsibleId,
    CREATED_BY_ID: responsibleId,
    MODIFY_BY_ID: responsibleId,
    DATE_CREATE: toIsoWithOffset(createdAtMs, zone),
    DATE_MODIFY: moved,
    OPENED: 'Y',
    CLOSED: stage?.SEMANTICS ? 'Y' : 'N',
    COMMENTS: random.chance(0.15) ? random.pick(words.comments) : null,
    CATEGORY_ID: String(category?.id ?? 0),
    STAGE_SEMANTIC_ID: stage?.SEMANTICS ?? 'P',
    IS_NEW: stage === category?.stages[0] ? 'Y' : 'N',
    IS_RECURRING: 'N',
    IS_RETURN_CUSTOMER: random.chance(0.3) ? 'Y' : 'N',
    IS_REPEATED_APPROACH: 'N',
    SOURCE_ID: random.pick(SOURCES),
    MOVED_BY_ID: responsibleId,
    MOVED_TIME: moved,
    LAST_ACTIVITY_TIME: moved,
    LAST_ACTIVITY_BY: responsibleId,
  };
}

const TYPES = ['SALE', 'SALE', 'COMPLEX', 'GOODS', 'SERVICES', 'SERVICE'] as const;

/** Deals whose closing date has passed are won or lost, with few exceptions. */
function pickStage(
  category: DealCategory | undefined,
  isDue: boolean,
  random: Random,
): DealStage | undefined {
  const outcome = isDue && random.chance(0.9) ? (random.chance(0.6) ? 'S' : 'F') : null;
  const stages = category?.stages.filter(({ SEMANTICS }) => SEMANTICS === outcome) ?? [];
  return stages[random.integer(0, stages.length - 1)] ?? category?.stages[0];
}

function makeAmount(random: Random): string {
  const amount = 10 ** (3.5 + random.next() * 3.5);
  return random.chance(0.8) ? (Math.round(amount / 100) * 100).toFixed(2) : amount.toFixed(2);
}

function pickContactId(company: CompanyRow, random: Random): string | null {
  const count = countContacts(company);
  if (count === 0 || random.chance(0.2)) return null;
  return String(generatedId(Number(company.ID), random.integer(0, count - 1)));
}
