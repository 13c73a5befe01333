import type { SignedInUser } from '../auth/signed-in-user.ts';
import type { CompanyReader } from './company-reader.ts';
import { buildPaging } from './list-navigation.ts';
import { asCompanyQuery, type ListView, viewerOf, writeListView } from './list-query.ts';

/** The way to the companies before and after one, as the list has them that the person came from. */
export interface Neighbours {
  previousHref?: string | undefined;
  nextHref?: string | undefined;
}

/** A card is worth showing without them: where they cannot be told there are none. */
export async function findNeighbours(
  companyReader: CompanyReader,
  person: SignedInUser,
  view: ListView,
  id: number,
): Promise<Neighbours> {
  const pageAt = async (page: number) =>
    (await companyReader.listSoon(person, asCompanyQuery({ ...view, page }, viewerOf(person)))).value;
  const hrefOf = (company: { id: number } | undefined, page: number) =>
    company && `/companies/${company.id}?from=${encodeURIComponent(writeListView({ ...view, page }))}`;
  try {
    const { companies, total } = await pageAt(view.page);
    const index = companies.findIndex((company) => company.id === id);
    if (index < 0) return {};
    const paging = buildPaging(view, total, companies.length);
    const before = companies[index - 1];
    const after = companies[index + 1];
    return {
      previousHref:
        before || !paging.previousHref
          ? hrefOf(before, view.page)
          : hrefOf((await pageAt(view.page - 1)).companies.at(-1), view.page - 1),
      nextHref:
        after || !paging.nextHref
          ? hrefOf(after, view.page)
          : hrefOf((await pageAt(view.page + 1)).companies[0], view.page + 1),
    };
  } catch {
    return {};
  }
}
