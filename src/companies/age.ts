import type { Answer } from '../portal-client/answer-cache.ts';

/** What a page says of an answer that is not new; nothing of one that is. */
export function describeAge({ askedAt, state }: Answer<unknown>, now: number) {
  if (state === 'fresh') return undefined;
  const why = state === 'renewing' ? state : state.isLimit ? 'limited' : 'away';
  return { why, iso: new Date(askedAt).toISOString(), now };
}
