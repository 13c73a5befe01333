import { describe, expect, it } from '@jest/globals';
import { readSearch } from '../../../src/bitrix24/crm/search-readings.ts';

/** As portals compare phones (company-data 3.1), written down a second time. */
function asPortalsCompare(phone: string): string {
  const number = phone.replace(/[;#,].*$/, '').replace(/[^\d*]/g, '');
  if (number.length < 10) return number;
  if (phone.startsWith('+8') || /^8[0-2]/.test(number)) return number;
  return number
    .replace(/^(00|011)/, '')
    .replace(/^8/, '7')
    .replace(/^0/, '');
}

const isFound = (typed: string, stored: string) =>
  readSearch(typed).phones.map(asPortalsCompare).includes(asPortalsCompare(stored));

/** As a database compares with LIKE. */
function finds(typed: string, stored: string): boolean {
  return [readSearch(typed).title.pattern].flat().some((pattern) => {
    const source = pattern
      .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('_', '.');
    return new RegExp(`^${source}$`, 'iu').test(stored);
  });
}

describe('readSearch()', () => {
  it.each([
    ['4991110022', '+74991110022'],
    ['+7 499 111–00–22', '+74991110022'],
    ['+7 499 111‑00‑22', '+7 (499) 111-00-22'],
    ['tel:+74991110022', '8 499 111-00-22'],
    ['тел.: +7 (499) 111-00-22', '+74991110022'],
    ['Phone: 8-499-111-00-22', '+74991110022'],
    ['8 (499) 111-00-22', '74991110022'],
    ['+7 499 111-00-22', '4991110022'],
    ['(499) 111-00-22', '+7 499 111 00 22'],
    ['\u202a+7 499 111-00-22\u202c', '+74991110022'],
    ['+7\u00a0499\u00a0111-00-22', '+74991110022'],
    ['+7 499 111-00-22 доб. 15', '+7 499 111-00-22'],
    ['+7 499 111-00-22 доб. 15', '+7 499 111-00-22 доб. 15'],
    ['+7 499 111-00-22, 15', '+7 499 111-00-22#15'],
    ['+7 499 111-00-22 ext. 15', '+74991110022'],
    ['+7 499 111-00-22; +7 812 333-44-55', '+78123334455'],
    ['+7 499 111-00-22 / 8 812 333-44-55', '+78123334455'],
    ['8 (000) 111-00-22', '+7 000 111-00-22'],
    ['+49 (0)30 123456', '+49 30 123456'],
    ['0049 30 1234567', '+49 30 1234567'],
    ['8613800138000', '+86 138 0013 8000'],
    ['(212) 555-0159', '+1 212 555 0159'],
    ['1234567', '123-45-67'],
    ['Acme, +7 499 111-00-22', '+74991110022'],
    ['Acme <info@a.example> +7 499 111-00-22', '+74991110022'],
  ])('when %j is typed › finds the phone %j', (typed, stored) => {
    expect(isFound(typed, stored)).toBe(true);
  });

  it.each(['123456', 'Acme', 'ООО 1234567', '2026', 'A-1234567', '+7', '1'.repeat(30), '1 / Acme 2'])(
    'when %j is typed › looks for no phone',
    (typed) => {
      expect(readSearch(typed).phones).toEqual([]);
    },
  );

  it('asks for no more phones than the portal looks at', () => {
    const many = Array.from({ length: 30 }, (_, index) => `+7 499 111-00-${index + 10}`).join(', ');

    expect(readSearch(many).phones).toHaveLength(20);
  });

  it.each([
    ['info@a.example', ['info@a.example']],
    ['Office <info@a.example>', ['info@a.example']],
    ['mailto:info@a.example', ['info@a.example']],
    ['MAILTO:o%27neil%2Bx@a.example?subject=Offer', ["o'neil+x@a.example"]],
    ['"Office" <info@a.example>; sales@a.example,', ['info@a.example', 'sales@a.example']],
    ['info@a.example.', ['info@a.example']],
    ['mailto:%E0%A4%A@a.example', ['%E0%A4%A@a.example']],
    ['\u200binfo@a.example', ['info@a.example']],
    ['почта@пример.рф', ['почта@пример.рф']],
    ['@handle', []],
    ['a@b', []],
  ])('when %j is typed › looks for the e-mails %j', (typed, emails) => {
    expect(readSearch(typed).emails).toEqual(emails);
  });

  it.each([
    ['mill', '%TITLE', 'mill'],
    ['100%', '%TITLE', '100%'],
    ['a_b\\c', '%TITLE', 'a_b\\c'],
    ['"', '%TITLE', '"'],
    ['"Берёза"', '%TITLE', 'Берёза'],
    ['е\u0308лка', '=%TITLE', ['%е\u0308лка%', '%\u0451лка%']],
    ['👩\u200d👧', '=%TITLE', ['%👩\u200d👧%', '%👩👧%']],
    ['O’Neil', '=%TITLE', ['%O’Neil%', '%O_Neil%']],
    ['Северо‑Запад', '=%TITLE', ['%Северо‑Запад%', '%Северо_Запад%']],
    ['ООО "Берёза"', '=%TITLE', ['%ООО "Берёза%', '%ООО%Берёза%']],
    ['one\u00a0two', '=%TITLE', ['%one\u00a0two%', '%one two%', '%one_two%', '%one  two%']],
    ['C:\\one two', '=%TITLE', ['%C:_one two%', '%C:_one_two%', '%C:_one  two%']],
  ])('when %j is typed › looks for titles by %s: %j', (typed, field, pattern) => {
    expect(readSearch(typed).title).toEqual({ field, pattern });
  });

  it.each([
    ['ООО "Берёза"', 'ООО «Берёза»'],
    ['ООО «Берёза»', 'ООО "Берёза"'],
    ['ООО “Берёза”', 'ООО Берёза'],
    ["O'Neil  & Sons", "O'Neil & Sons"],
    ["O'Neil & Sons", 'O’Neil  & Sons'],
    ["O'Neil & Sons", 'O’Neil & Sons'],
    ['Mill No 12', 'Mill\u00a0No\u00a012'],
    ['Mill No 12', 'The Mill No  12'],
    ['Mill - East', 'Mill – East'],
  ])('when %j is typed › finds the title %j', (typed, stored) => {
    expect(finds(typed, stored)).toBe(true);
  });

  it.each([
    ['Mill 12', 'Mill 112'],
    ['Mill 12', 'Mill North 12'],
    ['Mill-12', 'Mill'],
  ])('when %j is typed › does not find the title %j', (typed, stored) => {
    expect(finds(typed, stored)).toBe(false);
  });

  it('when what is typed may be a phone, a date or part of a title › is every one of them', () => {
    expect(readSearch('2026-03-05')).toEqual({
      title: { field: '=%TITLE', pattern: ['%2026-03-05%', '%2026_03_05%'] },
      phones: ['20260305'],
      emails: [],
    });
  });
});
