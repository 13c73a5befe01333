import type { Answer } from '../portal-client/answer-cache.ts';

/** What a page says about a kept answer: its age, and why there is no newer one. Undefined for a fresh answer. */
export function describeAge({ askedAt, state }: Answer<unknown>, now: number) {
  if (state === 'fresh') return undefined;
  const why = state === 'renewing' ? state : state.isLimit ? 'limited' : 'away';
  return { why, iso: new Date(askedAt).toISOString(), now };
}
