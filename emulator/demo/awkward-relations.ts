import type { CompanyRow, ContactRow, DealRow } from '../crm/row.ts';

/**
 * Edge cases for contacts and deals of edge-case companies: the first one repeats the texts of its company, the
 * second one is ordinary, and the third one has an edge case from the lists below, chosen by company ID.
 */
export function makeAwkwardContact(contact: ContactRow, company: CompanyRow, index: number): ContactRow {
  if (index === 0) {
    return {
      ...contact,
      NAME: company.TITLE,
      LAST_NAME: company.TITLE,
      POST: company.TITLE,
      COMMENTS: company.COMMENTS ?? company.TITLE,
      ASSIGNED_BY_ID: company.ASSIGNED_BY_ID,
      ...(company.PHONE && { PHONE: company.PHONE }),
      ...(company.EMAIL && { EMAIL: company.EMAIL }),
    };
  }
  return index === 2 ? { ...contact, ...pickFor(company, CONTACTS) } : contact;
}

export function makeAwkwardDeal(deal: DealRow, company: CompanyRow, index: number): DealRow {
  if (index === 0) {
    return {
      ...deal,
      TITLE: company.TITLE,
      COMMENTS: company.COMMENTS ?? company.TITLE,
      OPPORTUNITY: company.REVENUE,
      CURRENCY_ID: company.CURRENCY_ID,
      ASSIGNED_BY_ID: company.ASSIGNED_BY_ID,
    };
  }
  return index === 2 ? { ...deal, ...pickFor(company, DEALS) } : deal;
}

function pickFor<Changes>({ ID }: CompanyRow, changes: readonly Changes[]): Changes | undefined {
  return changes[Number(ID) % changes.length];
}

const CONTACTS: readonly Partial<ContactRow>[] = [
  { NAME: null, SECOND_NAME: null, LAST_NAME: null },
  { NAME: null, LAST_NAME: 'Onlylast' },
  { NAME: '   ', LAST_NAME: '   ' },
  { NAME: '=HYPERLINK("https://phish.example")', LAST_NAME: '@SUM(1,1)', POST: '+1' },
  { NAME: 'يوسف', LAST_NAME: 'بن خالد', POST: 'مدير' },
  { NAME: '🦊', LAST_NAME: '👩‍👩‍👧‍👦', POST: '🧑‍💼' },
  { NAME: 'N'.repeat(255), LAST_NAME: 'L'.repeat(255), POST: 'Very long post '.repeat(17) },
  { TYPE_ID: 'UC_GONE42', SOURCE_ID: 'OLD_SOURCE', ASSIGNED_BY_ID: '9999' },
  { PHONE: [], EMAIL: [], POST: null },
  { BIRTHDATE: '1900-01-01' },
];

const DEALS: readonly Partial<DealRow>[] = [
  { CATEGORY_ID: '99', STAGE_ID: 'C99:GONE' },
  { STAGE_ID: null },
  { OPPORTUNITY: null, CURRENCY_ID: null },
  { OPPORTUNITY: '99999999999.99', CURRENCY_ID: 'USD' },
  { OPPORTUNITY: '-1500.50' },
  { OPPORTUNITY: '1000.00', CURRENCY_ID: 'XTS' },
  { BEGINDATE: null, CLOSEDATE: null },
  { BEGINDATE: '2026-03-01', CLOSEDATE: '2026-02-01' },
  { TITLE: '' },
  { CLOSED: 'Y', STAGE_ID: 'NEW', STAGE_SEMANTIC_ID: 'P', CATEGORY_ID: '0' },
  { ASSIGNED_BY_ID: '9999', TYPE_ID: 'UC_GONE42', CONTACT_ID: '999999999' },
];
