import type { CompanyCounts } from '../../bitrix24/crm/company-counts.ts';
import { asChoice, listAddress } from '../../companies/list-query.ts';
import type { PlotRow } from './bars.ts';
import type { MonthRow } from './column-plot.ts';
import { cutText } from './cut-text.ts';
import { isolated, type PlotWords } from './plot-words.ts';

export const PANELS = ['months', 'types', 'revenue', 'industries', 'responsible'] as const;
export type PanelName = (typeof PANELS)[number];

/** The data of one plot: rows, headline and notes, before it is drawn. */
export interface Panel<Row extends PlotRow = PlotRow> {
  name: PanelName;
  /** Every row, for the table. */
  rows: Row[];
  /** The rows that are drawn. */
  bars: Row[];
  /** The headline. */
  lead: string | null;
  notes: string[];
}

/** More bars than a reader compares would not help; the others are added up in one row. */
const MAX_BARS = 12;
/** As many letters as fit beside a number on the narrowest screens. */
export const MAX_LETTERS = 28;

export function monthsPanel({ months }: CompanyCounts, words: PlotWords): Panel<MonthRow> {
  const { t, format } = words;
  const rows = months.map(({ first, last, count }, index) => ({
    label: words.month(first),
    firstDay: first,
    short: words.shortMonth(first),
    count,
    href: listAddress({ created_from: first, created_to: last }),
    isQuiet: false,
    isOpen: index === months.length - 1,
  }));
  const [most] = rows.toSorted(byCount);
  const isEmpty = most?.count === 0;
  return {
    name: 'months',
    rows,
    bars: rows,
    lead: most?.count
      ? t('overview.leads.months', {
          month: most.label,
          count: most.count,
          formatted: format.number(most.count),
        })
      : null,
    notes: [...(isEmpty ? [t('overview.notes.noneCreated')] : []), ...notesOfFailures(rows, words)],
  };
}

export function dictionaryPanel(
  name: 'types' | 'industries',
  { total, [name]: values }: CompanyCounts,
  words: PlotWords,
): Panel {
  if (values === null) return untold(name, words);
  const parameter = ({ types: 'type', industries: 'industry' } as const)[name];
  const rows = values.map(({ id, name: label, count }): PlotRow => {
    const wanted = asChoice(id);
    return {
      label: id === '' ? words.t(`overview.without.${name}`) : label || id,
      count,
      href: wanted === undefined ? null : listAddress({ [parameter]: [wanted] }),
      isQuiet: id === '',
    };
  });
  return ranked(name, [...rows, ...remainder(rows, total, words.t('overview.unlisted'))], words, total);
}

export function responsiblePanel({ total, responsible }: CompanyCounts, words: PlotWords): Panel {
  if (responsible === null) return untold('responsible', words);
  const { people, isEverybody } = responsible;
  const rows = people.map(
    ({ id, name, count }): PlotRow => ({
      label: name ?? words.t('person.unnamed', { id }),
      count,
      href: listAddress({ responsible: String(id) }),
      isQuiet: false,
    }),
  );
  const rest = remainder(rows, total, words.t('overview.everybodyElse'));
  const panel = ranked('responsible', [...rows, ...rest], words, total);
  const limit = words.t('overview.notes.somePeople', { count: people.length });
  const isCut = !isEverybody && rest.length > 0;
  return {
    ...panel,
    // One of the users in the last row may have more companies than the first user shown.
    lead: mostOf(rows) >= uncounted(rows, total) ? panel.lead : null,
    notes: isCut ? [...panel.notes, limit] : panel.notes,
  };
}

export function revenuePanel({ total, revenue }: CompanyCounts, words: PlotWords): Panel {
  const rows = revenue.map(
    ({ from, to, count }): PlotRow => ({
      label: revenueLabel(from, to, words),
      count,
      href: listAddress({ revenue_from: from ?? undefined, revenue_to: to ?? undefined }),
      isQuiet: false,
    }),
  );
  const [nothing, ...classes] = rows;
  const isUsed = ({ count }: PlotRow) => count === null || count > 0;
  // From the first to the last class that has companies; empty classes in between are shown.
  const used = classes.slice(classes.findIndex(isUsed), classes.findLastIndex(isUsed) + 1);
  const ungiven = remainder(rows, total, words.t('overview.without.revenue'));
  // A bar here as well: companies without revenue are one class, not a remainder of many.
  const quiet = [...(nothing && isUsed(nothing) ? [nothing] : []), ...ungiven];
  return {
    name: 'revenue',
    rows: [...used, ...quiet],
    bars: [...used, ...quiet.map((row) => ({ ...row, isQuiet: true, isRest: false }))],
    lead: leadOf(used, words, total),
    notes: [words.t('overview.notes.currencies'), ...notesOfFailures(rows, words)],
  };
}

/** The filter of the list takes the last amount of a class; a label names the first of the next class. */
function revenueLabel(from: number | null, to: number | null, { t, amount }: PlotWords): string {
  if (from === null) return t('overview.revenue.nothing');
  if (to === null) return t('overview.revenue.more', { from: amount(from) });
  const next = amount(Math.round(to));
  return from < 1 ? t('overview.revenue.less', { to: next }) : `${amount(from)} – ${next}`;
}

/** The most frequent first; rows that are no kind of their own come last. */
function ranked(name: PanelName, rows: PlotRow[], words: PlotWords, total: number): Panel {
  const [kinds, quiet] = [rows.filter(isKind).toSorted(byCount), rows.filter((row) => !isKind(row))];
  const drawn = kinds.filter(isDrawn);
  const [shown, hidden] = [drawn.slice(0, MAX_BARS), drawn.slice(MAX_BARS)];
  const rest = [...hidden, ...quiet.filter(({ isRest }) => isRest)];
  return {
    name,
    rows: [...kinds, ...quiet],
    bars: [...shown, ...quiet.filter((row) => isDrawn(row) && !row.isRest), ...joined(rest, words)],
    lead: leadOf(shown, words, total),
    notes: notesOfFailures(rows, words),
  };
}

/** Several rows added up in one, which is drawn last. */
function joined(rest: PlotRow[], { t }: PlotWords): PlotRow[] {
  if (rest.length < 2) return rest.map((row) => ({ ...row, isQuiet: true, isRest: true }));
  const count = rest.reduce((sum, row) => sum + (row.count ?? 0), 0);
  return [{ label: t('overview.others'), count, href: null, isQuiet: true, isRest: true }];
}

function leadOf(rows: PlotRow[], words: PlotWords, total: number): string | null {
  const [most] = rows.toSorted(byCount);
  if (!most?.count) return null;
  const label = isolated(cutText(most.label, MAX_LETTERS));
  return words.t('overview.leads.most', { label, share: words.share(most.count, total) });
}

function mostOf(rows: PlotRow[]): number {
  return Math.max(0, ...rows.map(({ count }) => count ?? 0));
}

/** How many companies the rows leave out. */
function uncounted(rows: PlotRow[], total: number): number {
  return total - rows.reduce((sum, { count }) => sum + (count ?? 0), 0);
}

/** A row for the companies that the rows leave out, if every row has a count. No filter of the list finds them. */
function remainder(rows: PlotRow[], total: number, label: string): PlotRow[] {
  const rest = uncounted(rows, total);
  const isKnown = rows.every(({ count }) => count !== null);
  return isKnown && rest > 0 ? [{ label, count: rest, href: null, isQuiet: true, isRest: true }] : [];
}

function untold(name: PanelName, { t }: PlotWords): Panel {
  return { name, rows: [], bars: [], lead: null, notes: [t(`overview.notes.untold.${name}`)] };
}

function notesOfFailures(rows: PlotRow[], { t }: PlotWords): string[] {
  const count = rows.filter((row) => row.count === null).length;
  return count === 0 ? [] : [t('overview.notes.missing', { count })];
}

function isKind({ isQuiet }: PlotRow): boolean {
  return !isQuiet;
}

function isDrawn(row: PlotRow): boolean {
  return row.count !== null && row.count > 0;
}

function byCount(one: PlotRow, other: PlotRow): number {
  return (other.count ?? -1) - (one.count ?? -1);
}
