import type { Request, RequestHandler } from 'express';
import { requireSignIn } from '../auth/current-user.ts';
import type { CompanyCard } from '../bitrix24/crm/company-card.ts';
import type { CrmReference } from '../bitrix24/crm/crm-reference.ts';
import { groupFields } from '../bitrix24/crm/field-groups.ts';
import { companyPage, contactPage, dealPage } from '../bitrix24/portal.ts';
import { NotFoundError } from '../errors.ts';
import type { PortalClients } from '../portal-client/portal-client.ts';
import { settlesWithin } from '../timing.ts';
import { prefersJson } from '../web/negotiate.ts';
import { describeAge } from './age.ts';
import { findNeighbours } from './card-neighbours.ts';
import type { CompanyReader } from './company-reader.ts';
import { mailHref, phoneHref, referenceHref, webHref } from './links.ts';
import { asJson } from './list-page.ts';
import { listAddress, readStoredView } from './list-query.ts';

export interface CompanyDependencies {
  portalOf: PortalClients['portalOf'];
  companyReader: CompanyReader;
  now: () => number;
}

/** The card does not wait longer than this for the links to the companies before and after it. */
const NEIGHBOURS_WAIT_MS = 500;

/** `GET /companies/:id`: one company, as a page or as JSON. */
export function showCompany(dependencies: CompanyDependencies): RequestHandler {
  const { companyReader, now } = dependencies;
  return async (req, res) => {
    const user = requireSignIn(req);
    const id = readCompanyId(req);
    if (prefersJson(req)) {
      const { company, ...others } = (await companyReader.card(user, id)).value;
      return void res.json({ company: asJson(company), ...others });
    }
    const view = readStoredView(req.query.from);
    const around = findNeighbours(companyReader, user, view, id);
    const answer = await companyReader.card(user, id);
    const neighbours = (await settlesWithin(around, NEIGHBOURS_WAIT_MS)) ? await around : {};
    res.render('company', {
      ...cardValues(answer.value),
      ...neighbours,
      ...linksInto(dependencies.portalOf(user)),
      age: describeAge(answer, now()),
      backTo: listAddress(view),
      sameResponsible: (userId: number) => `/companies?responsible=${userId}`,
    });
  };
}

function cardValues(card: CompanyCard) {
  const { company, contacts, deals } = card;
  return { company, contacts, deals, ...groupFields(card.fields), phoneHref, mailHref, webHref };
}

function linksInto(portal: Parameters<typeof companyPage>[0]) {
  return {
    portalHref: ({ id }: { id: number }) => companyPage(portal, id),
    contactHref: ({ id }: { id: number }) => contactPage(portal, id),
    dealHref: ({ id }: { id: number }) => dealPage(portal, id),
    referenceHref: (reference: CrmReference) => referenceHref(portal, reference),
  };
}

function readCompanyId(req: Request): number {
  const { id } = req.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id))
    throw new NotFoundError('no company has such an id');
  return Number(id);
}
