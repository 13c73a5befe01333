import { isArrayLike, type PhpArray } from '../wire/php-params.ts';
import type { ValueTest } from './comparable.ts';
import { compileLike } from './like-pattern.ts';
import type { ListCondition } from './list-conditions.ts';
import { toPhpText } from './php-cast.ts';

/** Multifields that can be filtered by; a condition on `LINK` is no condition. */
const FILTERABLE = ['PHONE', 'EMAIL', 'WEB', 'IM'];

/** White space that PHP's `trim` removes. */
const AROUND = /^[ \t\n\r\0\v]+|[ \t\n\r\0\v]+$/g;

/**
 * Compiles a condition such as `PHONE`: some stored value begins with the given one, compared as it was typed
 * (company-data 3.2). `%` signs are removed, `_` is any character.
 *
 * @returns  undefined if this is no condition: with an operator, or without a value. Of an array only element 0 counts
 */
export function compileMultifieldCondition({ field, written, value }: ListCondition): ValueTest | undefined {
  if (written !== '' || !FILTERABLE.includes(field)) return undefined;
  const first = isArrayLike(value) ? (value as PhpArray)['0'] : value;
  const text = toPhpText(first ?? '').replace(AROUND, '');
  if (text === '') return undefined;
  const beginsWithIt = compileLike(`${text.replaceAll('%', '')}%`);
  return (stored) =>
    Array.isArray(stored) && stored.some((each) => typeof each === 'string' && beginsWithIt(each));
}
