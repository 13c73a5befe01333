import type { Request, RequestHandler } from 'express';
import type { CompanyCard } from '../bitrix24/crm/company-card.ts';
import { type AllowedPortals, companyPage, contactPage, dealPage } from '../bitrix24/portal.ts';
import { NotFoundError } from '../errors.ts';
import { describeAge } from './age.ts';
import { presentCard } from './card-groups.ts';
import { asJson } from './list-page.ts';
import type { CompanyReader } from './company-reader.ts';
import { mailHref, phoneHref, webHref } from './links.ts';
import { listAddress, readStoredView } from './list-query.ts';
import { prefersJson } from '../web/negotiate.ts';
import { findNeighbours } from './card-neighbours.ts';
import { requireSignIn } from '../web/protect.ts';
import { portalOf } from '../portal-client/portal-client.ts';
import { settlesWithin } from '../timing.ts';

export interface CompanyDependencies {
  portals: AllowedPortals;
  companyReader: CompanyReader;
  now: () => number;
}

/** Whoever wants to read a card does not wait for the way to another one. */
const NEIGHBOURS_WAIT_MS = 500;

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
    const around = findNeighbours(companyReader, person, view, id);
    const answer = await companyReader.card(person, id);
    const neighbours = (await settlesWithin(around, NEIGHBOURS_WAIT_MS)) ? await around : {};
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
