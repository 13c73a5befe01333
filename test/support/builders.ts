import { randomBytes } from 'node:crypto';
import type { CompanyRow, PortalOptions, PortalUserOptions } from '../../emulator/index.ts';

/** A portal of its own for each test: fresh `memberId`, three people, a handful of companies. */
export function aPortal(overrides: Partial<PortalOptions> = {}): PortalOptions {
  return {
    host: 'localhost',
    memberId: randomBytes(16).toString('hex'),
    language: 'en',
    utcOffset: '+03:00',
    users: [
      aUser({ id: 1, login: 'admin', name: 'Ada', lastName: 'Admin', admin: true, crm: 'all' }),
      aUser({ id: 7, login: 'manager', name: 'Max', lastName: 'Manager', crm: 'own' }),
      aUser({ id: 9, login: 'guest', name: 'Greta', lastName: 'Guest', crm: 'none' }),
    ],
    companies: [
      aCompany({ ID: '1', TITLE: 'Alpha', ASSIGNED_BY_ID: '1' }),
      aCompany({ ID: '2', TITLE: 'Beta', ASSIGNED_BY_ID: '7' }),
      aCompany({ ID: '3', TITLE: 'Gamma', ASSIGNED_BY_ID: '1' }),
    ],
    ...overrides,
  };
}

export function aUser(
  overrides: Partial<PortalUserOptions> & { id: number; login: string },
): PortalUserOptions {
  return { password: 'demo', name: 'Some', lastName: 'Body', ...overrides };
}

/** A row as the wire has it; the test overrides what it is about. */
export function aCompany(overrides: Partial<CompanyRow> & { ID: string }): CompanyRow {
  return {
    TITLE: `Company ${overrides.ID}`,
    COMPANY_TYPE: 'CUSTOMER',
    INDUSTRY: 'IT',
    REVENUE: '1000.00',
    CURRENCY_ID: 'EUR',
    ASSIGNED_BY_ID: '1',
    DATE_CREATE: '2026-03-05T10:20:30+03:00',
    DATE_MODIFY: '2026-04-06T11:21:31+03:00',
    ...overrides,
  };
}
