import { InvalidRequestError } from '../../errors.ts';
import type { Params } from '../rest/rest-types.ts';

/** Which companies are wanted: all conditions hold at once, and whatever is null or empty is no condition. */
export interface CompanyFilter {
  search: CompanySearch | null;
  /** `STATUS_ID`s of the dictionaries; any one of them. */
  types: string[];
  industries: string[];
  employees: string[];
  /** A portal user's id. */
  responsible: number | null;
  created: Period;
  modified: Period;
  hasPhone: boolean | null;
  hasEmail: boolean | null;
  /** Bounds that belong to it, in whatever currency a company has. */
  revenue: { from: number | null; to: number | null };
}

/** Part of a title in any letter case; or a whole phone or e-mail as the portal has it (protocol 7.2). */
export interface CompanySearch {
  by: 'title' | 'phone' | 'email';
  text: string;
}

/** Instants in ISO 8601 with an offset: `from` belongs to it, `before` does not. */
export interface Period {
  from: string | null;
  before: string | null;
}

const ANYTIME: Period = { from: null, before: null };

export const ALL_COMPANIES: CompanyFilter = {
  search: null,
  types: [],
  industries: [],
  employees: [],
  responsible: null,
  created: ANYTIME,
  modified: ANYTIME,
  hasPhone: null,
  hasEmail: null,
  revenue: { from: null, to: null },
};

const SEARCH_FIELDS = { title: '%TITLE', phone: 'PHONE', email: 'EMAIL' } as const;

/** What a portal replaces inside a batch by the answers of other commands (protocol 6.2). */
const REFERENCE = /\$(result|error|total|next|time)\[/i;

/**
 * What people type is a value and nothing else, and there is no way to say so to a portal.
 *
 * @throws {InvalidRequestError}
 */
function requireNoReference({ search, types, industries, employees }: CompanyFilter): void {
  const texts = [search?.text ?? '', ...types, ...industries, ...employees];
  if (texts.some((text) => text !== null && REFERENCE.test(text)))
    throw new InvalidRequestError('what is searched for would be a reference to another command');
}

/**
 * The `filter` of `crm.company.list`. Portals silently ignore fields they do not know and answer everything then (protocol
 * 7.2), so that no name of a field comes from anywhere but here.
 */
export function buildWireFilter(filter: CompanyFilter): Params {
  requireNoReference(filter);
  const { search, types, industries, employees, responsible, created, modified, revenue } = filter;
  const conditions: Record<string, Params[string] | null> = {
    ...(search && {
      [SEARCH_FIELDS[search.by]]: search.by === 'phone' ? spellings(search.text) : search.text,
    }),
    COMPANY_TYPE: anyOf(types),
    INDUSTRY: anyOf(industries),
    EMPLOYEES: anyOf(employees),
    ASSIGNED_BY_ID: responsible,
    '>=DATE_CREATE': created.from,
    '<DATE_CREATE': created.before,
    '>=DATE_MODIFY': modified.from,
    '<DATE_MODIFY': modified.before,
    HAS_PHONE: asFlag(filter.hasPhone),
    HAS_EMAIL: asFlag(filter.hasEmail),
    '>=REVENUE': revenue.from,
    '<=REVENUE': revenue.to,
  };
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== null)) as Params;
}

/**
 * Portals compare a phone letter by letter (protocol 7.2), so it is asked for as it was written and in the usual spellings of
 * its digits; those that begin with 7 or 8 and have eleven are Russian, and mean the same with either.
 */
function spellings(phone: string): string[] {
  const digits = phone.replace(/\D/g, '');
  if (!/^[78]\d{10}$/.test(digits)) return [...new Set([phone, digits, `+${digits}`])];
  const national = digits.slice(1);
  const forms = ['+7', '7', '8'].flatMap((prefix) => [
    prefix + national,
    ...AREA_LENGTHS.flatMap((length) => writings(prefix, national.slice(0, length), national.slice(length))),
  ]);
  return [...new Set([phone, ...forms])];
}

/** Of Russian towns; the larger the town, the shorter. */
const AREA_LENGTHS = [3, 4, 5];

function writings(prefix: string, area: string, local: string): string[] {
  const [dashed, spaced] = ['-', ' '].map((between) =>
    local.replace(/^(\d{1,3})(\d{2})(\d{2})$/, `$1${between}$2${between}$3`),
  );
  return [
    `${prefix} (${area}) ${dashed}`,
    `${prefix}(${area})${dashed}`,
    `${prefix} (${area}) ${local}`,
    `${prefix} ${area} ${dashed}`,
    `${prefix} ${area} ${spaced}`,
    `${prefix} ${area} ${local}`,
    `${prefix}-${area}-${dashed}`,
  ];
}

function anyOf(ids: string[]): string[] | null {
  return ids.length === 0 ? null : ids;
}

function asFlag(isWanted: boolean | null): 'Y' | 'N' | null {
  return isWanted === null ? null : isWanted ? 'Y' : 'N';
}
