import { describe, expect, it } from '@jest/globals';
import { Vocabulary } from '../../../src/bitrix24/crm/reference-data.ts';
import { readRestError } from '../../../src/bitrix24/rest/rest-error.ts';

describe('the colleagues of a vocabulary', () => {
  it.each([
    ['OPERATION_TIME_LIMIT', true],
    ['QUERY_LIMIT_EXCEEDED', true],
    ['INTERNAL_SERVER_ERROR', true],
    ['insufficient_scope', false],
    ['ACCESS_DENIED', false],
  ])('when they were refused with %s › are asked for again: %p', (wireCode, isAsked) => {
    const vocabulary = new Vocabulary();
    const error = readRestError('user.get', { error: wireCode });
    if (error === undefined) throw new Error('this is no refusal');
    const pages = Object.keys(vocabulary.missingColleagues());

    vocabulary.learn(Object.fromEntries(pages.map((page) => [page, { error }])));

    expect(Object.keys(vocabulary.missingColleagues())).toEqual(isAsked ? pages : []);
  });
});
