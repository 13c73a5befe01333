import { COMPANY_SORTS } from '../bitrix24/crm/company-columns.ts';
import type { CompanySearch } from '../bitrix24/crm/company-filter.ts';
import type { CompanyPage } from '../bitrix24/crm/company-list.ts';
import type { Locale } from '../i18n/locale.ts';
import { COLUMNS } from './columns.ts';
import { presentFilters } from './list-filters.ts';
import { buildListPage, buildPaging } from './list-navigation.ts';
import type { ListView } from './list-query.ts';
import { presentRows } from './list-rows.ts';
import type { Preferences } from './preferences.ts';

/** What a page of the list is rendered for, besides its companies. */
export interface ShownList {
  view: ListView;
  preferences: Preferences;
  searchedBy: CompanySearch['by'] | undefined;
  /** All companies in Bitrix24 itself. */
  portalListHref: string;
}

/** Everything that the partials list-top and list-body show. */
export function buildListValues(page: CompanyPage, shown: ShownList, locale: Locale) {
  const { view, preferences } = shown;
  return {
    ...shown,
    ...buildListPage(view, preferences.columns, locale),
    allColumns: COLUMNS,
    sorts: COMPANY_SORTS,
    filters: presentFilters(view, page.referenceData, locale),
    paging: buildPaging(view, page),
    rows: presentRows(page.companies, locale),
  };
}
