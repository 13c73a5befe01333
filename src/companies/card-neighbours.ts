import type { SignedInUser } from '../auth/signed-in-user.ts';
import type { CompanyReader } from './company-reader.ts';
import { buildPaging } from './list-navigation.ts';
import { asCompanyQuery, type ListView, viewerOf, writeListView } from './list-query.ts';

/** Links to the companies before and after this one, in the order of the list that the person came from. */
export interface Neighbours {
  previousHref?: string | undefined;
  nextHref?: string | undefined;
}

/** An error leaves the links out: the card is worth showing without them. */
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
    const page = await pageAt(view.page);
    const { companies } = page;
    const index = companies.findIndex((company) => company.id === id);
    if (index < 0) return {};
    const paging = buildPaging(view, page);
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
