import type { Answer } from '../portal-client/answer-cache.ts';

/** Asking less often is what helps. */
const LIMITED = ['portal_limited', 'too_many_requests'];

/** What a page says of an answer that is not new; nothing of one that is. */
export function describeAge({ askedAt, state }: Answer<unknown>, now: number) {
  if (state === 'fresh') return undefined;
  const isLimited = state !== 'renewing' && LIMITED.includes(state.code);
  const why = state === 'renewing' ? state : isLimited ? 'limited' : 'away';
  return { why, iso: new Date(askedAt).toISOString(), now };
}
