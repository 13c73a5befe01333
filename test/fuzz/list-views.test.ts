import { parse } from 'node:querystring';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildWireFilter } from '../../src/bitrix24/crm/company-filter.ts';
import {
  asChoice,
  asCompanyQuery,
  EVERYTHING,
  type ListView,
  listAddress,
  readListForm,
  readListView,
  readStoredView,
  writeListView,
} from '../../src/companies/list-query.ts';
import { InvalidRequestError } from '../../src/errors.ts';
import { findTimeZone } from '../../src/i18n/time-zone.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyJson, anyText, anyWellFormedText } from '../support/hostile-values.ts';

/** The only conditions a portal is ever asked with (protocol 7.2). */
const WIRE_FIELDS = [
  '%TITLE',
  '=%TITLE',
  'COMPANY_TYPE',
  'INDUSTRY',
  'EMPLOYEES',
  'ASSIGNED_BY_ID',
  '>=DATE_CREATE',
  '<DATE_CREATE',
  '>=DATE_MODIFY',
  '<DATE_MODIFY',
  'HAS_PHONE',
  'HAS_EMAIL',
  '>=REVENUE',
  '<=REVENUE',
];

const someIds = fc
  .array(fc.oneof(fc.constantFrom('CUSTOMER', 'IT', '-', '1', 'a b', ' c '), fc.string({ maxLength: 8 })), {
    maxLength: 4,
  })
  .map((ids) => ids.join(','));
const aDay = fc.oneof(
  fc
    .date({ min: new Date('1890-01-01'), max: new Date('3000-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  fc.constantFrom('2026-02-29', '2024-02-29', '2026-13-01', '1899-12-31', '2999-12-31', '2026-3-5'),
);
const anAmount = fc.oneof(
  fc.nat().map(String),
  fc.double({ min: 0, max: 1e16, noNaN: true }).map((number) => number.toFixed(2)),
  fc.constantFrom('1 000 000,50', '999999999999999.99', '0', '0.00', '-1', '1e3', '.5', '1\u00a0000'),
);
const EXPECTED: Record<string, fc.Arbitrary<string>> = {
  q: fc.oneof(
    fc.constantFrom('Alpha', '+7 (900) 123-45-67', '89001234567', 'a@b.example', '%', '  '),
    anyWellFormedText,
  ),
  type: someIds,
  industry: someIds,
  employees: someIds,
  responsible: fc.oneof(fc.constantFrom('me', 'ME', '0'), fc.nat().map(String)),
  created_from: aDay,
  created_to: aDay,
  modified_from: aDay,
  modified_to: aDay,
  has_phone: fc.constantFrom('yes', 'no', 'perhaps'),
  has_email: fc.constantFrom('yes', 'no', ' yes '),
  revenue_from: anAmount,
  revenue_to: anAmount,
  page: fc.oneof(fc.nat().map(String), fc.constantFrom('1', '0', '01', '9999999', '10000000')),
  sort: fc.constantFrom('title', 'id', 'revenue', 'type', '__proto__', 'constructor'),
  order: fc.constantFrom('asc', 'desc', 'DESC'),
};

/** As they come with a request: once, twice, or as nobody sends them. */
const aParameter = (expected: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 20, arbitrary: expected as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: anyWellFormedText },
    { weight: 1, arbitrary: fc.array(expected, { maxLength: 2 }) },
    { weight: 1, arbitrary: anyJson },
  );
const anyQuery = fc.oneof(
  fc
    .record(
      Object.fromEntries(Object.entries(EXPECTED).map(([name, expected]) => [name, aParameter(expected)])),
      { requiredKeys: [] },
    )
    // Few at a time, so that one that is wrong does not hide the others.
    .chain((query) => {
      const entries = Object.entries(query);
      return fc.subarray(entries, { maxLength: Math.min(6, entries.length) });
    })
    .map((entries): Record<string, unknown> => Object.fromEntries(entries)),
  fc.string({ unit: 'binary' }).map((text): Record<string, unknown> => parse(text)),
);
const aViewer = fc.record({
  userId: fc.integer({ min: 1 }),
  zone: fc.constantFrom('Europe/Moscow', 'Asia/Kathmandu', 'America/St_Johns', null).map(findTimeZone),
});

/** The view of a query that can be read; nothing of one that is refused. */
function viewOf(query: Record<string, unknown>): ListView | undefined {
  const outcome = outcomeOf(() => readListView(query), [InvalidRequestError]);
  return 'value' in outcome ? outcome.value : undefined;
}

describe('the view of a list', () => {
  it('whatever the query is › is read, or refused as invalid_request', () => {
    fc.assert(
      fc.property(anyQuery, fc.constantFrom(readListView, readListForm), (query, read) => {
        const outcome = outcomeOf(() => read(query), [InvalidRequestError]);

        if ('refusal' in outcome) return;
        expect(
          Object.keys(outcome.value).filter((name) => !(name in EVERYTHING || name in EXPECTED)),
        ).toEqual([]);
        expect(Number.isSafeInteger(outcome.value.page) && outcome.value.page >= 1).toBe(true);
      }),
      EACH,
    );
  });

  it('when it is written as an address and read again › is the same, and so is its address', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const view = viewOf(query);
        if (view === undefined) return;

        const search = writeListView(view);
        // As Express reads addresses.
        const again = readListView(parse(search));

        expect(again).toEqual(view);
        expect(writeListView(again)).toBe(search);
        if (search.length < 4_000) expect(readStoredView(search)).toEqual(view);
        expect(new URL(listAddress(view), 'https://crm.example.com').pathname).toBe('/companies');
      }),
      EACH,
    );
  });

  it('whatever was stored of one › is a view', () => {
    fc.assert(
      fc.property(fc.oneof(anyWellFormedText, anyJson), (stored) => {
        expect(readStoredView(stored)).toMatchObject({ page: expect.any(Number), sort: expect.any(String) });
      }),
      EACH,
    );
  });

  it('whatever it asks for › the portal is asked with fields of ours, and with values that it can read', () => {
    fc.assert(
      fc.property(anyQuery, aViewer, (query, viewer) => {
        const view = viewOf(query);
        if (view === undefined) return;

        const filter = buildWireFilter(asCompanyQuery(view, viewer).filter);

        for (const [field, value] of Object.entries(filter)) {
          expect(WIRE_FIELDS).toContain(field);
          expect(isWireValue(value)).toBe(true);
          if (field.includes('DATE_')) expect(Date.parse(String(value))).not.toBeNaN();
        }
      }),
      EACH,
    );
  });

  it('when a value of a dictionary is chosen › the portal is asked for that very id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom('', '-', ' a', 'a,b', '\ude36'), anyText), (statusId) => {
        const choice = asChoice(statusId);
        if (choice === undefined) return;

        const view = readListView(parse(writeListView({ type: [choice, 'OTHER'] })));

        expect(asCompanyQuery(view, { userId: 1, zone: undefined }).filter.types).toEqual([
          statusId,
          'OTHER',
        ]);
      }),
      EACH,
    );
  });
});

function isWireValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string');
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}
