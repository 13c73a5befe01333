import { describe, expect, it } from '@jest/globals';
import { readResumeToken, writeResumeToken } from '../../../src/bitrix24/crm/resume-token.ts';
import { InvalidRequestError } from '../../../src/errors.ts';

const FILTER = { '%TITLE': 'Ромашка', COMPANY_TYPE: ['CUSTOMER', 'PARTNER'] };

describe('writeResumeToken()', () => {
  it('when it is written › holds nothing of the filter in the clear, and fits into an address', () => {
    const token = writeResumeToken(4_711, { '%TITLE': 'Ivanov' });

    expect(token).toMatch(/^1\.4711\.[\w-]{11}$/);
    expect(token).not.toContain('Ivanov');
  });

  it('when the same filter is written in another order › the token is the same', () => {
    const { '%TITLE': title, COMPANY_TYPE: types } = FILTER;

    const token = writeResumeToken(7, { COMPANY_TYPE: types, '%TITLE': title });

    expect(token).toBe(writeResumeToken(7, FILTER));
  });
});

describe('readResumeToken()', () => {
  it('when there is no token › begins at the beginning', () => {
    expect(readResumeToken(undefined, FILTER)).toBe(0);
  });

  it.each([0, 1, 4_711, 999_999_999_999_999])('when it was written after %d › goes on after it', (lastId) => {
    expect(readResumeToken(writeResumeToken(lastId, FILTER), FILTER)).toBe(lastId);
  });

  it('when there is no filter › goes on as well', () => {
    expect(readResumeToken(writeResumeToken(7, {}), {})).toBe(7);
  });

  it.each<[string, Parameters<typeof readResumeToken>[1]]>([
    ['there is none any more', {}],
    ['there is one more condition', { ...FILTER, INDUSTRY: 'IT' }],
    ['there is another field', { TITLE: 'Ромашка', COMPANY_TYPE: FILTER.COMPANY_TYPE }],
    ['there is another value', { ...FILTER, '%TITLE': 'Лютик' }],
    ['a list is a text', { ...FILTER, COMPANY_TYPE: 'CUSTOMER,PARTNER' }],
    ['a list is in another order', { ...FILTER, COMPANY_TYPE: ['PARTNER', 'CUSTOMER'] }],
  ])('when the filter has changed: %s › refuses to leave out companies', (_, filter) => {
    const token = writeResumeToken(7, FILTER);

    expect(() => readResumeToken(token, filter)).toThrow(InvalidRequestError);
  });

  it.each([
    '',
    '7',
    '1.7',
    '1.7.',
    '1.7.short',
    ' 1.7.OF',
    '1.7.OF ',
    '1.7.OF\n',
    '2.7.OF',
    '1..OF',
    '1.-7.OF',
    '1.7.5.OF',
    '1.7e3.OF',
    '1.0x7.OF',
    '1.1000000000000000.OF',
    '1.7.OFOF',
    '1.7.abcdefghijk',
  ])('when the token is %j › is not one of ours (OF stands for the right filter)', (text) => {
    const [, , of = ''] = writeResumeToken(7, FILTER).split('.');
    const token = text.replaceAll('OF', of);

    expect(() => readResumeToken(token, FILTER)).toThrow('the resume token is not of this list');
  });
});
