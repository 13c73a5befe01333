import { hash } from 'node:crypto';
import type { Response } from 'express';
import type { Answer } from '../portal-client/answer-cache.ts';
import { COMPANY_SORTS, type CompanyPage } from '../bitrix24/crm/company-list.ts';
import type { CompanySearch } from '../bitrix24/crm/company-filter.ts';
import { COLUMNS } from './columns.ts';
import { renderFragment } from '../web/fragment.ts';
import { presentFilters } from './list-filters.ts';
import { buildListPage, buildPaging } from './list-navigation.ts';
import { presentRows, type Reader } from './list-rows.ts';
import { type ListView, writeListView } from './list-query.ts';
import type { Preferences } from './preferences.ts';

/** What a list is shown for. */
export interface ShownList {
  view: ListView;
  wishes: Preferences;
  searchedBy: CompanySearch['by'] | undefined;
  /** All companies in Bitrix24 itself. */
  portalListHref: string;
}

/** What stands above the rows, and the rows with what is below them. */
export interface ListFragments {
  top: string;
  body: string;
}

/**
 * The parts of a list's page that stay the same as long as its answer does: nearly all the work of a page, so that whoever
 * comes back to a list gets it as fast as a file.
 */
export async function listFragments(
  res: Response,
  answer: Answer<CompanyPage>,
  shown: ShownList,
): Promise<ListFragments> {
  let made: ReturnType<typeof buildValues> | undefined;
  const values = () => {
    made ??= buildValues(answer.value, shown, res.locals as Reader);
    return made;
  };
  const key = keyOf(res, shown);
  const part = (name: keyof ListFragments) =>
    answer.derive(`${name} ${key}`, () => renderFragment(res, `partials/list-${name}`, values()));
  return { top: await part('top'), body: await part('body') };
}

/** All that the reader and the view decide about; the answer has its own place. */
function keyOf(res: Response, { view, wishes }: ShownList): string {
  const { language, zone } = res.locals as { language: string; zone?: { name: string } };
  const wished = hash('sha256', JSON.stringify(wishes), 'base64url');
  return `${language} ${zone?.name ?? ''} ${wished} ${writeListView(view)}`;
}

function buildValues({ companies, total, words }: CompanyPage, shown: ShownList, reader: Reader) {
  const { view, wishes } = shown;
  return {
    ...shown,
    ...buildListPage(view, wishes.columns, reader),
    allColumns: COLUMNS,
    sorts: COMPANY_SORTS,
    filters: presentFilters(view, words, reader),
    paging: buildPaging(view, total, companies.length),
    rows: presentRows(companies, reader),
  };
}
