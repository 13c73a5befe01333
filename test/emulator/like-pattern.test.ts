import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compileLike } from '../../emulator/crm/like-pattern.ts';

/** The same by a regular expression, whose time may explode for a long pattern. */
function byRegExp(pattern: string): RegExp {
  const source = pattern.toLowerCase().replace(/\\?[\s\S]/gu, (token) => {
    if (token === '%') return '.*';
    if (token === '_') return '.';
    const character = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return new RegExp(`^${source}$`, 'su');
}

describe('a LIKE pattern', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['%', '', true],
    ['%%', 'anything', true],
    ['north%', 'North Wind', true],
    ['%wind', 'North Wind', true],
    ['%or%wi%', 'North Wind', true],
    ['%wi%or%', 'North Wind', false],
    ['ab%bc', 'abc', false],
    ['_', '🍕', true],
    ['__', '🍕', false],
    ['a_c%', 'abcd', true],
    ['a\\_c', 'abc', false],
    ['a\\_c', 'a_c', true],
    ['100\\%', '100%', true],
    ['a\\\\b', 'a\\b', true],
    ['a\\', 'a\\', true],
    ['[a].*', '[A].*', true],
    ['[a].*', 'abc', false],
    ['a\nb%', 'A\nB', true],
  ])('when %j is compared with %j › gives %j', (pattern, text, expected) => {
    expect(compileLike(pattern)(text)).toBe(expected);
  });

  it('when patterns and texts are made at random › gives what a regular expression gives', () => {
    const character = fc.constantFrom('a', 'b', 'A', '%', '_', '\\', 'й', '🍕');
    const textOf = (max: number) => fc.array(character, { maxLength: max }).map((list) => list.join(''));

    fc.assert(
      fc.property(textOf(7), textOf(10), (pattern, text) => {
        expect(compileLike(pattern)(text)).toBe(byRegExp(pattern).test(text.toLowerCase()));
      }),
      { numRuns: 2000 },
    );
  });

  it('when a pattern is made to take long › is compared at once', () => {
    const text = 'a'.repeat(5000);

    expect(compileLike(`${'%a'.repeat(500)}b`)(text)).toBe(false);
    expect(compileLike(`${'%_a'.repeat(500)}b`)(text)).toBe(false);
  });
});
