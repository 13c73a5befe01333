import { KEY_PREFIX } from '../store/store.ts';

/**
 * The kinds of records that no backup holds; a kind that is not named here is kept, so a new kind cannot be missed.
 *
 * Sign-ins: a copy does not know who signed out since, so a sign-in in it would bring a lost phone back. Exports: their files
 * are not in the store. All others are gone within minutes, or a day, or can be read from the portal again.
 */
const LEFT_OUT = new Set([
  'session',
  'browsers',
  'pending',
  'automatic',
  'export',
  'exports',
  'overview',
  'epoch',
  'limits',
  'visitors',
  'ping',
  'clock',
  'quarantine',
]);

/** The first part of a key: `tokens`, `preferences` … */
export function kindOf(key: string): string {
  return key.slice(KEY_PREFIX.length).split(':', 1)[0] ?? '';
}

/** Whether a backup holds the record under this key. */
export function isKept(key: string): boolean {
  return key.startsWith(KEY_PREFIX) && /^[\w-]{1,40}$/.test(kindOf(key)) && !LEFT_OUT.has(kindOf(key));
}

/** How many there are of each kind. */
export type Counts = Record<string, number>;

export function countOne(counts: Counts, kind: string, more = 1): void {
  counts[kind] = (counts[kind] ?? 0) + more;
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** `12 records (preferences: 2, tokens: 10)` */
export function describeCounts(counts: Counts): string {
  const kinds = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([kind, count]) => `${kind}: ${count}`);
  return `${total(counts)} records${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`;
}
