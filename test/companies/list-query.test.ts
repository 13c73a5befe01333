import { describe, expect, it } from '@jest/globals';
import { ALL_COMPANIES } from '../../src/bitrix24/crm/company-filter.ts';
import {
  asChoice,
  asCompanyQuery,
  EVERYTHING,
  listAddress,
  readListForm,
  readListView,
  readStoredView,
  writeListView,
} from '../../src/companies/list-query.ts';
import { InvalidRequestError } from '../../src/errors.ts';
import { findTimeZone } from '../../src/i18n/time-zone.ts';

const MOSCOW = { userId: 7, zone: findTimeZone('Europe/Moscow') };
const filterOf = (query: Record<string, unknown>, viewer: Parameters<typeof asCompanyQuery>[1] = MOSCOW) =>
  asCompanyQuery(readListView(query), viewer).filter;

describe('readListView()', () => {
  it.each([
    ['a list where one text is meant', { q: ['a', 'b'] }],
    ['a choice twice', { type: ['A', 'B'] }],
    ['a choice of nothing', { type: 'A,,B' }],
    ['more choices than there are', { industry: Array.from({ length: 51 }, (_, id) => id).join() }],
    ['a person by name', { responsible: 'Ada' }],
    ['person number nought', { responsible: '0' }],
    ['a day that is none', { created_from: '2026-02-30' }],
    ['a day of another age', { created_to: '1066-10-14' }],
    ['a day in another order', { modified_from: '05.03.2026' }],
    ['neither yes nor no', { has_phone: 'maybe' }],
    ['less than nothing', { revenue_from: '-1' }],
    ['an amount in words', { revenue_to: 'a lot' }],
    ['an amount of sixteen digits', { revenue_to: '1234567890123456' }],
    ['a sort nobody knows', { sort: 'phone' }],
    ['page nought', { page: '0' }],
  ])('when it is %s › refuses', (_, query) => {
    expect(() => readListView(query)).toThrow(InvalidRequestError);
  });

  it('when all is empty, as a form sends it › is everything', () => {
    const empty = Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, '']));

    expect(readListView(empty)).toEqual(EVERYTHING);
  });

  it.each([
    ['1 000 000,50', 1_000_000.5],
    ['1\u00a0000', 1_000],
    ['0', 0],
  ])('when an amount is written %j › reads %d', (text, amount) => {
    expect(readListView({ revenue_from: text }).revenue_from).toBe(amount);
  });
});

describe('the address of a view', () => {
  it.each([
    ['', ''],
    ['page=1&sort=id&order=desc', ''],
    ['q=a&page=2', 'q=a&page=2'],
    ['type=CUSTOMER,-,CUSTOMER', 'type=CUSTOMER,-'],
    ['responsible=me&has_phone=no', 'responsible=me&has_phone=no'],
    ['revenue_from=0&revenue_to=9.5', 'revenue_from=0&revenue_to=9.5'],
  ])('when it is read from %j › is %j', (search, written) => {
    expect(writeListView(readStoredView(search))).toBe(written);
  });

  it.each([[undefined], [42], ['page=0'], ['//evil.example'], ['q='.padEnd(5_000, 'x')]])(
    'when %j was stored › is that of everything',
    (stored) => {
      expect(listAddress(readStoredView(stored))).toBe('/companies');
    },
  );

  it('when a form has several boxes of a name › joins them and begins with the first page', () => {
    const view = readListForm({ type: ['CUSTOMER', '-'], industry: 'IT', page: '7', q: '' });

    expect(listAddress(view)).toBe('/companies?type=CUSTOMER,-&industry=IT');
  });

  it('when a form has another field twice › refuses', () => {
    expect(() => readListForm({ q: ['a', 'b'] })).toThrow(InvalidRequestError);
  });
});

describe('asChoice()', () => {
  it.each([
    ['CUSTOMER', 'CUSTOMER'],
    ['two words', 'two words'],
    ['', '-'],
    ['-', undefined],
    ['A,B', undefined],
    [' A', undefined],
    ['A'.repeat(51), undefined],
    ['half of \ud83d', undefined],
  ])('when the id of a value is "%s" › the list is asked for %s', (id, choice) => {
    expect(asChoice(id)).toBe(choice);
    if (choice !== undefined) expect(filterOf({ type: choice }).types).toEqual([id]);
  });
});

describe('the filter of a view', () => {
  it('when there are no conditions › has none', () => {
    expect(filterOf({})).toEqual(ALL_COMPANIES);
  });

  it.each([
    ['mill', { by: 'title', text: 'mill' }],
    ['ada@acme.example', { by: 'email', text: 'ada@acme.example' }],
    ['+7 (495) 000-00-01', { by: 'phone', text: '+7 (495) 000-00-01' }],
    ['84950000001', { by: 'phone', text: '84950000001' }],
    // Too short for a phone, and titles have numbers too.
    ['1917', { by: 'title', text: '1917' }],
    ['@home', { by: 'title', text: '@home' }],
    ['7 samurai', { by: 'title', text: '7 samurai' }],
  ])('when %j is searched for › looks by what it is', (q, search) => {
    expect(filterOf({ q }).search).toEqual(search);
  });

  it('when days are given › both belong to it, by the reader’s clock', () => {
    const { created } = filterOf({ created_from: '2026-02-27', created_to: '2026-02-28' });

    expect(created).toEqual({ from: '2026-02-27T00:00:00+03:00', before: '2026-03-01T00:00:00+03:00' });
  });

  it('when nobody knows the reader’s clock › leaves the days to the portal’s', () => {
    const { modified } = filterOf({ modified_from: '2026-02-28' }, { userId: 7, zone: undefined });

    expect(modified).toEqual({ from: '2026-02-28T00:00:00', before: null });
  });

  it('when it is about what is mine › names the reader', () => {
    expect(filterOf({ responsible: 'me' }).responsible).toBe(7);
    expect(filterOf({ responsible: '12' }).responsible).toBe(12);
  });

  it('when nothing is chosen of a dictionary › looks for companies without', () => {
    expect(filterOf({ type: 'CUSTOMER,-' }).types).toEqual(['CUSTOMER', '']);
  });
});
