import { z } from 'zod';
import { InvalidRequestError } from '../../errors.ts';
import type { Params } from '../rest/rest-types.ts';
import { columnsOf, type FilterOf } from './company-columns.ts';
import { holdsReference, readSearch } from './search-readings.ts';

/** What was typed, and what it most likely is; portals are asked for every reading of it (search-readings.ts). */
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

/**
 * Refuses ids that a portal would replace by the answer of another command: it has no way to escape them.
 *
 * @throws {InvalidRequestError}
 */
function requireNoReference(filter: CompanyFilter): void {
  if (CHOICES.some((column) => filter[column.filter].some(holdsReference)))
    throw new InvalidRequestError('a value of a dictionary would be a reference to another command');
}

/**
 * The `filter` of `crm.company.list`. What is searched for is read as part of a title; `resolveFilter` asks for its other
 * readings. Portals silently ignore fields they do not know and answer everything then (protocol
 * 7.2), so every name of a field comes from here or from the table of columns.
 */
export function buildWireFilter(filter: CompanyFilter): Params {
  requireNoReference(filter);
  const { search } = filter;
  const conditions: [field: string, value: Params[string] | null][] = [
    ...(search ? [titleCondition(search)] : []),
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

function titleCondition({ text }: CompanySearch): [string, Params[string]] {
  const { field, pattern } = readSearch(text).title;
  return [field, pattern];
}

function anyOf(ids: string[]): string[] | null {
  return ids.length === 0 ? null : ids;
}

function asFlag(isWanted: boolean | null): 'Y' | 'N' | null {
  return isWanted === null ? null : isWanted ? 'Y' : 'N';
}
