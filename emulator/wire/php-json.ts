/** JSON as PHP prints it by default: every slash escaped, `https:\/\/…` (section 2.3). */
export function toPhpJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('/', '\\/');
}

/**
 * A PHP array as JSON shows it: `[]` when empty, a list when the keys count up from 0, else an object.
 *
 * That is why empty maps of a batch answer are `[]` (section 6.2).
 */
export function toPhpArray<Value>(entries: Iterable<[string, Value]>): Value[] | Record<string, Value> {
  const list = [...entries];
  return list.every(([key], index) => key === String(index))
    ? list.map(([, value]) => value)
    : Object.fromEntries(list);
}
