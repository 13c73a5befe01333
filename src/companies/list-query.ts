import { z } from 'zod';
import type { SignedInUser } from '../auth/signed-in-user.ts';
import { COMPANY_SORTS, type ColumnOf, columnsOf } from '../bitrix24/crm/company-columns.ts';
import {
  ALL_COMPANIES,
  type CompanyFilter,
  type CompanySearch,
  type Period,
} from '../bitrix24/crm/company-filter.ts';
import type { CompanyQuery } from '../bitrix24/crm/company-list.ts';
import { readSearch } from '../bitrix24/crm/search-readings.ts';
import { InvalidRequestError } from '../errors.ts';
import { findTimeZone, type TimeZone } from '../i18n/time-zone.ts';

/**
 * A parameter that is given once or not at all; an empty one counts as not given, because forms send those. Half a
 * character has no place in an address, and is written there as it will be read again.
 */
const single = z.string().transform((text) => text.trim().toWellFormed() || undefined);

/** Values of a dictionary by their ids, several separated by commas; `-` stands for companies that have none. */
const choices = single
  .pipe(
    z
      .string()
      .max(1_000)
      .transform((text) => [...new Set(text.split(',').map((id) => id.trim()))])
      .pipe(z.array(z.string().regex(/^[^,]{1,50}$/)).max(50))
      .default([]),
  )
  .default([]);
/** By the reader's clock. Bounded, because portals' databases are. */
const day = single
  .pipe(
    z.iso
      .date()
      .regex(/^(19|2\d)/)
      .optional(),
  )
  .optional();
const yesOrNo = single.pipe(z.enum(['yes', 'no']).optional()).optional();
/** What would be rounded up to a digit more could not be read again. */
const amount = single
  .transform((text) => text && plainNumber(text))
  .pipe(
    z
      .string()
      .regex(/^\d{1,15}(\.\d{1,2})?$/)
      .transform(Number)
      .refine((number) => number < 1e15)
      .optional(),
  )
  .optional();

const CHOICES = columnsOf('dictionary');
const PERIODS = columnsOf('instant');
const RANGES = columnsOf('money');

/** One parameter for each column. */
function each<Name extends string, Shape>(columns: { name: Name }[], shape: Shape): Record<Name, Shape> {
  return Object.fromEntries(columns.map(({ name }) => [name, shape])) as Record<Name, Shape>;
}

/** Two parameters for each column, its bounds. */
function bounds<Name extends string, Shape>(columns: { name: Name }[], shape: Shape) {
  const pairs = columns.flatMap(({ name }) => [
    [`${name}_from`, shape],
    [`${name}_to`, shape],
  ]);
  return Object.fromEntries(pairs) as Record<`${Name}_from` | `${Name}_to`, Shape>;
}

/** What a list shows, as its address tells it (design.md section 4). Unknown parameters are ignored. */
const ListView = z.object({
  q: single.pipe(z.string().max(255).default('')).default(''),
  ...each<ColumnOf<'dictionary'>, typeof choices>(CHOICES, choices),
  responsible: single
    .pipe(
      z
        .string()
        .regex(/^(me|[1-9]\d{0,14})$/)
        .optional(),
    )
    .optional(),
  ...bounds<ColumnOf<'instant'>, typeof day>(PERIODS, day),
  has_phone: yesOrNo,
  has_email: yesOrNo,
  ...bounds<ColumnOf<'money'>, typeof amount>(RANGES, amount),
  page: single
    .pipe(
      z
        .string()
        .regex(/^[1-9]\d{0,6}$/)
        .default('1'),
    )
    .default('1')
    .transform(Number),
  sort: single.pipe(z.enum(COMPANY_SORTS).default('id')).default('id'),
  order: single.pipe(z.enum(['asc', 'desc']).default('desc')).default('desc'),
});
export type ListView = Readonly<z.infer<typeof ListView>>;

export const EVERYTHING: ListView = ListView.parse({});
/** In the order in which an address has them. */
const PARAMETERS = Object.keys(ListView.shape) as (keyof ListView)[];

/** Which part of the list is shown, and how. */
const PART = ['page', 'sort', 'order'] as const satisfies (keyof ListView)[];
/** The parameters that narrow the list down: all others. */
export const FILTERS = PARAMETERS.filter((name) => !(PART as readonly string[]).includes(name));

/** @throws {InvalidRequestError} */
export function readListView(query: Record<string, unknown>): ListView {
  // What most people ask for.
  if (Object.keys(query).length === 0) return EVERYTHING;
  const result = ListView.safeParse(query);
  if (result.success) return result.data;
  throw new InvalidRequestError(`the parameter ${String(result.error.issues[0]?.path[0])} cannot be used`);
}

/** The view that the form of a list was filled in for: boxes of one name come as a list, and it begins with its first page. */
export function readListForm(fields: Record<string, unknown>): ListView {
  const joined = Object.entries(fields).map(([name, value]) => [
    name,
    CHOICES.some((column) => column.name === name) && isTexts(value) ? value.join(',') : value,
  ]);
  return { ...readListView(Object.fromEntries(joined)), page: 1 };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** The view of an address that was stored or handed on; everything when it cannot be read. */
export function readStoredView(search: unknown): ListView {
  const isQuery = typeof search === 'string' && search.length < 4000;
  const result = ListView.safeParse(isQuery ? Object.fromEntries(new URLSearchParams(search)) : {});
  return result.success ? result.data : EVERYTHING;
}

/** The query of a view's address; what is as by default is left out, so that equal views have equal addresses. */
export function writeListView(view: Partial<ListView>): string {
  const search = new URLSearchParams();
  for (const name of PARAMETERS) {
    // Nearly all are, and a page has thirty addresses.
    if (view[name] === EVERYTHING[name]) continue;
    const usual = String(EVERYTHING[name] ?? '');
    const text = String(view[name] ?? usual);
    if (text !== usual) search.set(name, text);
  }
  // Commas mean themselves there, and people read addresses.
  return search.toString().replaceAll('%2C', ',');
}

/** @param view  what is not given is as by default */
export function listAddress(view: Partial<ListView> = {}): string {
  const search = writeListView(view);
  return search === '' ? '/companies' : `/companies?${search}`;
}

/** Whose view it is: `me`, and the clock that days are meant by. */
export interface Viewer {
  userId: number;
  zone: TimeZone | undefined;
}

export function viewerOf({ userId, timeZone }: SignedInUser): Viewer {
  return { userId, zone: findTimeZone(timeZone) };
}

export function asCompanyQuery(view: ListView, viewer: Viewer): CompanyQuery {
  return { filter: asFilter(view, viewer), page: view.page, sort: view.sort, order: view.order };
}

function asFilter(view: ListView, { userId, zone }: Viewer): CompanyFilter {
  const { responsible } = view;
  const filters = [
    ...CHOICES.map(({ name, filter }) => [filter, view[name].map(asStatusId)]),
    ...PERIODS.map(({ name, filter }) => [filter, asPeriod(view[`${name}_from`], view[`${name}_to`], zone)]),
    ...RANGES.map(({ name, filter }) => [
      filter,
      { from: view[`${name}_from`] ?? null, to: view[`${name}_to`] ?? null },
    ]),
  ];
  return {
    ...ALL_COMPANIES,
    ...Object.fromEntries(filters),
    search: asSearch(view.q),
    responsible: responsible === undefined ? null : responsible === 'me' ? userId : Number(responsible),
    hasPhone: asFlag(view.has_phone),
    hasEmail: asFlag(view.has_email),
  };
}

/** As people write amounts: `1 000 000,50`, `1,000,000.50`, `1.000.000,50`. No currency has three decimals. */
function plainNumber(text: string): string {
  const digits = text.replace(/[\s']/g, '');
  if (/^\d{1,3}(,\d{3})+(\.\d*)?$/.test(digits)) return digits.replaceAll(',', '');
  if (/^\d{1,3}(\.\d{3})+,\d*$|^\d{1,3}(\.\d{3}){2,}$/.test(digits))
    return digits.replaceAll('.', '').replace(',', '.');
  return digits.replace(',', '.');
}

function asSearch(text: string): CompanySearch | null {
  if (text === '') return null;
  const { phones, emails } = readSearch(text);
  return { by: emails.length > 0 ? 'email' : phones.length > 0 ? 'phone' : 'title', text };
}

/** How companies are asked for that have no value of a dictionary. */
const WITHOUT = '-';

function asStatusId(choice: string): string {
  return choice === WITHOUT ? '' : choice;
}

/**
 * How one value of a dictionary is chosen in an address.
 *
 * @param statusId  '' for companies that have none
 * @returns  nothing for the few ids that would be read as something else
 */
export function asChoice(statusId: string): string | undefined {
  if (statusId === '') return WITHOUT;
  const isUnclear =
    statusId === WITHOUT ||
    statusId.includes(',') ||
    statusId !== statusId.trim() ||
    !statusId.isWellFormed();
  return isUnclear || statusId.length > 50 ? undefined : statusId;
}

function asFlag(choice: 'yes' | 'no' | undefined): boolean | null {
  return choice === undefined ? null : choice === 'yes';
}

/** Both days belong to it, by the reader's clock. Without one they are left to the portal's (protocol 4). */
function asPeriod(from: string | undefined, to: string | undefined, zone: TimeZone | undefined): Period {
  const startOf = (start: string) => zone?.startOf(start) ?? `${start}T00:00:00`;
  return { from: from ? startOf(from) : null, before: to ? startOf(dayAfter(to)) : null };
}

function dayAfter(iso: string): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + 24 * 3600_000).toISOString().slice(0, 10);
}
