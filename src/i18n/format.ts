import { formatExactly } from './exact-number.ts';
import type { Language } from './languages.ts';
import { type TimeZone, wallClock } from './time-zone.ts';

/** Formats of numbers and dates for one language and time zone. */
export interface Format {
  /** A number to hundredths; of a text of digits every one. */
  number(value: number | string): string;
  /** As `number`, whole amounts without cents; an unknown currency is written behind the number. */
  money(amount: number | string, currency: string | null): string;
  /** Day, month, year; of an instant, that of the reader's time zone. */
  date(iso: string): string;
  /** With hours and minutes of the reader's time zone. */
  instant(iso: string): string;
  /** How long before `now`, in milliseconds since the epoch; a day after a month. */
  ago(iso: string, now: number): string;
  /** As `ago`, to the second within the first minute. */
  age(iso: string, now: number): string;
}

/** `125,000` and `125,000.90`. */
const AMOUNT = {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  trailingZeroDisplay: 'stripIfInteger',
} as const;

/** Intl objects of one language. Making one takes some 50 µs, and a page would need five. */
interface Formatters {
  number: Intl.NumberFormat;
  amount: Intl.NumberFormat;
  date: Intl.DateTimeFormat;
  instant: Intl.DateTimeFormat;
  relative: Intl.RelativeTimeFormat;
  /** By ISO 4217 code, made when the first amount of a currency is shown. */
  currencies: Map<string, Intl.NumberFormat>;
}

const LOCALES = { en: 'en-GB', ru: 'ru-RU' } as const;
const FORMATTERS: Record<Language, Formatters> = { en: createFormatters('en'), ru: createFormatters('ru') };
/** There are some 180 currencies; a hostile portal could invent 17,576. */
const MAX_CURRENCIES = 200;

function createFormatters(language: Language): Formatters {
  const locale = LOCALES[language];
  const month = language === 'ru' ? '2-digit' : 'short';
  const day = { day: '2-digit', month, year: 'numeric', timeZone: 'UTC' } as const;
  return {
    number: new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }),
    amount: new Intl.NumberFormat(locale, AMOUNT),
    date: new Intl.DateTimeFormat(locale, day),
    instant: new Intl.DateTimeFormat(locale, { ...day, hour: '2-digit', minute: '2-digit' }),
    relative: new Intl.RelativeTimeFormat(locale),
    currencies: new Map(),
  };
}

/**
 * Formats for one language and time zone.
 *
 * @param zone  the reader's; without one, instants are shown with the offset they were written with
 */
export function createFormat(language: Language, zone?: TimeZone): Format {
  const { number, amount, date, instant, relative } = FORMATTERS[language];
  const local = (iso: string) => shown(zone && iso.includes('T') ? zone.shift(iso) : iso);

  function ago(iso: string, now: number): string {
    const minutes = Math.max(0, Math.floor((now - Date.parse(iso)) / 60_000));
    if (minutes < 1) return language === 'ru' ? 'только что' : 'just now';
    if (minutes < 60) return relative.format(-minutes, 'minute');
    if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), 'hour');
    const days = Math.floor(minutes / (24 * 60));
    return days <= 30 ? relative.format(-days, 'day') : date.format(local(iso));
  }

  return {
    number: (value) => (typeof value === 'number' ? number.format(value) : formatExactly(number, value)),
    money(sum, currency) {
      const known = currency === null ? undefined : currencyFormat(language, currency);
      const format = known ?? amount;
      const text = typeof sum === 'number' ? format.format(sum) : formatExactly(format, sum);
      return known || currency === null ? text : `${text} ${currency}`;
    },
    date: (iso) => date.format(local(iso)),
    instant: (iso) => instant.format(local(iso)),
    ago,
    age(iso, now) {
      const seconds = Math.floor((now - Date.parse(iso)) / 1000);
      return seconds > 0 && seconds < 60 ? relative.format(-seconds, 'second') : ago(iso, now);
    },
  };
}

function currencyFormat(language: Language, currency: string): Intl.NumberFormat | undefined {
  if (!/^[A-Z]{3}$/.test(currency)) return undefined;
  const { currencies } = FORMATTERS[language];
  const known = currencies.get(currency);
  if (known) return known;
  const made = new Intl.NumberFormat(LOCALES[language], {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    ...AMOUNT,
  });
  if (currencies.size < MAX_CURRENCIES) currencies.set(currency, made);
  return made;
}

/** For a text that is no date, an invalid Date, which Intl refuses. */
function shown(iso: string): Date {
  return wallClock(iso) ?? new Date(iso);
}
