import { LRUCache } from 'lru-cache';
import { type Answer, type AnswerCache, MAX_AGE_MS } from '../portal-client/answer-cache.ts';
import {
  type CompanyPage,
  type CompanyQuery,
  countCompanies,
  listCompanies,
  requireAccess,
} from '../bitrix24/crm/company-list.ts';
import { type CompanyCard, loadCompany } from '../bitrix24/crm/company-card.ts';
import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import { loadWords, Vocabulary } from '../bitrix24/crm/reference-data.ts';
import { AppError } from '../errors.ts';
import { type ReadingDependencies, restClientOf } from '../portal-client/portal-client.ts';
import type { SignedIn } from '../auth/session.ts';
import { settlesWithin } from '../timing.ts';
import type { VisitorLimits } from '../auth/visitor-limits.ts';

/** Reads companies for people: kept answers where there are any, the portal where there are none. */
export interface CompanyReader {
  /** @throws as listCompanies */
  list(person: SignedIn, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** As `list`, but without a total where counting takes long, or is known to. */
  listSoon(person: SignedIn, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** @throws as countCompanies */
  count(person: SignedIn, filter: CompanyFilter): Promise<number>;
  /** @throws as loadCompany */
  card(person: SignedIn, id: number): Promise<Answer<CompanyCard>>;
  /**
   * Asks the portal anew whether a person is still let in, before they get what was read for them earlier. A portal that
   * does not answer says nothing against them.
   *
   * @throws {AppError}  it says no
   */
  requireAccess(person: SignedIn): Promise<void>;
  /** The words of a person's portal, with those that a filter is told in if they can be had soon. */
  wordsFor(person: SignedIn, filter: CompanyFilter): Promise<Vocabulary>;
  /** What this person was shown before is shown no more. */
  forget(person: SignedIn): Promise<void>;
}

/** Longer than this nobody waits for words that ids can stand in for. */
const WORDS_WAIT_MS = 2_000;
/** Longer than this nobody waits for a number. */
const SLOW_SECONDS = 1;
/** Whoever waits for a page gets its rows after this, if they can be had without the total. */
const PATIENCE_MS = 3_000;
/** How many filters are remembered to be slow; a portal that has grown faster is found out after a while. */
const SLOW_FILTERS = 1_000;

export function createCompanyReader(
  dependencies: ReadingDependencies & { answers: AnswerCache; visitorLimits: VisitorLimits },
): CompanyReader {
  const { answers, clientId, visitorLimits } = dependencies;
  const ownerOf = ({ memberId, userId }: SignedIn) => `${memberId}:${clientId}:${userId}`;
  const wordsOf = (person: SignedIn) => answers.companion(ownerOf(person), () => new Vocabulary());
  const slow = new LRUCache<string, true>({ max: SLOW_FILTERS, ttl: MAX_AGE_MS });
  const slowKey = (person: SignedIn, filter: CompanyFilter) => `${ownerOf(person)} ${JSON.stringify(filter)}`;

  function read<T>(person: SignedIn, question: string, ask: () => Promise<T>): Promise<Answer<T>> {
    return answers.read({ owner: ownerOf(person), question }, Date.parse(person.since), ask);
  }

  function list(person: SignedIn, query: CompanyQuery): Promise<Answer<CompanyPage>> {
    return read(person, `list ${JSON.stringify(query)}`, async () => {
      if (query.filter.search !== null) await visitorLimits.countSearch(person);
      const page = await listCompanies(restClientOf(person, dependencies), query, wordsOf(person));
      const isSlow = page.total !== null && page.seconds !== undefined && page.seconds > SLOW_SECONDS;
      if (isSlow) slow.set(slowKey(person, query.filter), true);
      return page;
    });
  }

  async function listSoon(person: SignedIn, query: CompanyQuery): Promise<Answer<CompanyPage>> {
    // Whoever asks for another page has it counted from the first row on.
    if (query.page !== 1) return list(person, query);
    const key = slowKey(person, query.filter);
    const uncounted = { ...query, isUncounted: true };
    if (slow.has(key)) return list(person, uncounted);
    // What comes too late for this page is kept for the next.
    const counted = list(person, query);
    if (await settlesWithin(counted, PATIENCE_MS)) return counted;
    const rows = list(person, uncounted).catch(() => counted);
    const first = await Promise.race([counted, rows]);
    // Few rows have a total without being counted, and may take as long to count.
    if (!(await settlesWithin(counted, 0))) slow.set(key, true);
    return first;
  }

  return {
    list,
    listSoon,
    async wordsFor(person, filter) {
      const words = wordsOf(person);
      const client = restClientOf(person, dependencies, { waitMs: WORDS_WAIT_MS });
      // A new token may take longer than any request; what fails leaves ids where words could be.
      await settlesWithin(loadWords(client, filter, words), WORDS_WAIT_MS);
      return words;
    },
    async requireAccess(person) {
      await requireAccess(restClientOf(person, dependencies)).catch((error: unknown) => {
        if (error instanceof AppError && error.endsAccess) throw error;
      });
    },
    async count(person, filter) {
      const { value } = await read(person, `count ${JSON.stringify(filter)}`, () =>
        countCompanies(restClientOf(person, dependencies), filter),
      );
      return value;
    },
    card: (person, id) =>
      read(person, `card ${id}`, () => loadCompany(restClientOf(person, dependencies), id, wordsOf(person))),
    forget: (person) => answers.forget(ownerOf(person)),
  };
}
