import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import type { Vocabulary } from '../bitrix24/crm/reference-data.ts';
import type { ExportsPageDependencies } from './exports-page.ts';
import { presentFilters } from '../companies/list-filters.ts';
import type { Reader } from '../companies/list-rows.ts';
import { asCompanyQuery, readListView, viewerOf } from '../companies/list-query.ts';
import type { PreferencesStore } from '../companies/preferences.ts';
import type { SignedIn } from '../auth/session.ts';

/**
 * Reads what was on the screen from the query of its address, and from what its reader wants lists to show.
 *
 * @param dependencies.wordsFor  the portal's words that a filter is told in; what is not among them is described by its id
 */
export function createViewReader(dependencies: {
  wordsFor: (person: SignedIn, filter: CompanyFilter) => Promise<Vocabulary>;
  preferences: PreferencesStore;
}): ExportsPageDependencies['readView'] {
  const { wordsFor, preferences } = dependencies;
  return async (search, person, res) => {
    const view = { ...readListView(readQuery(search)), page: 1 };
    const { filter, sort, order } = asCompanyQuery(view, viewerOf(person));
    // Whoever means themselves is called so, and not by their name.
    const told = view.responsible === 'me' ? { ...filter, responsible: null } : filter;
    const [{ columns }, words] = await Promise.all([preferences.load(person), wordsFor(person, told)]);
    const { description } = presentFilters(view, words, res.locals as Reader);
    return { filter, sort, order, columns, description };
  };
}

/** As Express does it: what comes twice comes as a list, and is refused. */
function readQuery(search: string): Record<string, string | string[]> {
  const parameters = new URLSearchParams(search);
  return Object.fromEntries(
    [...parameters.keys()].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}
