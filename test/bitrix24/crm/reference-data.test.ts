import { describe, expect, it } from '@jest/globals';
import { ReferenceData } from '../../../src/bitrix24/crm/reference-data.ts';
import { readRestError } from '../../../src/bitrix24/rest/rest-error.ts';

describe('the colleagues of a referenceData', () => {
  it.each([
    ['OPERATION_TIME_LIMIT', true],
    ['QUERY_LIMIT_EXCEEDED', true],
    ['INTERNAL_SERVER_ERROR', true],
    ['insufficient_scope', false],
    ['ACCESS_DENIED', false],
  ])('when they were refused with %s › are asked for again: %p', (wireCode, isAsked) => {
    const referenceData = new ReferenceData();
    const error = readRestError('user.get', { error: wireCode });
    if (error === undefined) throw new Error('this is no refusal');
    const pages = Object.keys(referenceData.commandsForColleagues());

    referenceData.load(Object.fromEntries(pages.map((page) => [page, { error }])));

    expect(Object.keys(referenceData.commandsForColleagues())).toEqual(isAsked ? pages : []);
  });
});
