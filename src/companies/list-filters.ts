import { type ColumnOf, columnsOf } from '../bitrix24/crm/company-columns.ts';
import type { ReferenceData } from '../bitrix24/crm/reference-data.ts';
import type { Person } from '../bitrix24/crm/users.ts';
import type { Dictionary } from '../bitrix24/crm/values.ts';
import type { Locale } from '../i18n/locale.ts';
import { asChoice, EVERYTHING, type ListView, listAddress } from './list-query.ts';

/** The choices that the filters of a list offer, and which of them are chosen, in the reader's language. */
export interface ListFilters {
  choices: { name: ColumnOf<'dictionary'>; label: string; options: Option[] }[];
  /** Columns with two days, and with two amounts, as bounds. */
  periods: string[];
  ranges: string[];
  responsible: Option[];
  /** One for each condition; empty without any. */
  chips: Chip[];
  /** The view in words, as a proposal for its name. */
  description: string;
}

interface Option {
  value: string;
  text: string;
  isChosen: boolean;
}

/** A condition of the view, and the address of the view without it. */
interface Chip {
  name: string;
  text: string;
  href: string;
}

const CHOICES = columnsOf('dictionary');
const PERIODS = columnsOf('instant');
const RANGES = columnsOf('money');

export function presentFilters(view: ListView, referenceData: ReferenceData, locale: Locale): ListFilters {
  const { t } = locale;
  const choices = CHOICES.map(({ name, wire }) => ({
    name,
    label: t(`list.columns.${name}`),
    options: choicesOf(referenceData.dictionary(wire), view[name], t('list.filters.without')),
  }));
  const responsible = peopleToChoose(view.responsible, referenceData, locale);
  const chips = chipsOf(view, { choices, responsible }, locale);
  const periods = PERIODS.map(({ name }) => name);
  const ranges = RANGES.map(({ name }) => name);
  return {
    choices,
    responsible,
    periods,
    ranges,
    chips,
    description: chips.map(({ text }) => text).join(' · '),
  };
}

/** The values of the dictionary, and chosen values that the dictionary does not know. */
function choicesOf(dictionary: Dictionary, chosen: string[], without: string): Option[] {
  const known = [...dictionary, ['', without] as const].flatMap(([id, text]) => {
    const choice = asChoice(id);
    return choice === undefined ? [] : [[choice, text] as const];
  });
  const unknown = chosen.filter((id) => !known.some(([each]) => each === id)).map((id) => [id, id] as const);
  return [...known, ...unknown].map(([value, text]) => ({ value, text, isChosen: chosen.includes(value) }));
}

/** Colleagues, and the chosen user even if they are not, or no longer, a colleague. */
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
    ...PERIODS.flatMap(({ name }) =>
      chip([`${name}_from`, `${name}_to`], labelled(t(`list.columns.${name}`), days(view, name, locale))),
    ),
    ...chip(['has_phone'], view.has_phone && t(`list.filters.has_phone.${view.has_phone}`)),
    ...chip(['has_email'], view.has_email && t(`list.filters.has_email.${view.has_email}`)),
    ...RANGES.flatMap(({ name }) =>
      chip([`${name}_from`, `${name}_to`], labelled(t(`list.columns.${name}`), amounts(view, name, locale))),
    ),
  ];
}

function days(view: ListView, name: ColumnOf<'instant'>, { t, format }: Locale): string | undefined {
  return bounds(t, view[`${name}_from`], view[`${name}_to`], format.date);
}

function amounts(view: ListView, name: ColumnOf<'money'>, { t, format }: Locale): string | undefined {
  return bounds(t, view[`${name}_from`], view[`${name}_to`], format.number);
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
