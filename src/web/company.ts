import type { Request, RequestHandler } from 'express';
import { PAGE_SIZE } from '../bitrix24/company.ts';
import type { CompanyCard } from '../bitrix24/company-card.ts';
import { type AllowedPortals, companyPage, contactPage, dealPage } from '../bitrix24/portal.ts';
import { NotFoundError } from '../errors.ts';
import { describeAge } from './age.ts';
import { presentCard } from './card-groups.ts';
import { asJson } from './companies.ts';
import type { CompanyReader } from './company-reader.ts';
import { mailHref, phoneHref, webHref } from './links.ts';
import {
  asCompanyQuery,
  type ListView,
  listAddress,
  readStoredView,
  viewerOf,
  writeListView,
} from './list-view.ts';
import { prefersJson } from './negotiate.ts';
import { requireSignIn } from './protect.ts';
import { portalOf } from './reading.ts';
import type { SignedIn } from './session.ts';

export interface CompanyDependencies {
  portals: AllowedPortals;
  companyReader: CompanyReader;
  now: () => number;
}

/** `GET /companies/:id`: one company, as a page or as JSON. */
export function showCompany(dependencies: CompanyDependencies): RequestHandler {
  const { companyReader, now } = dependencies;
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const id = readCompanyId(req);
    if (prefersJson(req)) {
      const { company, ...others } = (await companyReader.card(person, id)).value;
      return void res.json({ company: asJson(company), ...others });
    }
    const view = readStoredView(req.query.from);
    const [answer, neighbours] = await Promise.all([
      companyReader.card(person, id),
      findNeighbours(companyReader, person, view, id),
    ]);
    res.render('company', {
      ...cardValues(answer.value),
      ...neighbours,
      ...linksInto(portalOf(person, dependencies)),
      age: describeAge(answer, now()),
      backTo: listAddress(view),
      sameResponsible: (userId: number) => `/companies?responsible=${userId}`,
    });
  };
}

function cardValues(card: CompanyCard) {
  const { company, contacts, deals } = card;
  return { company, contacts, deals, ...presentCard(card), phoneHref, mailHref, webHref };
}

function linksInto(portal: Parameters<typeof companyPage>[0]) {
  return {
    portalHref: ({ id }: { id: number }) => companyPage(portal, id),
    contactHref: ({ id }: { id: number }) => contactPage(portal, id),
    dealHref: ({ id }: { id: number }) => dealPage(portal, id),
  };
}

function readCompanyId(req: Request): number {
  const { id } = req.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id))
    throw new NotFoundError('no company has such an id');
  return Number(id);
}

/**
 * The companies before and after this one in the list the person came from, at most a page away. A card is worth showing
 * without them.
 */
async function findNeighbours(
  companyReader: CompanyReader,
  person: SignedIn,
  view: ListView,
  id: number,
): Promise<{ previousHref?: string; nextHref?: string }> {
  const pageOf = async (page: number) => {
    const query = asCompanyQuery({ ...view, page }, viewerOf(person));
    return (await companyReader.listSoon(person, query)).value;
  };
  try {
    const here = await pageOf(view.page);
    const index = here.companies.findIndex((company) => company.id === id);
    if (index < 0) return {};
    const hrefOf = (company: { id: number } | undefined, page: number) =>
      company && `/companies/${company.id}?from=${encodeURIComponent(writeListView({ ...view, page }))}`;
    const isLast = index === here.companies.length - 1;
    const mayHaveMore = here.total === null || view.page * PAGE_SIZE < here.total;
    const previous =
      index > 0
        ? hrefOf(here.companies[index - 1], view.page)
        : view.page > 1
          ? hrefOf((await pageOf(view.page - 1)).companies.at(-1), view.page - 1)
          : undefined;
    const next = !isLast
      ? hrefOf(here.companies[index + 1], view.page)
      : mayHaveMore
        ? hrefOf((await pageOf(view.page + 1)).companies[0], view.page + 1)
        : undefined;
    return { ...(previous && { previousHref: previous }), ...(next && { nextHref: next }) };
  } catch {
    return {};
  }
}
