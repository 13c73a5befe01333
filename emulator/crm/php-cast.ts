import { isArrayLike, type PhpValue } from '../wire/php-params.ts';

/** `(int)` of PHP: leading digits of a text; a filled array is 1, an empty one 0 (company-data 0.2). */
export function toPhpInt(value: PhpValue): number {
  return Math.trunc(toPhpFloat(value));
}

/** `(float)` of PHP: the leading number of a text, 0 if there is none. */
export function toPhpFloat(value: PhpValue): number {
  if (isArrayLike(value)) return Object.keys(value).length > 0 ? 1 : 0;
  if (typeof value === 'string') return Number.parseFloat(value) || 0;
  return Number(value) || 0;
}

/** `(string)` of PHP. */
export function toPhpText(value: PhpValue): string {
  if (isArrayLike(value)) return 'Array';
  if (value === null || value === false) return '';
  return value === true ? '1' : String(value);
}
