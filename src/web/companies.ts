import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Answer } from '../answers/answer-cache.ts';
import { type CompanyQuery, PAGE_SIZE } from '../bitrix24/company.ts';
import type { CompanyField } from '../bitrix24/company-field.ts';
import { ALL_COMPANIES } from '../bitrix24/company-filter.ts';
import type { Company } from '../bitrix24/company-row.ts';
import { type AllowedPortals, companyPage, type Portal } from '../bitrix24/portal.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import type { CompanyReader } from './company-reader.ts';
import { renderFragment } from './fragment.ts';
import { translate } from './language.ts';
import { mailHref, phoneHref, webHref } from './links.ts';
import { type ListRow, presentRows, type Reader } from './list-rows.ts';
import { prefersJson } from './negotiate.ts';
import { requireSignIn } from './protect.ts';
import { portalOf } from './reading.ts';

export interface CompaniesDependencies {
  portals: AllowedPortals;
  companyReader: CompanyReader;
  now: () => number;
}

/** A parameter that is given once or not at all; an empty one counts as not given, because forms send those. */
const single = z.string().transform((text) => text.trim() || undefined);

const ListQuery = z.object({
  q: single.pipe(z.string().max(255).default('')).default(''),
  page: single
    .pipe(
      z
        .string()
        .regex(/^[1-9]\d{0,6}$/)
        .default('1'),
    )
    .default('1')
    .transform(Number),
  sort: single.pipe(z.enum(['title', 'created', 'modified', 'id', 'revenue']).default('id')).default('id'),
  order: single.pipe(z.enum(['asc', 'desc']).default('desc')).default('desc'),
});
type ListQuery = z.infer<typeof ListQuery>;

/** `GET /companies`: the list, as a page or as JSON. */
export function showCompanies(dependencies: CompaniesDependencies): RequestHandler {
  return async (req, res) => {
    const person = requireSignIn(req, dependencies.now());
    const query = readListQuery(req.query);
    const answer = await dependencies.companyReader.list(person, asCompanyQuery(query));
    const { companies, total } = answer.value;
    if (prefersJson(req)) {
      const asOf = new Date(answer.askedAt).toISOString();
      return void res.json({
        companies: companies.map(asJson),
        total,
        page: query.page,
        pageSize: PAGE_SIZE,
        asOf,
      });
    }
    const portal = portalOf(person, dependencies);
    const page = buildListPage(query, total, labelsOf(res));
    res.render('companies', {
      ...page,
      isEmpty: companies.length === 0,
      // Most of the work of a page, and the same as long as the answer is.
      fragments: {
        rows: await answer.derive(`rows ${res.locals.language}`, () => renderRows(res, companies, page)),
      },
      age: describeAge(answer, dependencies.now()),
      ...linkBuilders(portal),
    });
  };
}

function renderRows(res: Response, companies: Company[], { label, cardHref }: ListPage): Promise<string> {
  const rows = presentRows(companies, res.locals as Reader);
  return renderFragment(res, 'partials/list-rows', { rows, label, cardHref });
}

/** `GET /companies/:id`: one company, as a page or as JSON. */
export function showCompany(dependencies: CompaniesDependencies): RequestHandler {
  return async (req, res) => {
    const person = requireSignIn(req, dependencies.now());
    const id = readCompanyId(req);
    const answer = await dependencies.companyReader.card(person, id);
    const { company, fields } = answer.value;
    if (prefersJson(req)) return void res.json({ company: asJson(company), fields });
    const portal = portalOf(person, dependencies);
    res.render('company', {
      company,
      ...groupFields(fields),
      portal,
      age: describeAge(answer, dependencies.now()),
      backTo: readBackTo(req.query.from),
      ...linkBuilders(portal),
    });
  };
}

/** What a page says of an answer that is not new; nothing of one that is. */
function describeAge({ askedAt, state }: Answer<unknown>, now: number) {
  if (state === 'fresh') return undefined;
  const why = state === 'renewing' ? state : state.code === 'portal_limited' ? 'limited' : 'away';
  return { why, iso: new Date(askedAt).toISOString(), now };
}

function readListQuery(query: Request['query']): ListQuery {
  const result = ListQuery.safeParse(query);
  if (result.success) return result.data;
  throw new InvalidRequestError(`the parameter ${String(result.error.issues[0]?.path[0])} cannot be used`);
}

function readCompanyId(req: Request): number {
  const { id } = req.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id))
    throw new NotFoundError('no company has such an id');
  return Number(id);
}

/** The company of design.md section 4. */
function asJson({ employees: _, ...company }: Company) {
  return company;
}

function asCompanyQuery({ q, page, sort, order }: ListQuery): CompanyQuery {
  return {
    filter: { ...ALL_COMPANIES, search: q === '' ? null : { by: 'title', text: q } },
    page,
    sort,
    order,
  };
}

/** The list the person came from, so that the way back leads to the same page of the same search. */
function readBackTo(from: unknown): string {
  const isQuery = typeof from === 'string' && from.length < 4000;
  const result = ListQuery.safeParse(isQuery ? Object.fromEntries(new URLSearchParams(from)) : {});
  return buildListAddress(result.success ? result.data : ListQuery.parse({}));
}

const COLUMNS = [
  'id',
  'title',
  'type',
  'industry',
  'contacts',
  'responsible',
  'revenue',
  'created',
  'modified',
] as const;

const DEFAULTS = ListQuery.parse({});

/** The address of a view; what is as by default is left out, so that equal views have equal addresses. */
function buildListAddress(query: ListQuery): string {
  const given = Object.entries(query).filter(([name, value]) => value !== DEFAULTS[name as keyof ListQuery]);
  const search = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return search === '' ? '/companies' : `/companies?${search}`;
}

/** Names of the columns in the reader's language. */
function labelsOf(res: Response): Record<string, string> {
  const t = translate(res);
  return Object.fromEntries(COLUMNS.map((column) => [column, t(`list.columns.${column}`)]));
}

type ListPage = ReturnType<typeof buildListPage>;

function buildListPage(query: ListQuery, total: number, label: Record<string, string>) {
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const addressOf = (change: Partial<ListQuery>) => buildListAddress({ ...query, ...change });
  const search = buildListAddress(query).split('?')[1];
  const from = search ? `?from=${encodeURIComponent(search)}` : '';
  return {
    query,
    label,
    total,
    pages,
    from: (query.page - 1) * PAGE_SIZE + 1,
    to: Math.min(query.page * PAGE_SIZE, total),
    pageLinks: pageNumbers(query.page, pages).map((page) => ({
      page,
      href: page ? addressOf({ page }) : undefined,
    })),
    previousHref: query.page > 1 && query.page <= pages ? addressOf({ page: query.page - 1 }) : undefined,
    nextHref: query.page < pages ? addressOf({ page: query.page + 1 }) : undefined,
    firstPageHref: addressOf({ page: 1 }),
    clearHref: addressOf({ q: '', page: 1 }),
    sortHref(sort: ListQuery['sort']) {
      const isReversal = query.sort === sort;
      const first = sort === 'title' ? 'asc' : 'desc';
      return addressOf({
        sort,
        order: isReversal ? (query.order === 'asc' ? 'desc' : 'asc') : first,
        page: 1,
      });
    },
    cardHref: ({ id }: ListRow) => `/companies/${id}${from}`,
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

/** Fields shown at the top of the card, so not among the others. */
const SUMMARY_FIELDS = [
  'TITLE',
  'COMPANY_TYPE',
  'INDUSTRY',
  'EMPLOYEES',
  'REVENUE',
  'CURRENCY_ID',
  'ASSIGNED_BY_ID',
];
const CONTACT_FIELDS = ['PHONE', 'EMAIL', 'WEB', 'IM', 'LINK'];
/** About the record rather than about the company. */
const RECORD_FIELD =
  /^(ID|DATE_|CREATED_BY|MODIFY_BY|LAST_|OPENED|IS_MY_COMPANY|HAS_|LEAD_ID|ORIGIN|UTM_|CATEGORY)/;

function groupFields(fields: CompanyField[]) {
  const others = fields.filter(
    ({ name }) => !SUMMARY_FIELDS.includes(name) && !CONTACT_FIELDS.includes(name),
  );
  return {
    summary: SUMMARY_FIELDS.filter((name) => name !== 'TITLE' && name !== 'CURRENCY_ID').flatMap(
      (name) => fields.find((field) => field.name === name) ?? [],
    ),
    contacts: CONTACT_FIELDS.flatMap((name) => fields.find((field) => field.name === name) ?? []),
    details: others.filter(({ name }) => !RECORD_FIELD.test(name)),
    record: others.filter(({ name }) => RECORD_FIELD.test(name)),
  };
}

function linkBuilders(portal: Portal) {
  return {
    phoneHref,
    mailHref,
    webHref,
    portalHref: (company: Company) => companyPage(portal, company.id),
    portalListHref: new URL('/crm/company/list/', portal.origin).href,
  };
}
