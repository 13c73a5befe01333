import { joinFilters } from '../crm/row-filter.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { companyListPage, companyPage, homePage, notFoundPage, signInPage } from '../pages.ts';
import { routeRest } from '../rest/call.ts';
import { readableBy } from '../rest/crm-list.ts';
import { type Answer, htmlAnswer, notFoundAnswer, redirectAnswer } from '../wire/answer.ts';
import type { HttpRequest } from '../wire/http-request.ts';
import type { Route } from '../wire/serve.ts';
import { routeAuthorize } from './authorize.ts';
import type { Portal, PortalUser } from './portal.ts';
import { signIn, signOut } from './sign-in.ts';

/** Routes of the port that all portals share; the Host header selects the portal. */
export function routePortals(context: EmulatorContext, httpRequest: HttpRequest): Route {
  const portal = context.portals.find(httpRequest.host);
  if (portal === undefined) {
    return page(() => notFoundAnswer(notFoundPage(`No portal is called ${httpRequest.host}.`)));
  }
  if (portal.host !== httpRequest.host) return routeFormerName(context, portal, httpRequest);
  if (httpRequest.path.startsWith('/rest/')) return routeRest(context, portal, httpRequest);
  if (/^\/oauth\/authorize\/?$/.test(httpRequest.path)) return routeAuthorize(context, portal, httpRequest);
  if (httpRequest.httpMethod === 'POST' && httpRequest.path === '/') {
    return { kind: 'login', about: aboutPortal(portal), perform: () => signIn(portal, httpRequest) };
  }
  return page(() => showPage(portal, httpRequest), portal);
}

function page(perform: () => Answer, portal?: Portal): Route {
  return { kind: 'page', ...(portal && { about: aboutPortal(portal) }), perform };
}

function aboutPortal({ host, memberId }: Portal) {
  return { portal: host, memberId };
}

/** The old address of a renamed portal only redirects to the new one (section 4). */
function routeFormerName(context: EmulatorContext, portal: Portal, httpRequest: HttpRequest): Route {
  return {
    kind: httpRequest.path.startsWith('/rest/') ? 'rest' : 'page',
    about: { portal: httpRequest.host, memberId: portal.memberId },
    perform: () => redirectAnswer(302, `${context.portals.originOf(portal)}${httpRequest.target}`),
  };
}

/** Pages for a browser, so that links into the portal work. The portal has no `/oauth/token/` (2.1). */
function showPage(portal: Portal, httpRequest: HttpRequest): Answer {
  const { path } = httpRequest;
  if (/^\/logout\/?$/.test(path)) return signOut(portal, httpRequest);
  const user = portal.signedInUser(httpRequest.cookies);
  if (path === '/') return htmlAnswer(homePage({ portal, user }));
  const companyId = /^\/crm\/company\/(?:details|show)\/(\d+)\/?$/.exec(path)?.[1];
  const isList = /^\/crm\/company(\/list)?\/?$/.test(path);
  if (companyId === undefined && !isList) return notFoundAnswer(notFoundPage(`Nothing is at ${path}.`));
  if (user === undefined) return htmlAnswer(signInPage({ portal, action: '/' }));
  return companyId === undefined ? showCompanyList(portal, user) : showCompany(portal, user, companyId);
}

function showCompany(portal: Portal, user: PortalUser, id: string): Answer {
  const company = portal.companies.find(id);
  if (company === undefined || !readableBy(user).test(company)) {
    return notFoundAnswer(notFoundPage('There is no such company, or you may not see it.'));
  }
  return htmlAnswer(companyPage({ portal, company }));
}

function showCompanyList(portal: Portal, user: PortalUser): Answer {
  const newestFirst = [{ field: 'ID', descending: true }];
  const { rows, total = 0 } = portal.companies.table.page(readableBy(user), newestFirst, joinFilters([]), 0);
  return htmlAnswer(companyListPage({ portal, companies: rows, total }));
}
