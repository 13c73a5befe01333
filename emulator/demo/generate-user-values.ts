import { toIsoWithOffset, toLocalDay } from '../clock.ts';
import type { CompanyRow, CrmValue } from '../crm/row.ts';
import type { UserField } from '../crm/user-fields.ts';
import type { ServerZone } from '../server-zone.ts';
import type { Random } from './random.ts';

/** The company whose user field is filled. */
export interface UserValueSubject {
  row: CompanyRow;
  domain: string;
  createdAtMs: number;
  zone: ServerZone;
  responsibleIds: number[];
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** A value as rows keep it; null for a type without demo values. */
export function makeUserValue(
  { type, items = [], isMultiple }: UserField,
  random: Random,
  subject: UserValueSubject,
): CrmValue {
  if (type === 'enumeration' && isMultiple) {
    return items.filter(() => random.chance(0.25)).map(({ ID }) => ID);
  }
  if (isMultiple) return type === 'crm' ? makeReferences(random, subject) : [];
  if (random.chance(0.4)) return null;
  if (type === 'enumeration') return items[random.integer(0, items.length - 1)]?.ID ?? null;
  return MAKERS[type]?.(random, subject) ?? null;
}

type Maker = (random: Random, subject: UserValueSubject) => string | null;

const MAKERS: Partial<Record<UserField['type'], Maker>> = {
  boolean: (random) => (random.chance(0.2) ? '1' : '0'),
  url: (_, { domain }) => `https://${domain}/catalogue`,
  date: (_, { createdAtMs, zone }) => toLocalDay(createdAtMs + 30 * MS_PER_DAY, zone),
  datetime: (random, { createdAtMs, zone }) =>
    toIsoWithOffset(createdAtMs + random.integer(40, 400) * MS_PER_DAY, zone),
  money: (random, { row }) => `${random.integer(1, 90) * 5000}|${row.CURRENCY_ID ?? 'USD'}`,
  address: makeAddress,
  employee: (random, { responsibleIds }) =>
    String(responsibleIds[random.integer(0, responsibleIds.length - 1)] ?? 1),
  file: (random) => String(random.integer(1000, 9999)),
};

/** Text, coordinates and an address id; older addresses lack the later parts (company-data 5.3). */
function makeAddress(
  random: Random,
  { row: { ADDRESS, ADDRESS_CITY, ID } }: UserValueSubject,
): string | null {
  if (!ADDRESS || !ADDRESS_CITY) return null;
  const text = `${ADDRESS}, ${ADDRESS_CITY}`;
  if (random.chance(0.3)) return text;
  return random.chance(0.2) ? `${text}|;|` : `${text}|${random.integer(50, 60)}.75;37.61|${ID}`;
}

/** Few companies are related to others; a reference names the kind of record. */
function makeReferences(random: Random, { row }: UserValueSubject): string[] {
  const id = Number(row.ID);
  return random.chance(0.15) && id > 1 ? [`CO_${random.integer(1, id - 1)}`] : [];
}
