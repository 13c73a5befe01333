import type { Company, DictionaryValue } from '../bitrix24/crm/company.ts';
import {
  COLUMN_NAMES,
  type ColumnKind,
  type ColumnName,
  type ColumnOf,
  columnsOf,
} from '../bitrix24/crm/company-columns.ts';
import type { Person } from '../bitrix24/crm/users.ts';
import type { Locale } from '../i18n/locale.ts';
import { mailHref, phoneHref } from './links.ts';

/** A company as a row of the list shows it: each column's cell in the reader's language, null for what is absent. */
export interface ListRow {
  id: number;
  cells: Record<ColumnName, Cell | null>;
}

export type Cell =
  | { kind: 'text'; text: string }
  | { kind: 'instant'; iso: string; date: string; instant: string }
  | {
      kind: 'contacts';
      /** The first phone and the first e-mail. */
      contacts: { kind: 'phone' | 'email'; text: string; href: string | undefined }[];
      /** How many others there are, in words. */
      more: string | null;
    };

type Show = (company: Company, locale: Locale) => Cell | string | number | null;

/** How each kind of column is shown. */
const SHOWN = {
  ...all('id', () => (company) => company.id),
  ...all(
    'title',
    () =>
      ({ title }, { t }) =>
        title.trim() === '' ? t('list.untitled') : title,
  ),
  ...all('dictionary', (name) => (company) => nameOf(company[name])),
  ...all('contacts', () => showContacts),
  ...all('person', (name) => (company, locale) => personName(company[name], locale)),
  ...all(
    'money',
    () =>
      ({ revenue, exactRevenue, currency }, { format }) =>
        revenue === null ? null : format.money(exactRevenue ?? revenue, currency),
  ),
  ...all('instant', (name) => (company, { format }) => {
    const iso = company[name];
    return iso && { kind: 'instant', iso, date: format.date(iso), instant: format.instant(iso) };
  }),
} as Record<ColumnName, Show>;

function all<Kind extends ColumnKind>(
  kind: Kind,
  show: (name: ColumnOf<Kind>) => Show,
): Record<string, Show> {
  return Object.fromEntries(columnsOf(kind).map(({ name }) => [name, show(name)]));
}

export function presentRows(companies: Company[], locale: Locale): ListRow[] {
  return companies.map((company) => ({
    id: company.id,
    cells: Object.fromEntries(
      COLUMN_NAMES.map((name) => [name, asCell(SHOWN[name](company, locale))]),
    ) as ListRow['cells'],
  }));
}

function asCell(shown: ReturnType<Show>): Cell | null {
  if (shown === null || typeof shown === 'object') return shown;
  return { kind: 'text', text: String(shown) };
}

function nameOf(value: DictionaryValue | null): string | null {
  return value && (value.name ?? value.id);
}

function personName(person: Person | null, { t }: Locale): string | null {
  return person && (person.name ?? t('person.unnamed', { id: person.id }));
}

function showContacts({ phones, emails }: Company, { t }: Locale): Cell | null {
  const [[phone], [email]] = [phones, emails];
  if (phone === undefined && email === undefined) return null;
  const contacts = [
    ...(phone === undefined ? [] : [{ kind: 'phone' as const, text: phone, href: phoneHref(phone) }]),
    ...(email === undefined ? [] : [{ kind: 'email' as const, text: email, href: mailHref(email) }]),
  ];
  const others = phones.length + emails.length - contacts.length;
  return { kind: 'contacts', contacts, more: others > 0 ? t('list.more', { count: others }) : null };
}
