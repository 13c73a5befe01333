import type { Language } from '../../i18n/languages.ts';
import type { Locale } from '../../i18n/locale.ts';

/** Language and formats of a plot. */
export interface PlotLocale extends Locale {
  language: Language;
}

/** Shares, months and amounts in words; the costly Intl objects are made once for each language. */
export interface PlotWords extends PlotLocale {
  /** Whole per cents; a share above 0 and below 1 % is written `< 1%`. */
  share(part: number, whole: number): string;
  /** `November 2026` of `2026-11-01` */
  month(firstDay: string): string;
  /** `Nov` */
  shortMonth(firstDay: string): string;
  /** `10K`: the bound of a class, in short. */
  amount(value: number): string;
}

const made = new Map<Language, Omit<PlotWords, keyof PlotLocale>>();

export function plotWords(reader: PlotLocale): PlotWords {
  const known = made.get(reader.language) ?? makeWords(reader.language);
  made.set(reader.language, known);
  return { ...reader, ...known };
}

function makeWords(language: Language): Omit<PlotWords, keyof PlotLocale> {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const month = new Intl.DateTimeFormat(locale, { month: 'long', timeZone: 'UTC' });
  const shortMonth = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' });
  const amount = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 0 });
  return {
    share(part, whole) {
      if (whole === 0) return percent.format(0);
      const share = part / whole;
      return share > 0 && share < 0.01 ? `< ${percent.format(0.01)}` : percent.format(share);
    },
    // Formatted together, Russian would add the abbreviation of "year".
    month: (firstDay) => `${capital(month.format(new Date(firstDay)))} ${firstDay.slice(0, 4)}`,
    shortMonth: (firstDay) => shortMonth.format(new Date(firstDay)).slice(0, 3),
    amount: (value) => amount.format(value),
  };
}

function capital(text: string): string {
  return text.slice(0, 1).toLocaleUpperCase() + text.slice(1);
}

/** A name inside a sentence, isolated: one that is written from right to left would reorder the rest. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
