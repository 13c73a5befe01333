import { LRUCache } from 'lru-cache';
import type { SignedInUser } from '../auth/signed-in-user.ts';
import type { VisitorLimits } from '../auth/visitor-limits.ts';
import { type CompanyCard, loadCompany } from '../bitrix24/crm/company-card.ts';
import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import {
  type CompanyPage,
  type CompanyQuery,
  countCompanies,
  listCompanies,
  requireAccess,
} from '../bitrix24/crm/company-list.ts';
import { loadReferenceData, ReferenceData } from '../bitrix24/crm/reference-data.ts';
import { AppError } from '../errors.ts';
import { type Answer, type AnswerCache, MAX_AGE_MS } from '../portal-client/answer-cache.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import { portalUserKey } from '../store/records.ts';
import { settlesWithin } from '../timing.ts';

/** Reads companies for people: kept answers where there are any, the portal where there are none. */
export interface CompanyReader {
  /** @throws as listCompanies */
  list(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** As `list`, but without a total where counting takes long, or is known to. */
  listSoon(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** @throws as countCompanies */
  count(user: SignedInUser, filter: CompanyFilter): Promise<number>;
  /** @throws as loadCompany */
  card(user: SignedInUser, id: number): Promise<Answer<CompanyCard>>;
  /**
   * Asks the portal anew whether a user is still let in, before they get what was read for them earlier. A portal that
   * does not answer says nothing against them.
   *
   * @throws {AppError}  it says no
   */
  requireAccess(user: SignedInUser): Promise<void>;
  /** The words of a person's portal, with those that a filter is told in if they can be had soon. */
  referenceDataFor(user: SignedInUser, filter: CompanyFilter): Promise<ReferenceData>;
  /** What this user was shown before is shown no more. */
  forget(user: SignedInUser): Promise<void>;
}

/** Longer than this nobody waits for words that ids can stand in for. */
const WORDS_WAIT_MS = 2_000;
/** Longer than this nobody waits for a number. */
const SLOW_SECONDS = 1;
/** Whoever waits for a page gets its rows after this, if they can be had without the total. */
const PATIENCE_MS = 3_000;
/** How many filters are remembered to be slow; a portal that has grown faster is found out after a while. */
const SLOW_FILTERS = 1_000;

export function createCompanyReader({
  answers,
  portalClients,
  visitorLimits,
}: {
  answers: AnswerCache;
  portalClients: PortalClients;
  visitorLimits: VisitorLimits;
}): CompanyReader {
  const { clientFor } = portalClients;
  const referenceDataOf = (user: SignedInUser) => answers.companion(user, () => new ReferenceData());
  const slow = new LRUCache<string, true>({ max: SLOW_FILTERS, ttl: MAX_AGE_MS });
  const slowKey = (user: SignedInUser, filter: CompanyFilter) =>
    portalUserKey('slow', user, JSON.stringify(filter));

  function read<T>(user: SignedInUser, question: string, ask: () => Promise<T>): Promise<Answer<T>> {
    return answers.read({ user, question }, Date.parse(user.since), ask);
  }

  function list(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>> {
    return read(user, `list ${JSON.stringify(query)}`, async () => {
      if (query.filter.search !== null) await visitorLimits.countSearch(user);
      const page = await listCompanies(clientFor(user), query, referenceDataOf(user));
      const isSlow = page.total !== null && page.seconds !== undefined && page.seconds > SLOW_SECONDS;
      if (isSlow) slow.set(slowKey(user, query.filter), true);
      return page;
    });
  }

  async function listSoon(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>> {
    // Whoever asks for another page has it counted from the first row on.
    if (query.page !== 1) return list(user, query);
    const key = slowKey(user, query.filter);
    const uncounted = { ...query, isUncounted: true };
    if (slow.has(key)) return list(user, uncounted);
    // What comes too late for this page is kept for the next.
    const counted = list(user, query);
    if (await settlesWithin(counted, PATIENCE_MS)) return counted;
    const rows = list(user, uncounted).catch(() => counted);
    const first = await Promise.race([counted, rows]);
    // Few rows have a total without being counted, and may take as long to count.
    if (!(await settlesWithin(counted, 0))) slow.set(key, true);
    return first;
  }

  return {
    list,
    listSoon,
    async referenceDataFor(user, filter) {
      const referenceData = referenceDataOf(user);
      const client = clientFor(user, { waitMs: WORDS_WAIT_MS });
      // A new token may take longer than any request; what fails leaves ids where words could be.
      await settlesWithin(loadReferenceData(client, filter, referenceData), WORDS_WAIT_MS);
      return referenceData;
    },
    async requireAccess(user) {
      await requireAccess(clientFor(user)).catch((error: unknown) => {
        if (error instanceof AppError && error.endsAccess) throw error;
      });
    },
    async count(user, filter) {
      const { value } = await read(user, `count ${JSON.stringify(filter)}`, () =>
        countCompanies(clientFor(user), filter),
      );
      return value;
    },
    card: (user, id) =>
      read(user, `card ${id}`, () => loadCompany(clientFor(user), id, referenceDataOf(user))),
    forget: (user) => answers.forget(user),
  };
}
