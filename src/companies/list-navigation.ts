import { type ColumnName, rowOf } from '../bitrix24/crm/company-columns.ts';
import type { CompanyPage } from '../bitrix24/crm/company-list.ts';
import { PAGE_SIZE } from '../bitrix24/rest/pages.ts';
import type { Locale } from '../i18n/locale.ts';
import { isSortable } from './columns.ts';
import { EVERYTHING, FILTERS, type ListView, listAddress, writeListView } from './list-query.ts';
import type { ListRow } from './list-rows.ts';

/** What surrounds the rows: headings that sort, links to cards, the address of the view. */
export function buildListPage(view: ListView, columns: readonly ColumnName[], { t }: Locale) {
  const addressOf = (change: Partial<ListView>) => listAddress({ ...view, ...change });
  const search = writeListView(view);
  const from = search ? `?from=${encodeURIComponent(search)}` : '';
  return {
    view,
    search,
    columns: columns.map((name) => ({
      name,
      kind: rowOf(name).kind,
      isTag: rowOf(name).isTag ?? false,
      label: t(`list.columns.${name}`),
      ...(isSortable(name) && {
        sortHref: addressOf({ sort: name, order: nextOrder(view, name), page: 1 }),
        ariaSort: view.sort !== name ? 'none' : view.order === 'asc' ? 'ascending' : 'descending',
      }),
    })),
    clearHref: addressOf({
      ...Object.fromEntries(FILTERS.map((name) => [name, EVERYTHING[name]])),
      page: 1,
    }),
    cardHref: ({ id }: Pick<ListRow, 'id'>) => `/companies/${id}${from}`,
  };
}

/** A second click on a column reverses the order. Titles begin with A, other columns with the newest or the most. */
function nextOrder({ sort, order }: ListView, name: ListView['sort']): ListView['order'] {
  if (sort === name) return order === 'asc' ? 'desc' : 'asc';
  return name === 'title' ? 'asc' : 'desc';
}

type Shown = Pick<CompanyPage, 'companies' | 'total' | 'hasMore'>;

/** Links to the other pages of a view. While the portal has not counted, only the next one is known. */
export function buildPaging(view: ListView, { companies, total, hasMore }: Shown) {
  const addressOf = (page: number) => listAddress({ ...view, page });
  const pages = total === null ? undefined : Math.max(1, Math.ceil(total / PAGE_SIZE));
  const { page } = view;
  const hasPrevious = page > 1 && page <= (pages ?? page);
  return {
    page,
    pages,
    total,
    from: (page - 1) * PAGE_SIZE + 1,
    to: (page - 1) * PAGE_SIZE + companies.length,
    pageLinks: pageNumbers(page, pages ?? 1).map((number) => ({
      page: number,
      href: number ? addressOf(number) : undefined,
    })),
    previousHref: hasPrevious ? addressOf(page - 1) : undefined,
    nextHref: hasMore ? addressOf(page + 1) : undefined,
    firstPageHref: addressOf(1),
  };
}

/** First, last, and those around the current one; undefined where some are left out. */
function pageNumbers(current: number, pages: number): (number | undefined)[] {
  const near = [1, current - 1, current, current + 1, pages].filter((page) => page >= 1 && page <= pages);
  const shown = [...new Set(near)].sort((a, b) => a - b);
  return shown.flatMap((page, index) => {
    const gap = page - (shown[index - 1] ?? page);
    return gap > 2 ? [undefined, page] : gap === 2 ? [page - 1, page] : [page];
  });
}
