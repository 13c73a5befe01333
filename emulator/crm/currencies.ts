import { toIsoWithOffset } from '../clock.ts';
import type { Language } from '../language.ts';
import type { ServerZone } from '../server-zone.ts';

interface Currency {
  CURRENCY: string;
  /** Exchange rate to the base currency, by language of the portal. */
  rates: Record<Language, string>;
  names: Record<Language, string>;
  FORMAT_STRING: string;
}

const UPDATED_AT_MS = Date.UTC(2026, 0, 12, 9);

const CURRENCIES: readonly Currency[] = [
  {
    CURRENCY: 'RUB',
    rates: { ru: '1.0000', en: '0.0120' },
    names: { ru: 'Российский рубль', en: 'Russian Ruble' },
    FORMAT_STRING: '# &#8381;',
  },
  {
    CURRENCY: 'USD',
    rates: { ru: '83.2000', en: '1.0000' },
    names: { ru: 'Доллар США', en: 'US Dollar' },
    FORMAT_STRING: '$#',
  },
  {
    CURRENCY: 'EUR',
    rates: { ru: '97.5000', en: '1.1700' },
    names: { ru: 'Евро', en: 'Euro' },
    FORMAT_STRING: '# &euro;',
  },
  {
    CURRENCY: 'GBP',
    rates: { ru: '112.0000', en: '1.3400' },
    names: { ru: 'Фунт стерлингов', en: 'Pound Sterling' },
    FORMAT_STRING: '&pound;#',
  },
];

/** Rows of `crm.currency.list` [RU:api-reference/crm/currency/crm-currency-list.md]. */
export function currencyRows(language: Language, zone: ServerZone): Record<string, string>[] {
  return CURRENCIES.map(({ CURRENCY, rates, names, FORMAT_STRING }, index) => ({
    CURRENCY,
    AMOUNT_CNT: '1',
    AMOUNT: rates[language],
    SORT: String((index + 1) * 100),
    BASE: rates[language] === '1.0000' ? 'Y' : 'N',
    FULL_NAME: names[language],
    LID: language,
    FORMAT_STRING,
    DEC_POINT: '.',
    THOUSANDS_SEP: '&nbsp;',
    DECIMALS: '2',
    DATE_UPDATE: toIsoWithOffset(UPDATED_AT_MS, zone),
  }));
}
