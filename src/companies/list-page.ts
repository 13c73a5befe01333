import type { RequestHandler, Response } from 'express';
import { requireSignIn } from '../auth/current-user.ts';
import type { SignedInUser } from '../auth/signed-in-user.ts';
import type { Company } from '../bitrix24/crm/company.ts';
import type { CompanyPage } from '../bitrix24/crm/company-list.ts';
import { companyListPage } from '../bitrix24/portal.ts';
import { PAGE_SIZE } from '../bitrix24/rest/pages.ts';
import type { Answer } from '../portal-client/answer-cache.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import { prefersJson } from '../web/negotiate.ts';
import { renderFragment } from '../web/templates.ts';
import { describeAge } from './age.ts';
import { COLUMNS, DEFAULT_COLUMNS } from './columns.ts';
import type { CompanyReader } from './company-reader.ts';
import { listHtml } from './list-html.ts';
import { buildPaging } from './list-navigation.ts';
import {
  asCompanyQuery,
  type ListView,
  listAddress,
  readListForm,
  readListView,
  viewerOf,
} from './list-query.ts';
import type { PreferencesStore } from './preferences.ts';

export interface ListPageDependencies {
  portalOf: PortalClients['portalOf'];
  companyReader: CompanyReader;
  preferences: PreferencesStore;
  now: () => number;
}

/** `GET /companies`: the list, as a page or as JSON. */
export function showCompanies({
  portalOf,
  companyReader,
  preferences,
  now,
}: ListPageDependencies): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const view = readListView(req.query);
    const query = asQuery(view, user);
    if (prefersJson(req)) return sendJson(res, view, await companyReader.list(user, query));
    const [answer, preferred] = await Promise.all([
      companyReader.listSoon(user, query),
      preferences.load(user),
    ]);
    const shown = {
      view,
      preferences: preferred,
      searchedBy: query.filter.search?.by,
      portalListHref: companyListPage(portalOf(user)),
    };
    const values = {
      fragments: await listHtml(res, answer.value, shown),
      isWhole: answer.value.total !== null,
      density: preferred.density,
      age: describeAge(answer, now()),
    };
    if (answer.value.total !== null) return res.render('companies', values);
    await sendBeforeCounting(res, values, async () => {
      const counted = await companyReader.count(user, query.filter).catch(() => null);
      return buildPaging(view, { ...answer.value, total: counted });
    });
  };
}

/** `GET /companies/view`: redirects from the fields of the list's form to the address of that view. */
export function openView(): RequestHandler {
  return (req, res) => res.redirect(303, listAddress(readListForm(req.query)));
}

function asQuery(view: ListView, user: SignedInUser) {
  return asCompanyQuery(view, viewerOf(user));
}

function sendJson(res: Response, { page }: ListView, { value, askedAt }: Answer<CompanyPage>): void {
  const { companies, total } = value;
  const asOf = new Date(askedAt).toISOString();
  res.json({ companies: companies.map(asJson), total, page, pageSize: PAGE_SIZE, asOf });
}

/** The company of design.md section 4: without optional columns. */
export function asJson(company: Company): Partial<Company> {
  return Object.fromEntries(Object.entries(company).filter(([name]) => !OPTIONAL.includes(name)));
}

const OPTIONAL: string[] = COLUMNS.filter((name) => !DEFAULT_COLUMNS.includes(name));

/** Sends the rows at once, and how many companies there are when the portal has counted them. */
async function sendBeforeCounting(
  res: Response,
  values: object,
  count: () => Promise<ReturnType<typeof buildPaging>>,
): Promise<void> {
  // nginx would buffer the answer until its end; other proxies ignore this header.
  res.set('X-Accel-Buffering', 'no');
  // A browser that has left is sent nothing; the compression would wait for it.
  if (res.closed) return;
  res.type('html').write(await renderFragment(res, 'companies', values));
  res.flush();
  res.end(await renderFragment(res, 'partials/list-end', { paging: await count() }));
}
