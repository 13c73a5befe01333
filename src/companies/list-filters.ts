import type { ReferenceData } from '../bitrix24/crm/reference-data.ts';
import type { Person } from '../bitrix24/crm/users.ts';
import type { Dictionary } from '../bitrix24/crm/values.ts';
import type { Locale } from '../i18n/locale.ts';
import { asChoice, EVERYTHING, type ListView, listAddress } from './list-query.ts';

/** What the filters of a list offer, and what is chosen of it, in the reader's language. */
export interface ListFilters {
  choices: { name: 'type' | 'industry' | 'employees'; label: string; options: Option[] }[];
  responsible: Option[];
  /** None where nothing narrows the list down. */
  chips: Chip[];
  /** The view in words, as a proposal for its name. */
  description: string;
}

interface Option {
  value: string;
  text: string;
  isChosen: boolean;
}

/** A condition that holds, and the view without it. */
interface Chip {
  name: string;
  text: string;
  href: string;
}

const DICTIONARIES = [
  ['type', 'COMPANY_TYPE'],
  ['industry', 'INDUSTRY'],
  ['employees', 'EMPLOYEES'],
] as const;

export function presentFilters(view: ListView, referenceData: ReferenceData, locale: Locale): ListFilters {
  const { t } = locale;
  const choices = DICTIONARIES.map(([name, entityId]) => ({
    name,
    label: t(`list.columns.${name}`),
    options: choicesOf(referenceData.dictionary(entityId), view[name], t('list.filters.without')),
  }));
  const responsible = peopleToChoose(view.responsible, referenceData, locale);
  const chips = chipsOf(view, { choices, responsible }, locale);
  return { choices, responsible, chips, description: chips.map(({ text }) => text).join(' · ') };
}

/** Those of the dictionary, and what was chosen although the dictionary does not know it. */
function choicesOf(dictionary: Dictionary, chosen: string[], without: string): Option[] {
  const known = [...dictionary, ['', without] as const].flatMap(([id, text]) => {
    const choice = asChoice(id);
    return choice === undefined ? [] : [[choice, text] as const];
  });
  const unknown = chosen.filter((id) => !known.some(([each]) => each === id)).map((id) => [id, id] as const);
  return [...known, ...unknown].map(([value, text]) => ({ value, text, isChosen: chosen.includes(value) }));
}

/** Colleagues, and whoever was chosen although they are none, or none any more. */
function peopleToChoose(chosen: string | undefined, referenceData: ReferenceData, { t }: Locale): Option[] {
  const { colleagues } = referenceData;
  const nameOf = ({ id, name }: Person) => name ?? t('person.unnamed', { id });
  const isListed =
    chosen === undefined || chosen === 'me' || colleagues.some(({ id }) => String(id) === chosen);
  const other = referenceData.person(Number(chosen)) ?? { id: Number(chosen), name: null };
  const people = isListed ? colleagues : [...colleagues, other];
  const option = (value: string, text: string) => ({ value, text, isChosen: value === (chosen ?? '') });
  return [
    option('', t('list.filters.anybody')),
    option('me', t('list.filters.me')),
    ...people.map((person) => option(String(person.id), nameOf(person))),
  ];
}

/** One for each condition; the two bounds of a period or an amount are one. */
function chipsOf(
  view: ListView,
  { choices, responsible }: Pick<ListFilters, 'choices' | 'responsible'>,
  locale: Locale,
): Chip[] {
  const { t } = locale;
  const chip = (names: (keyof ListView)[], text: string | undefined): Chip[] => {
    if (text === undefined) return [];
    const without = Object.fromEntries(names.map((name) => [name, EVERYTHING[name]]));
    return [{ name: String(names[0]), text, href: listAddress({ ...view, ...without, page: 1 }) }];
  };
  const labelled = (label: string, value: string | undefined) =>
    value === undefined ? undefined : t('list.filters.chip', { label, value });
  const chosenOf = (options: Option[]) =>
    options
      .filter(({ isChosen }) => isChosen)
      .map(({ text }) => text)
      .join(', ') || undefined;
  return [
    ...chip(['q'], view.q === '' ? undefined : t('list.filters.quoted', { q: view.q })),
    ...choices.flatMap(({ name, label, options }) => chip([name], labelled(label, chosenOf(options)))),
    ...chip(
      ['responsible'],
      view.responsible && labelled(t('list.columns.responsible'), chosenOf(responsible)),
    ),
    ...chip(
      ['created_from', 'created_to'],
      labelled(t('list.columns.created'), days(view, 'created', locale)),
    ),
    ...chip(
      ['modified_from', 'modified_to'],
      labelled(t('list.columns.modified'), days(view, 'modified', locale)),
    ),
    ...chip(['has_phone'], view.has_phone && t(`list.filters.has_phone.${view.has_phone}`)),
    ...chip(['has_email'], view.has_email && t(`list.filters.has_email.${view.has_email}`)),
    ...chip(['revenue_from', 'revenue_to'], labelled(t('list.columns.revenue'), amounts(view, locale))),
  ];
}

function days(view: ListView, name: 'created' | 'modified', { t, format }: Locale): string | undefined {
  return bounds(t, view[`${name}_from`], view[`${name}_to`], format.date);
}

function amounts(
  { revenue_from: from, revenue_to: to }: ListView,
  { t, format }: Locale,
): string | undefined {
  return bounds(t, from, to, format.number);
}

function bounds<Value>(
  t: Locale['t'],
  from: Value | undefined,
  to: Value | undefined,
  write: (value: Value) => string,
): string | undefined {
  const texts = { from: from === undefined ? '' : write(from), to: to === undefined ? '' : write(to) };
  if (from === undefined) return to === undefined ? undefined : t('list.filters.upTo', texts);
  if (to === undefined) return t('list.filters.atLeast', texts);
  return texts.from === texts.to ? texts.from : t('list.filters.between', texts);
}
