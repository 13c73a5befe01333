import { LRUCache } from 'lru-cache';
import { type TimeZone, USUAL_INSTANT, wallClock } from './time-zone.ts';
import type { Language } from '../web/language.ts';

/** Numbers and dates in the reader's way. */
export interface Format {
  number(value: number): string;
  /** Whole amounts without cents; an unknown currency is written behind the number. */
  money(amount: number, currency: string | null): string;
  /** Day, month, year; of an instant, that of the reader's clock. */
  date(iso: string): string;
  /** With hours and minutes of the reader's clock. */
  instant(iso: string): string;
  /** Both of one instant, which take hardly longer than one of them. */
  moment(iso: string): { date: string; instant: string };
  /** How long before `now`, in milliseconds since the epoch; a day after a month. */
  ago(iso: string, now: number): string;
  /** As `ago`, to the second within the first minute. */
  age(iso: string, now: number): string;
}

const MAX_DAYS = 5_000;
const MIDNIGHT = '00:00';
/** `125,000` and `125,000.90`. */
const AMOUNT = {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  trailingZeroDisplay: 'stripIfInteger',
} as const;

/**
 * Formats for one language and clock; the costly Intl objects are made once.
 *
 * @param zone  whose clock people go by; without one instants are shown as they were written
 */
export function createFormat(language: Language, zone?: TimeZone): Format {
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const amount = new Intl.NumberFormat(locale, AMOUNT);
  const month = language === 'ru' ? '2-digit' : 'short';
  const day = { day: '2-digit', month, year: 'numeric', timeZone: 'UTC' } as const;
  const date = new Intl.DateTimeFormat(locale, day);
  const instant = new Intl.DateTimeFormat(locale, { ...day, hour: '2-digit', minute: '2-digit' });
  const relative = new Intl.RelativeTimeFormat(locale);
  const currencies = new Map<string, Intl.NumberFormat>();
  const days = new LRUCache<string, { date: string; instantAt: (time: string) => string }>({ max: MAX_DAYS });

  /** A page has a hundred dates on a few days, and Intl takes longer for each than the rest of its row. */
  function dayOf(day: string) {
    const known = days.get(day);
    if (known) return known;
    const midnight = shown(day);
    const [before = '', after = ''] = instant.format(midnight).split(MIDNIGHT);
    const made = { date: date.format(midnight), instantAt: (time: string) => before + time + after };
    days.set(day, made);
    return made;
  }

  function currencyFormat(currency: string): Intl.NumberFormat | undefined {
    if (!/^[A-Z]{3}$/.test(currency)) return undefined;
    const known = currencies.get(currency);
    if (known) return known;
    const made = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      ...AMOUNT,
    });
    // There are some 180 currencies; a hostile portal could invent 17,576.
    if (currencies.size < 200) currencies.set(currency, made);
    return made;
  }

  function ago(iso: string, now: number): string {
    const minutes = Math.max(0, Math.floor((now - Date.parse(iso)) / 60_000));
    if (minutes < 1) return language === 'ru' ? 'только что' : 'just now';
    if (minutes < 60) return relative.format(-minutes, 'minute');
    if (minutes < 24 * 60) return relative.format(-Math.floor(minutes / 60), 'hour');
    const days = Math.floor(minutes / (24 * 60));
    return days <= 30 ? relative.format(-days, 'day') : dateOf(local(iso));
  }

  const local = (iso: string) => (zone && iso.includes('T') ? zone.shift(iso) : iso);
  const dateOf = (iso: string) =>
    USUAL_INSTANT.test(iso) ? dayOf(iso.slice(0, 10)).date : date.format(shown(iso));

  function momentOf(iso: string): { date: string; instant: string } {
    if (!USUAL_INSTANT.test(iso))
      return { date: date.format(shown(iso)), instant: instant.format(shown(iso)) };
    const { date: dateText, instantAt } = dayOf(iso.slice(0, 10));
    return { date: dateText, instant: instantAt(iso.slice(11, 16)) };
  }

  return {
    number: (value) => number.format(value),
    money(sum, currency) {
      if (currency === null) return amount.format(sum);
      return currencyFormat(currency)?.format(sum) ?? `${amount.format(sum)} ${currency}`;
    },
    date: (iso) => dateOf(local(iso)),
    instant: (iso) => momentOf(local(iso)).instant,
    moment: (iso) => momentOf(local(iso)),
    ago,
    age(iso, now) {
      const seconds = Math.floor((now - Date.parse(iso)) / 1000);
      return seconds > 0 && seconds < 60 ? relative.format(-seconds, 'second') : ago(iso, now);
    },
  };
}

/** What nobody can read is left to Intl, which refuses it. */
function shown(iso: string): Date {
  return wallClock(iso) ?? new Date(iso);
}
