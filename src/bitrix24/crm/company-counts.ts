import { z } from 'zod';
import {
  CircuitOpenError,
  TransportError,
  UnexpectedResponseError,
} from '../../http-client/transport-errors.ts';
import { MAX_COMMANDS } from '../rest/batch.ts';
import type { CommandAnswer, RestClient } from '../rest/rest-types.ts';
import { COMMAND, Retries } from '../rest/retry-policy.ts';
import { ALL_COMPANIES, buildWireFilter, type CompanyFilter, type Period } from './company-filter.ts';
import { askForTotal } from './company-list.ts';
import { readTotal } from './list-answer.ts';
import { ReferenceData } from './reference-data.ts';
import type { Person } from './users.ts';

/** Null where the portal would not count. */
const Count = z.number().int().nonnegative().nullable();
const DictionaryCount = z.object({ id: z.string(), name: z.string().nullable(), count: Count });
const Bound = z.number().nullable();

/** How many companies there are of each kind, as one person may see them. */
export const CompanyCounts = z.object({
  total: z.number().int().nonnegative(),
  withoutPhone: Count,
  withoutEmail: Count,
  /** In the portal's order, the companies without one last under the id ''. Null when the portal would not name them. */
  types: z.array(DictionaryCount).nullable(),
  industries: z.array(DictionaryCount).nullable(),
  /** Null when people may not be read. */
  responsible: z
    .object({
      people: z.array(z.object({ id: z.number(), name: z.string().nullable(), count: Count })),
      /** Whether these are all who work at the portal. */
      isEverybody: z.boolean(),
    })
    .nullable(),
  /** By their first and last days, the oldest first. */
  months: z.array(z.object({ first: z.iso.date(), last: z.iso.date(), count: Count })),
  /** In as much of the month before as has passed of this one. */
  sameDaysBefore: Count,
  /** Both bounds belong to it. */
  revenue: z.array(z.object({ from: Bound, to: Bound, count: Count })),
});
export type CompanyCounts = z.infer<typeof CompanyCounts>;

/** The times for which new companies are counted. */
export interface CountedPeriods {
  months: { first: string; last: string; period: Period }[];
  sameDaysBefore: Period;
}

/** Each ten times the one before, in whatever currency a company has. Portals keep two digits of it. */
const REVENUE_CLASSES = [
  { from: null, to: 0 },
  { from: 0.01, to: 9_999.99 },
  { from: 10_000, to: 99_999.99 },
  { from: 100_000, to: 999_999.99 },
  { from: 1_000_000, to: 9_999_999.99 },
  { from: 10_000_000, to: 99_999_999.99 },
  { from: 100_000_000, to: 999_999_999.99 },
  { from: 1_000_000_000, to: null },
];

/** A dictionary has tens of values; one with thousands would keep the portal busy. */
const MAX_VALUES = 100;

/**
 * Counts companies by `total` alone, in a few requests: none of them is downloaded.
 *
 * A kind that the portal would not count has null in place of a number; a request that fails fails it all.
 *
 * @param self     the portal user who asks: counted even where the portal has more people than it names at once
 * @param periods  which new companies to count
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
 */
export async function countByKind(
  client: RestClient,
  self: Person,
  periods: CountedPeriods,
): Promise<CompanyCounts> {
  const { types, industries, people, isEverybody } = await loadNames(client, self);
  const ids = (values: Value[] | undefined) => values?.map(({ id }) => id) ?? [];
  const counts = await countEach(client, {
    total: [ALL_COMPANIES],
    withoutPhone: [{ ...ALL_COMPANIES, hasPhone: false }],
    withoutEmail: [{ ...ALL_COMPANIES, hasEmail: false }],
    sameDaysBefore: [{ ...ALL_COMPANIES, created: periods.sameDaysBefore }],
    months: periods.months.map(({ period }) => ({ ...ALL_COMPANIES, created: period })),
    revenue: REVENUE_CLASSES.map((revenue) => ({ ...ALL_COMPANIES, revenue })),
    types: ids(types).map((id) => ({ ...ALL_COMPANIES, types: [id] })),
    industries: ids(industries).map((id) => ({ ...ALL_COMPANIES, industries: [id] })),
    people: people?.map(({ id }) => ({ ...ALL_COMPANIES, responsible: id })) ?? [],
  });
  const [total] = counts.total;
  if (typeof total !== 'number') {
    throw new UnexpectedResponseError('total', 'crm.company.list did not count the companies');
  }
  return {
    total,
    withoutPhone: counts.withoutPhone[0] ?? null,
    withoutEmail: counts.withoutEmail[0] ?? null,
    types: types ? joinCounts(types, counts.types) : null,
    industries: industries ? joinCounts(industries, counts.industries) : null,
    responsible: people ? { people: joinCounts(people, counts.people), isEverybody } : null,
    months: joinCounts(
      periods.months.map(({ first, last }) => ({ first, last })),
      counts.months,
    ),
    sameDaysBefore: counts.sameDaysBefore[0] ?? null,
    revenue: joinCounts(REVENUE_CLASSES, counts.revenue),
  };
}

interface Value {
  id: string;
  name: string | null;
}

/** The dictionary values and people that companies are counted by; undefined where the portal refuses to name them. */
async function loadNames(client: RestClient, self: Person) {
  const referenceData = new ReferenceData();
  referenceData.load(
    await client.batch({
      ...referenceData.commandsFor(['types', 'industries']),
      ...referenceData.commandsForColleagues(),
    }),
  );
  const { colleagues, knowsAllColleagues } = referenceData;
  const isMissing = referenceData.person(self.id) === undefined;
  return {
    types: valuesOf(referenceData, 'COMPANY_TYPE'),
    industries: valuesOf(referenceData, 'INDUSTRY'),
    // A portal user who may read people finds at least one.
    people: colleagues.length === 0 ? undefined : [...colleagues, ...(isMissing ? [self] : [])],
    isEverybody: knowsAllColleagues,
  };
}

function valuesOf(referenceData: ReferenceData, entityId: string): Value[] | undefined {
  const names = referenceData.dictionaries.get(entityId);
  if (names === undefined) return undefined;
  const values = [...names].map(([id, name]) => ({ id, name })).filter(({ id }) => id !== '');
  return [...values.slice(0, MAX_VALUES), { id: '', name: null }];
}

/** A count that is still to be asked for, and where it belongs. */
interface Question<Name extends string> {
  name: Name;
  index: number;
  filter: CompanyFilter;
}

/** One number for each filter, in the same groups. A count that fails for the moment is asked for again. */
async function countEach<Name extends string>(
  client: RestClient,
  groups: Record<Name, CompanyFilter[]>,
): Promise<Record<Name, (number | null)[]>> {
  const names = Object.keys(groups) as Name[];
  const counts = Object.fromEntries(
    names.map((name) => [name, groups[name].map(() => null)]),
  ) as unknown as Record<Name, (number | null)[]>;
  const retries = new Retries(COMMAND);
  let open: Question<Name>[] = names.flatMap((name) =>
    groups[name].map((filter, index) => ({ name, index, filter })),
  );
  for (;;) {
    const failed: Question<Name>[] = [];
    let failure: unknown;
    for await (const { question, answer } of askAll(client, open)) {
      const error = 'error' in answer ? answer.error : undefined;
      counts[question.name][question.index] = totalOf(answer);
      if (!COMMAND.isWorthAnotherTry(error)) continue;
      failure = error;
      failed.push(question);
    }
    if (failed.length === 0 || !(await retries.pauseAfter(failure))) return counts;
    open = failed;
  }
}

/** Asks in as few requests as possible; where the portal does not answer in time, in smaller ones from then on. */
async function* askAll<Q extends { filter: CompanyFilter }>(
  client: RestClient,
  questions: Q[],
): AsyncGenerator<{ question: Q; answer: CommandAnswer }> {
  let atOnce = MAX_COMMANDS;
  for (let rest = questions; rest.length > 0; ) {
    const asked = rest.slice(0, atOnce);
    const answers = await askAtOnce(client, asked);
    if (answers === 'too much') {
      atOnce = Math.ceil(asked.length / 2);
      continue;
    }
    for (const [index, question] of asked.entries()) {
      const answer = answers[index];
      if (answer) yield { question, answer };
    }
    rest = rest.slice(answers.length);
  }
}

/** @returns `too much` when the portal did not answer in time, and fewer questions may do */
async function askAtOnce(
  client: RestClient,
  asked: { filter: CompanyFilter }[],
): Promise<CommandAnswer[] | 'too much'> {
  try {
    const answers = await client.batchUpTo(asked.map(({ filter }) => askForTotal(buildWireFilter(filter))));
    for (const answer of answers) {
      if ('error' in answer && answer.error.endsAccess) throw answer.error;
    }
    if (answers.length > 0) return answers;
    throw new UnexpectedResponseError('result', 'the batch has no answer at all');
  } catch (error) {
    const tookTooLong = error instanceof TransportError && error.isTimeout;
    if (tookTooLong && !(error instanceof CircuitOpenError) && asked.length > 1) return 'too much';
    throw error;
  }
}

function totalOf(answer: CommandAnswer): number | null {
  return 'error' in answer ? null : readTotal(answer, 0);
}

function joinCounts<T>(kinds: T[], counts: (number | null)[]): (T & { count: number | null })[] {
  return kinds.map((kind, index) => ({ ...kind, count: counts[index] ?? null }));
}
