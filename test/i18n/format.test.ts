import { describe, expect, it } from '@jest/globals';
import { createFormat } from '../../src/i18n/format.ts';

/** Spaces of any width count as one: which of them Intl chooses differs between versions of Node. */
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, ' ');

const english = createFormat('en');
const russian = createFormat('ru');

describe('number()', () => {
  it.each<[number, string, string]>([
    [0, '0', '0'],
    [42, '42', '42'],
    [1234, '1,234', '1 234'],
    [1234567.891, '1,234,567.89', '1 234 567,89'],
    [-1234.5, '-1,234.5', '-1 234,5'],
    [1e15, '1,000,000,000,000,000', '1 000 000 000 000 000'],
  ])('when it is %d › is %s in English and %s in Russian', (value, inEnglish, inRussian) => {
    expect(english.number(value)).toBe(inEnglish);
    expect(plain(russian.number(value))).toBe(inRussian);
  });
});

describe('number() and money() of digits', () => {
  it.each([
    ['1234567890123456.78', '1,234,567,890,123,456.78', '₽1,234,567,890,123,456.78'],
    ['-1234567890123456.789', '-1,234,567,890,123,456.789', '-₽1,234,567,890,123,456.789'],
    ['12.500', '12.500', '₽12.500'],
    ['0.1', '0.1', '₽0.10'],
    ['1000.00', '1,000', '₽1,000'],
    ['0.0000000000000000000000000001', '0.0000000000000000000000000001', '₽0.0000000000000000000000000001'],
    ['1e3', '1,000', '₽1,000'],
    ['1.0E+25', '10,000,000,000,000,000,000,000,000', '₽10,000,000,000,000,000,000,000,000'],
    ['1.25e-3', '0.00125', '₽0.00125'],
    ['-125e-1', '-12.5', '-₽12.50'],
    ['007.5', '7.5', '₽7.50'],
  ])('when they are %s › every one is shown', (digits, number, money) => {
    expect(plain(english.number(digits))).toBe(number);
    expect(plain(english.money(digits, 'RUB'))).toBe(money);
  });

  it('when the reader is Russian › are grouped and marked as in Russian', () => {
    expect(plain(russian.number('1234567890123456.789'))).toBe('1 234 567 890 123 456,789');
    expect(plain(russian.money('1234567890123456.789', 'RUB'))).toBe('1 234 567 890 123 456,789 ₽');
    expect(plain(russian.money('0.125', 'очки'))).toBe('0,125 очки');
    expect(plain(russian.money('0.125', null))).toBe('0,125');
  });

  it.each(['1e999999999', 'many', ''])('when they are none, %j › are shown as they came', (text) => {
    expect(english.number(text)).toBe(text);
  });
});

describe('money()', () => {
  it.each<[number, string | null, string, string]>([
    [1234567, 'EUR', '€1,234,567', '1 234 567 €'],
    [1234.5, 'RUB', '₽1,234.50', '1 234,50 ₽'],
    [0, 'USD', '$0', '0 $'],
    [-99.99, 'USD', '-$99.99', '-99,99 $'],
    [1000.005, 'GBP', '£1,000.01', '1 000,01 £'],
    [5000, 'JPY', '¥5,000', '5 000 ¥'],
    [1000, null, '1,000', '1 000'],
    [1000.9, null, '1,000.90', '1 000,90'],
    [1000.9, 'очки', '1,000.90 очки', '1 000,90 очки'],
    [1000, 'eur', '1,000 eur', '1 000 eur'],
    [1000, 'очки', '1,000 очки', '1 000 очки'],
    [1000, '<b>', '1,000 <b>', '1 000 <b>'],
    [1000, 'EURO', '1,000 EURO', '1 000 EURO'],
  ])('when it is %d %s › is %s in English and %s in Russian', (amount, currency, inEnglish, inRussian) => {
    expect(plain(english.money(amount, currency))).toBe(inEnglish);
    expect(plain(russian.money(amount, currency))).toBe(inRussian);
  });

  it('when the currency is one that nobody knows › shows its letters beside the number', () => {
    expect(plain(english.money(1000, 'QQQ'))).toBe('QQQ 1,000');
    expect(plain(russian.money(1000, 'QQQ'))).toBe('1 000 QQQ');
  });

  it('when a portal invents a thousand currencies › still formats each', () => {
    const invented = Array.from({ length: 1000 }, (_, n) =>
      [n / 676, (n / 26) % 26, n % 26].map((i) => String.fromCharCode(65 + i)).join(''),
    );

    const texts = invented.map((currency) => plain(english.money(1, currency)));

    expect(texts.filter((text) => !text.includes('1'))).toEqual([]);
  });
});

describe('date() and instant()', () => {
  it.each([
    ['2026-03-05T10:20:30+03:00', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 10:20', '05.03.2026, 10:20'],
    ['2026-03-05T10:20:30-0800', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 10:20', '05.03.2026, 10:20'],
    ['2026-03-05T10:20:30Z', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 10:20', '05.03.2026, 10:20'],
    ['2026-03-05T10:20:30', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 10:20', '05.03.2026, 10:20'],
    ['2026-03-05T00:00:00+14:00', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 00:00', '05.03.2026, 00:00'],
    ['2026-03-05T23:59:59-12:00', '05 Mar 2026', '05.03.2026', '05 Mar 2026, 23:59', '05.03.2026, 23:59'],
    ['2026-12-31T23:30:00+05:30', '31 Dec 2026', '31.12.2026', '31 Dec 2026, 23:30', '31.12.2026, 23:30'],
    ['2024-02-29', '29 Feb 2024', '29.02.2024', '29 Feb 2024, 00:00', '29.02.2024, 00:00'],
  ])(
    'when it is %s › shows the day and the hour of the portal’s own clock',
    (iso, dateInEnglish, dateInRussian, inEnglish, inRussian) => {
      expect(english.date(iso)).toBe(dateInEnglish);
      expect(russian.date(iso)).toBe(dateInRussian);
      expect(english.instant(iso)).toBe(inEnglish);
      expect(russian.instant(iso)).toBe(inRussian);
    },
  );
});

describe('ago()', () => {
  const NOW = Date.parse('2026-11-24T12:00:00Z');

  it.each([
    ['2026-11-24T12:00:05Z', 'just now', 'только что'],
    ['2026-11-24T11:59:30Z', 'just now', 'только что'],
    ['2026-11-24T11:59:00Z', '1 minute ago', '1 минуту назад'],
    ['2026-11-24T11:00:01Z', '59 minutes ago', '59 минут назад'],
    ['2026-11-24T11:00:00Z', '1 hour ago', '1 час назад'],
    ['2026-11-23T12:00:01Z', '23 hours ago', '23 часа назад'],
    ['2026-11-23T12:00:00Z', '1 day ago', '1 день назад'],
    ['2026-10-25T12:00:00Z', '30 days ago', '30 дней назад'],
    ['2026-10-24T12:00:00Z', '24 Oct 2026', '24.10.2026'],
  ])('when it is %s › is %s in English and %s in Russian', (iso, inEnglish, inRussian) => {
    expect(english.ago(iso, NOW)).toBe(inEnglish);
    expect(plain(russian.ago(iso, NOW))).toBe(inRussian);
  });
});

describe('age()', () => {
  const NOW = Date.parse('2026-11-24T12:00:00Z');

  it.each([
    ['2026-11-24T12:00:00Z', 'just now', 'только что'],
    ['2026-11-24T11:59:59Z', '1 second ago', '1 секунду назад'],
    ['2026-11-24T11:59:20Z', '40 seconds ago', '40 секунд назад'],
    ['2026-11-24T11:57:00Z', '3 minutes ago', '3 минуты назад'],
  ])('when it is %s › is %s in English and %s in Russian', (iso, inEnglish, inRussian) => {
    expect(english.age(iso, NOW)).toBe(inEnglish);
    expect(plain(russian.age(iso, NOW))).toBe(inRussian);
  });
});

describe('date() and instant()', () => {
  it.each([
    ['2026-02-28T23:59:59+03:00', '28 Feb 2026', '28 Feb 2026, 23:59'],
    ['2026-02-28T00:00:00+03:00', '28 Feb 2026', '28 Feb 2026, 00:00'],
    ['1999-12-31T07:05:09Z', '31 Dec 1999', '31 Dec 1999, 07:05'],
  ])('when a day was shown before, %s › shows its own time', (iso, date, instant) => {
    english.instant(iso);

    expect([english.date(iso), english.instant(iso)]).toEqual([date, instant]);
  });
});
