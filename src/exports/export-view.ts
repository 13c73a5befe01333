import type { SignedInUser } from '../auth/signed-in-user.ts';
import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import type { ReferenceData } from '../bitrix24/crm/reference-data.ts';
import { presentFilters } from '../companies/list-filters.ts';
import { asCompanyQuery, readListView, viewerOf } from '../companies/list-query.ts';
import type { PreferencesStore } from '../companies/preferences.ts';
import { localeOf } from '../web/language.ts';
import type { ReadView } from './exports-page.ts';

/**
 * Reads what was on the screen from the query of its address, and from what its reader wants lists to show.
 *
 * @param dependencies.referenceDataFor  the portal's words that a filter is told in; what is not among them is described by its id
 */
export function createViewReader(dependencies: {
  referenceDataFor: (user: SignedInUser, filter: CompanyFilter) => Promise<ReferenceData>;
  preferences: PreferencesStore;
}): ReadView {
  const { referenceDataFor, preferences } = dependencies;
  return async (search, user, res) => {
    const view = { ...readListView(readQuery(search)), page: 1 };
    const { filter, sort, order } = asCompanyQuery(view, viewerOf(user));
    // `me` is described as such, and not by the user's name.
    const told = view.responsible === 'me' ? { ...filter, responsible: null } : filter;
    const [{ columns }, words] = await Promise.all([preferences.load(user), referenceDataFor(user, told)]);
    const { description } = presentFilters(view, words, localeOf(res));
    return { filter, sort, order, columns, description };
  };
}

/** As Express does it: a parameter that comes twice is an array, and is refused. */
function readQuery(search: string): Record<string, string | string[]> {
  const parameters = new URLSearchParams(search);
  return Object.fromEntries(
    [...parameters.keys()].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}
