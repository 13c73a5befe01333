import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readResumeToken, writeResumeToken } from '../../src/bitrix24/crm/resume-token.ts';
import type { Params } from '../../src/bitrix24/rest/rest-types.ts';
import { InvalidRequestError } from '../../src/errors.ts';
import { EACH, outcomeOf } from '../support/fuzz.ts';
import { anyText, mutated } from '../support/hostile-values.ts';

const anId = fc.integer({ min: 1, max: 999_999_999_999_999 });
const aFilter: fc.Arbitrary<Params> = fc.dictionary(
  fc.constantFrom('%TITLE', 'COMPANY_TYPE', '>=REVENUE', 'HAS_PHONE', '<DATE_CREATE'),
  fc.oneof(fc.string(), fc.nat(), fc.array(fc.string(), { maxLength: 3 })),
);

describe('a resume token', () => {
  it('when it is read for the filter it was written for, in whatever order › goes on where it stopped', () => {
    fc.assert(
      fc.property(anId, aFilter, (id, filter) => {
        const reordered = Object.fromEntries(Object.entries(filter).reverse());

        expect(readResumeToken(writeResumeToken(id, filter), reordered)).toBe(id);
      }),
      EACH,
    );
  });

  it('when it is read for another filter › is refused', () => {
    fc.assert(
      fc.property(anId, aFilter, aFilter, (id, filter, other) => {
        fc.pre(!isSameFilter(filter, other));

        expect(() => readResumeToken(writeResumeToken(id, filter), other)).toThrow(InvalidRequestError);
      }),
      EACH,
    );
  });

  it('whatever it is › tells an id, or is refused', () => {
    const token = fc.tuple(anId, aFilter).map(([id, filter]) => writeResumeToken(id, filter));
    fc.assert(
      fc.property(fc.oneof(mutated(token), anyText), aFilter, (text, filter) => {
        const outcome = outcomeOf(() => readResumeToken(text, filter), [InvalidRequestError]);

        if ('value' in outcome) expect(Number.isSafeInteger(outcome.value) && outcome.value >= 0).toBe(true);
      }),
      EACH,
    );
  });
});

function isSameFilter(one: Params, other: Params): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
}
