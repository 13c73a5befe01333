import { z } from 'zod';
import { InvalidRequestError } from '../../errors.ts';
import type { Params } from '../rest/rest-types.ts';
import { columnsOf, type FilterOf } from './company-columns.ts';

/** Part of a title in any letter case; or a whole phone or e-mail as the portal has it (protocol 7.2). */
const Search = z.object({ by: z.enum(['title', 'phone', 'email']), text: z.string() });
export type CompanySearch = z.infer<typeof Search>;

/** Instants in ISO 8601 with an offset: `from` belongs to it, `before` does not. */
const Period = z.object({ from: z.string().nullable(), before: z.string().nullable() });
export type Period = z.infer<typeof Period>;

/** Bounds that belong to it, in whatever currency a company has. */
const Range = z.object({ from: z.number().nullable(), to: z.number().nullable() });

const CHOICES = columnsOf('dictionary');
const PERIODS = columnsOf('instant');
const RANGES = columnsOf('money');
const PEOPLE = columnsOf('person');

/**
 * Which companies are wanted: all conditions hold at once, and whatever is null or empty is no condition. Exports keep it in
 * their records.
 */
export const CompanyFilter = z.object({
  search: Search.nullable(),
  /** `STATUS_ID`s of the dictionaries; any one of them. */
  ...each<FilterOf<'dictionary'>, z.ZodArray<z.ZodString>>(CHOICES, z.array(z.string())),
  /** A portal user's id. */
  ...each<FilterOf<'person'>, z.ZodNullable<z.ZodNumber>>(PEOPLE, z.number().nullable()),
  ...each<FilterOf<'instant'>, typeof Period>(PERIODS, Period),
  hasPhone: z.boolean().nullable(),
  hasEmail: z.boolean().nullable(),
  ...each<FilterOf<'money'>, typeof Range>(RANGES, Range),
});
export type CompanyFilter = z.infer<typeof CompanyFilter>;

export const ALL_COMPANIES: CompanyFilter = {
  search: null,
  ...each<FilterOf<'dictionary'>, string[]>(CHOICES, []),
  ...each<FilterOf<'person'>, null>(PEOPLE, null),
  ...each<FilterOf<'instant'>, Period>(PERIODS, { from: null, before: null }),
  hasPhone: null,
  hasEmail: null,
  ...each<FilterOf<'money'>, z.infer<typeof Range>>(RANGES, { from: null, to: null }),
};

/** The same for each of these columns, under the names of their filters. */
function each<Name extends string, T>(columns: { filter: string }[], value: T): Record<Name, T> {
  return Object.fromEntries(columns.map(({ filter }) => [filter, value])) as Record<Name, T>;
}

const SEARCH_FIELDS = { title: '%TITLE', phone: 'PHONE', email: 'EMAIL' } as const;

/** What a portal replaces inside a batch by the answers of other commands (protocol 6.2). */
const REFERENCE = /\$(result|error|total|next|time)\[/i;

/**
 * Refuses text that a portal would replace by the answer of another command: it has no way to escape it.
 *
 * @throws {InvalidRequestError}
 */
function requireNoReference(filter: CompanyFilter): void {
  const texts = [filter.search?.text ?? '', ...CHOICES.flatMap((column) => filter[column.filter])];
  if (texts.some((text) => REFERENCE.test(text)))
    throw new InvalidRequestError('what is searched for would be a reference to another command');
}

/**
 * The `filter` of `crm.company.list`. Portals silently ignore fields they do not know and answer everything then (protocol
 * 7.2), so every name of a field comes from here or from the table of columns.
 */
export function buildWireFilter(filter: CompanyFilter): Params {
  requireNoReference(filter);
  const { search } = filter;
  const conditions: [field: string, value: Params[string] | null][] = [
    ...(search ? [searchCondition(search)] : []),
    ...CHOICES.map(({ wire, filter: name }): [string, string[] | null] => [wire, anyOf(filter[name])]),
    ...PEOPLE.map(({ wire, filter: name }): [string, number | null] => [wire, filter[name]]),
    ...PERIODS.flatMap(({ wire, filter: name }): [string, string | null][] => [
      [`>=${wire}`, filter[name].from],
      [`<${wire}`, filter[name].before],
    ]),
    ['HAS_PHONE', asFlag(filter.hasPhone)],
    ['HAS_EMAIL', asFlag(filter.hasEmail)],
    ...RANGES.flatMap(({ wire, filter: name }): [string, number | null][] => [
      [`>=${wire}`, filter[name].from],
      [`<=${wire}`, filter[name].to],
    ]),
  ];
  return Object.fromEntries(conditions.filter(([, value]) => value !== null)) as Params;
}

function searchCondition({ by, text }: CompanySearch): [string, Params[string]] {
  return [SEARCH_FIELDS[by], by === 'phone' ? spellings(text) : text];
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
