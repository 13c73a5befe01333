import type { RequestHandler, Response } from 'express';
import type { Answer } from '../portal-client/answer-cache.ts';
import { type CompanyPage, PAGE_SIZE } from '../bitrix24/crm/company-list.ts';
import type { Company } from '../bitrix24/crm/company.ts';
import { type AllowedPortals, companyListPage } from '../bitrix24/portal.ts';
import { describeAge } from './age.ts';
import type { CompanyReader } from './company-reader.ts';
import { compressInPieces } from '../web/compress-pages.ts';
import { renderFragment } from '../web/fragment.ts';
import { listFragments } from './list-fragments.ts';
import { buildPaging } from './list-navigation.ts';
import {
  asCompanyQuery,
  type ListView,
  listAddress,
  readListForm,
  readListView,
  viewerOf,
} from './list-query.ts';
import { prefersJson } from '../web/negotiate.ts';
import type { Preferences, PreferencesStore } from './preferences.ts';
import { requireSignIn } from '../web/protect.ts';
import { portalOf } from '../portal-client/portal-client.ts';
import type { SignedIn } from '../auth/session.ts';

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
  const { filter } = asQuery(view, person);
  const portalListHref = companyListPage(portalOf(person, { portals }));
  const shown = { view, wishes, searchedBy: filter.search?.by, portalListHref };
  const { companies, total } = answer.value;
  const values = {
    density: wishes.density,
    age: describeAge(answer, now()),
    fragments: await listFragments(res, answer, shown),
    isWhole: total !== null,
  };
  if (total !== null) return res.render('companies', values);
  // Rows are shown at once; how many there are in all, when it has been counted.
  // nginx would wait for the rest; others do not know this header, and need not.
  res.set('X-Accel-Buffering', 'no');
  // Whoever has left is sent nothing, and what compresses would wait for them.
  if (res.closed) return;
  compressInPieces(res);
  res.type('html').write(await renderFragment(res, 'companies', values));
  res.flush();
  const counted = await companyReader.count(person, filter).catch(() => null);
  const paging = buildPaging(view, counted, companies.length);
  res.end(await renderFragment(res, 'partials/list-end', { paging }));
}
