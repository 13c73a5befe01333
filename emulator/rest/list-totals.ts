import { PAGE_SIZE } from '../crm/table.ts';
import type { Portal } from '../portal/portal.ts';
import type { RestCall } from './method.ts';

interface Counts {
  total?: number;
  next?: number;
}

/** Counts that `late` repeats, by user and filter. */
const COUNTED = new WeakMap<Portal, Map<string, number>>();

/** Changes the counts of a page as the switch `listTotals` says. Without counting nothing changes. */
export function withListTotals(call: RestCall, method: string, start: number, counts: Counts): Counts {
  const { listTotals } = call.context.switches;
  const { total, ...others } = counts;
  if (total === undefined || listTotals === 'exact') return counts;
  if (listTotals === 'absent') return others;
  if (listTotals !== 'late') return { total: Math.min(total, listTotals.atMost), ...others };
  const counted = countedBefore(call, method, total);
  const next = start + PAGE_SIZE;
  return { total: counted, ...(next < counted && { next }) };
}

function countedBefore({ portal, user, param }: RestCall, method: string, total: number): number {
  const counts = COUNTED.get(portal) ?? new Map<string, number>();
  COUNTED.set(portal, counts);
  const key = JSON.stringify([method, user.id, param('filter') ?? null]);
  const known = counts.get(key) ?? total;
  counts.set(key, known);
  return known;
}
