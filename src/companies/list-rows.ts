import type { Company } from '../bitrix24/crm/company.ts';
import type { Locale } from '../i18n/locale.ts';
import { mailHref, phoneHref } from './links.ts';

/** A company as a row of the list shows it: texts in the reader's language, null for what is absent. */
export interface ListRow {
  id: number;
  title: string;
  type: string | null;
  industry: string | null;
  employees: string | null;
  /** The first phone and the first e-mail. */
  contacts: { kind: 'phone' | 'email'; text: string; href: string | undefined }[];
  /** How many others there are, in words. */
  more: string | null;
  responsible: string | null;
  revenue: string | null;
  created: ListInstant | null;
  modified: ListInstant | null;
}

interface ListInstant {
  iso: string;
  date: string;
  instant: string;
}

export function presentRows(companies: Company[], locale: Locale): ListRow[] {
  return companies.map((company) => presentRow(company, locale));
}

function presentRow(company: Company, { t, format }: Locale): ListRow {
  const { id, title, type, industry, employees, phones, emails, revenue, currency, responsible } = company;
  const [[phone], [email]] = [phones, emails];
  const contacts: ListRow['contacts'] = [];
  if (phone !== undefined) contacts.push({ kind: 'phone', text: phone, href: phoneHref(phone) });
  if (email !== undefined) contacts.push({ kind: 'email', text: email, href: mailHref(email) });
  const others = phones.length + emails.length - contacts.length;
  const instantOf = (iso: string | null) =>
    iso === null ? null : { iso, date: format.date(iso), instant: format.instant(iso) };
  return {
    id,
    title: title.trim() === '' ? t('list.untitled') : title,
    type: type && (type.name ?? type.id),
    industry: industry && (industry.name ?? industry.id),
    employees: employees && (employees.name ?? employees.id),
    contacts,
    more: others > 0 ? t('list.more', { count: others }) : null,
    responsible: responsible && (responsible.name ?? t('person.unnamed', { id: responsible.id })),
    revenue: revenue === null ? null : format.money(revenue, currency),
    created: instantOf(company.created),
    modified: instantOf(company.modified),
  };
}
