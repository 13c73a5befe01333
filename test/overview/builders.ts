import type { CompanyCounts } from '../../src/bitrix24/crm/company-counts.ts';

/** Counts of a small portal; the test overrides what it is about. */
export function someCounts(overrides: Partial<CompanyCounts> = {}): CompanyCounts {
  return {
    total: 10,
    withoutPhone: 4,
    withoutEmail: 5,
    types: [
      { id: 'SUPPLIER', name: 'Supplier', count: 3 },
      { id: 'CUSTOMER', name: 'Client', count: 6 },
      { id: '', name: null, count: 1 },
    ],
    industries: [
      { id: 'IT', name: 'Information technology', count: 10 },
      { id: '', name: null, count: 0 },
    ],
    responsible: {
      people: [
        { id: 1, name: 'Ada Admin', count: 7 },
        { id: 7, name: null, count: 2 },
      ],
      isEverybody: true,
    },
    months: [
      { first: '2026-09-01', last: '2026-09-30', count: 0 },
      { first: '2026-10-01', last: '2026-10-31', count: 8 },
      { first: '2026-11-01', last: '2026-11-30', count: 2 },
    ],
    sameDaysBefore: 5,
    revenue: [
      { from: null, to: 0, count: 0 },
      { from: 0.01, to: 9_999.99, count: 0 },
      { from: 10_000, to: 99_999.99, count: 4 },
      { from: 100_000, to: 999_999.99, count: 0 },
      { from: 1_000_000, to: null, count: 5 },
    ],
    ...overrides,
  };
}
