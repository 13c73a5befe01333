import type { CompanyRow, ContactRow, DealRow, Multifield } from './crm/row.ts';
import type { PortalOptions, PortalUserOptions } from './options.ts';
import { randomHex } from './secrets.ts';

/** A valid company row; the test overrides only the fields it is about. */
export function aCompany(overrides: Partial<CompanyRow> = {}): CompanyRow {
  const ID = overrides.ID ?? String(nextId());
  return {
    ID,
    TITLE: `Company ${ID}`,
    COMPANY_TYPE: 'CUSTOMER',
    INDUSTRY: 'IT',
    EMPLOYEES: 'EMPLOYEES_1',
    REVENUE: '1000.00',
    CURRENCY_ID: 'USD',
    ASSIGNED_BY_ID: '1',
    CREATED_BY_ID: '1',
    MODIFY_BY_ID: '1',
    DATE_CREATE: '2026-01-15T10:00:00+00:00',
    DATE_MODIFY: '2026-02-15T10:00:00+00:00',
    ...overrides,
  };
}

/** A valid contact row of company 1. */
export function aContact(overrides: Partial<ContactRow> = {}): ContactRow {
  const ID = overrides.ID ?? String(nextId());
  return {
    ID,
    NAME: 'Some',
    LAST_NAME: `Contact ${ID}`,
    POST: 'Director',
    TYPE_ID: 'CLIENT',
    COMPANY_ID: '1',
    ASSIGNED_BY_ID: '1',
    CREATED_BY_ID: '1',
    MODIFY_BY_ID: '1',
    DATE_CREATE: '2026-01-16T10:00:00+00:00',
    DATE_MODIFY: '2026-02-16T10:00:00+00:00',
    EXPORT: 'Y',
    OPENED: 'Y',
    ...overrides,
  };
}

/** A valid deal row of company 1: a new deal in the default pipeline. */
export function aDeal(overrides: Partial<DealRow> = {}): DealRow {
  const ID = overrides.ID ?? String(nextId());
  return {
    ID,
    TITLE: `Deal ${ID}`,
    TYPE_ID: 'SALE',
    CATEGORY_ID: '0',
    STAGE_ID: 'NEW',
    STAGE_SEMANTIC_ID: 'P',
    CLOSED: 'N',
    OPPORTUNITY: '1000.00',
    CURRENCY_ID: 'USD',
    COMPANY_ID: '1',
    ASSIGNED_BY_ID: '1',
    CREATED_BY_ID: '1',
    MODIFY_BY_ID: '1',
    BEGINDATE: '2026-01-17',
    CLOSEDATE: '2026-03-17',
    DATE_CREATE: '2026-01-17T10:00:00+00:00',
    DATE_MODIFY: '2026-02-17T10:00:00+00:00',
    OPENED: 'Y',
    ...overrides,
  };
}

/** One item of a multifield: PHONE, EMAIL, WEB or IM. */
export function aMultifield(overrides: Partial<Multifield> = {}): Multifield {
  return {
    ID: String(nextId()),
    VALUE_TYPE: 'WORK',
    VALUE: '+1 212 555 0100',
    TYPE_ID: 'PHONE',
    ...overrides,
  };
}

/**
 * Options of a portal with a random member id, one administrator and no companies. Contacts and deals exist only if
 * the overrides give them or ask for `made`.
 */
export function aPortal(overrides: Partial<PortalOptions> = {}): PortalOptions {
  return { host: '127.0.0.1', memberId: randomHex(32), users: [aPortalUser()], companies: [], ...overrides };
}

export function aPortalUser(overrides: Partial<PortalUserOptions> = {}): PortalUserOptions {
  const id = overrides.id ?? 1;
  return {
    id,
    login: `user${id}`,
    password: 'demo',
    name: 'Some',
    lastName: 'Body',
    admin: id === 1,
    ...overrides,
  };
}

let lastId = 0;

function nextId(): number {
  lastId += 1;
  return lastId;
}
