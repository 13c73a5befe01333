import { describe, expect, it } from '@jest/globals';
import {
  ALL_COMPANIES,
  buildWireFilter,
  type CompanyFilter,
} from '../../../src/bitrix24/crm/company-filter.ts';

const wire = (filter: Partial<CompanyFilter>) => buildWireFilter({ ...ALL_COMPANIES, ...filter });

describe('buildWireFilter()', () => {
  it('when there are no conditions › has none', () => {
    expect(wire({})).toEqual({});
  });

  it.each<[string, Partial<CompanyFilter>, object]>([
    ['a part of a title', { search: { by: 'title', text: 'mill' } }, { '%TITLE': 'mill' }],
    ['types, or none', { types: ['CUSTOMER', ''] }, { COMPANY_TYPE: ['CUSTOMER', ''] }],
    ['industries', { industries: ['IT'] }, { INDUSTRY: ['IT'] }],
    ['sizes', { employees: ['EMPLOYEES_1'] }, { EMPLOYEES: ['EMPLOYEES_1'] }],
    ['a person', { responsible: 7 }, { ASSIGNED_BY_ID: 7 }],
    ['a beginning', { created: { from: 'A', before: null } }, { '>=DATE_CREATE': 'A' }],
    ['an end', { modified: { from: null, before: 'B' } }, { '<DATE_MODIFY': 'B' }],
    ['a phone', { hasPhone: true }, { HAS_PHONE: 'Y' }],
    ['no e-mail', { hasEmail: false }, { HAS_EMAIL: 'N' }],
    ['nothing or more', { revenue: { from: 0, to: 9.5 } }, { '>=REVENUE': 0, '<=REVENUE': 9.5 }],
  ])('when %s is wanted › says so with the portal’s own names', (_, filter, expected) => {
    expect(wire(filter)).toEqual(expected);
  });

  it('when a portal would take the id of a dictionary for a reference to another command › refuses it', () => {
    const types = ['CUSTOMER', '$total[list]'];

    expect(() => wire({ types })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it.each([
    ['$result[people][0][NAME]', '%_result[people][0][NAME]%'],
    ['$RESULTS', '%_RESULTS%'],
    ['mill $NEXT[list]', '%mill _NEXT[list]%'],
    ['$total', '%_total%'],
  ])('when %s is searched for › asks with another character for the dollar', (text, pattern) => {
    const { '=%TITLE': patterns } = wire({ search: { by: 'title', text } });

    expect(patterns).toContain(pattern);
    expect(JSON.stringify(patterns)).not.toContain('$');
  });

  it.each(['US$', '$5', 'total$5', '[list]'])('when %s is searched for › searches for it', (text) => {
    expect(wire({ search: { by: 'title', text } })).toEqual({ '%TITLE': text });
  });
});
