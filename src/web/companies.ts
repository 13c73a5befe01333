import type { RequestHandler, Response } from 'express';
import type { Answer } from '../answers/answer-cache.ts';
import { COMPANY_SORTS, type CompanyPage, PAGE_SIZE } from '../bitrix24/company.ts';
import type { Company } from '../bitrix24/company-row.ts';
import { type AllowedPortals, companyListPage } from '../bitrix24/portal.ts';
import { describeAge } from './age.ts';
import { COLUMNS } from './columns.ts';
import type { CompanyReader } from './company-reader.ts';
import { renderFragment } from './fragment.ts';
import { presentFilters } from './list-filters.ts';
import { buildListPage, buildPaging } from './list-page.ts';
import { presentRows, type Reader } from './list-rows.ts';
import {
  asCompanyQuery,
  type ListView,
  listAddress,
  readListForm,
  readListView,
  viewerOf,
} from './list-view.ts';
import { prefersJson } from './negotiate.ts';
import type { Preferences, PreferencesStore } from './preferences.ts';
import { requireSignIn } from './protect.ts';
import { portalOf } from './reading.ts';
import type { SignedIn } from './session.ts';

export interface CompaniesDependencies {
  portals: AllowedPortals;
  companyReader: CompanyReader;
  preferences: PreferencesStore;
  now: () => number;
}

/** `GET /companies`: the list, as a page or as JSON. */
export function showCompanies(dependencies: CompaniesDependencies): RequestHandler {
  const { companyReader, preferences, now } = dependencies;
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const view = readListView(req.query);
    if (prefersJson(req)) return sendJson(res, view, await companyReader.list(person, asQuery(view, person)));
    const [answer, wishes] = await Promise.all([
      companyReader.listSoon(person, asQuery(view, person)),
      preferences.load(person),
    ]);
    await sendPage(dependencies, res, { person, view, wishes, answer });
  };
}

/** `GET /companies/view`: what the form of a list was filled in with, as the address of a view. */
export function openView(): RequestHandler {
  return (req, res) => res.redirect(303, listAddress(readListForm(req.query)));
}

function asQuery(view: ListView, person: SignedIn) {
  return asCompanyQuery(view, viewerOf(person));
}

function sendJson(res: Response, { page }: ListView, { value, askedAt }: Answer<CompanyPage>): void {
  const { companies, total } = value;
  const asOf = new Date(askedAt).toISOString();
  res.json({ companies: companies.map(asJson), total, page, pageSize: PAGE_SIZE, asOf });
}

/** The company of design.md section 4. */
export function asJson({ employees: _, ...company }: Company) {
  return company;
}

interface ListAnswer {
  person: SignedIn;
  view: ListView;
  wishes: Preferences;
  answer: Answer<CompanyPage>;
}

async function sendPage(
  { portals, companyReader, now }: CompaniesDependencies,
  res: Response,
  { person, view, wishes, answer }: ListAnswer,
): Promise<void> {
  const reader = res.locals as Reader;
  const { companies, total, words } = answer.value;
  const page = buildListPage(view, wishes.columns, reader);
  const filters = presentFilters(view, words, reader);
  const { clearHref } = page;
  const values = {
    ...page,
    wishes,
    allColumns: COLUMNS,
    searchedBy: asQuery(view, person).filter.search?.by,
    filters,
    paging: buildPaging(view, total, companies.length),
    isEmpty: companies.length === 0,
    // Most of the work of a page, and the same as long as the answer is.
    fragments: {
      filters: await answer.derive(`filters ${readerKey(res)} ${page.search}`, () =>
        renderFragment(res, 'partials/list-filters', {
          view,
          filters,
          clearHref,
          sorts: COMPANY_SORTS,
        }),
      ),
      rows: await answer.derive(`rows ${readerKey(res)} ${wishes.columns.join()} ${page.search}`, () =>
        renderFragment(res, 'partials/list-rows', {
          rows: presentRows(companies, reader),
          columns: page.columns,
          cardHref: page.cardHref,
        }),
      ),
    },
    age: describeAge(answer, now()),
    portalListHref: companyListPage(portalOf(person, { portals })),
  };
  if (total !== null) return res.render('companies', values);
  // Rows are shown at once; how many there are in all, when it has been counted.
  res.type('html').write(await renderFragment(res, 'companies', values));
  res.flush();
  const counted = await companyReader.count(person, asQuery(view, person).filter).catch(() => null);
  const paging = buildPaging(view, counted, companies.length);
  res.end(
    await renderFragment(res, 'partials/list-foot', { ...values, paging, wasCounted: counted !== null }),
  );
}

/** What a fragment looks like depends on the reader as well. */
function readerKey(res: Response): string {
  const { language, zone } = res.locals as { language: string; zone?: { name: string } };
  return `${language} ${zone?.name ?? ''}`;
}
