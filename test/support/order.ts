import { setTimeout as after } from 'node:timers/promises';

/**
 * Names the contender that ends first; a number is a timer of so many milliseconds that is set now.
 *
 * For deadlines that only Node or another library can move. Such a timer and the deadline belong to the same event loop:
 * what holds this process up holds up both, so that their order stays the same on a slow machine, where a measured
 * duration would not.
 *
 * @throws what the first one to end was rejected with
 */
export async function firstOf(contenders: Record<string, Promise<unknown> | number>): Promise<string> {
  const over = new AbortController();
  const named = Object.entries(contenders).map(async ([name, contender]) => {
    await (typeof contender === 'number' ? after(contender, undefined, over) : contender);
    return name;
  });
  for (const each of named) each.catch(() => {});
  try {
    return await Promise.race(named);
  } finally {
    over.abort();
  }
}
