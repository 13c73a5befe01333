/** JSON in the default format of PHP: every slash escaped, `https:\/\/…` (section 2.3). */
export function toPhpJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('/', '\\/');
}

/**
 * JSON form of a PHP array: `[]` when empty, a list when the keys count up from 0, else an object.
 *
 * This is why empty maps of a batch answer are `[]` (section 6.2).
 */
export function toPhpArray<Value>(entries: Iterable<[string, Value]>): Value[] | Record<string, Value> {
  const list = [...entries];
  return list.every(([key], index) => key === String(index))
    ? list.map(([, value]) => value)
    : Object.fromEntries(list);
}
