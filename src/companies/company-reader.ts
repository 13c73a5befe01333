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

/** Reads companies for signed-in users: from kept answers where there are any, else from the portal. */
export interface CompanyReader {
  /** @throws as listCompanies */
  list(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** As `list`, but with `total: null` where the portal takes long to count, or is known to. */
  listSoon(user: SignedInUser, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** @throws as countCompanies */
  count(user: SignedInUser, filter: CompanyFilter): Promise<number>;
  /** @throws as loadCompany */
  card(user: SignedInUser, id: number): Promise<Answer<CompanyCard>>;
  /**
   * Asks the portal again whether the user may read companies, before they get a file that was made earlier. A portal that
   * does not answer counts as a yes.
   *
   * @throws {AppError}  the portal refuses; `endsAccess` is true
   */
  requireAccess(user: SignedInUser): Promise<void>;
  /** The reference data of the user's portal; names that a filter refers to are loaded if the portal answers soon. */
  referenceDataFor(user: SignedInUser, filter: CompanyFilter): Promise<ReferenceData>;
  /** Deletes every answer that was kept for the user. */
  forget(user: SignedInUser): Promise<void>;
}

/** A page does not wait longer than this for names: ids can stand in for them. */
const WORDS_WAIT_MS = 2_000;
/** A portal that takes longer than this to count is asked for the rows alone next time. */
const SLOW_SECONDS = 1;
/** After this the list is sent without its total, if the portal has answered the rows. */
const PATIENCE_MS = 3_000;
/** How many filters are remembered as slow, each for as long as an answer is kept. */
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
    // Portals count for every page but the first.
    if (query.page !== 1) return list(user, query);
    const key = slowKey(user, query.filter);
    const uncounted = { ...query, isUncounted: true };
    if (slow.has(key)) return list(user, uncounted);
    // An answer that comes too late for this page is kept for the next.
    const counted = list(user, query);
    if (await settlesWithin(counted, PATIENCE_MS)) return counted;
    const rows = list(user, uncounted).catch(() => counted);
    const first = await Promise.race([counted, rows]);
    // Still not counted: remembered, unless the few rows were counted by themselves.
    if (!(await settlesWithin(counted, 0))) slow.set(key, true);
    return first;
  }

  return {
    list,
    listSoon,
    async referenceDataFor(user, filter) {
      const referenceData = referenceDataOf(user);
      const client = clientFor(user, { waitMs: WORDS_WAIT_MS });
      // A token refresh may take longer than any request. After a failure ids stand in for names.
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
