import { LRUCache } from 'lru-cache';

/** Characters of all texts together. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** What nobody needs any more shall not stay in memory. */
const KNOWN_MS = 5 * 60_000;

/**
 * Reads equal texts once. Whoever goes from page to page has the same records read for each, and checking their shape takes
 * as long as a trip to the store.
 *
 * @param read  what it makes of a text is shared, so nobody may change it
 */
export function readOnce<T extends object>(read: (text: string) => T): (text: string) => T {
  const known = new LRUCache<string, T>({ maxSize: MAX_CHARACTERS, ttl: KNOWN_MS });
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(text);
    known.set(text, value, { size: text.length + 1 });
    return value;
  };
}
