/** What somebody did, and what came of it. */
export interface Sighting {
  what: 'page' | 'sign-in' | 'export';
  userId: number;
  /** When it began and ended, in milliseconds since the epoch. */
  from: number;
  to: number;
  /** `error.code` of what they were shown, or one of `NOT_OURS` and `cut`; nothing when all was well. */
  code: string | undefined;
  /** Times they were led through /login although they were signed in. */
  trips: number;
}

/** The connection ended without an answer. */
export const CUT = 'cut';
/** What a portal answers to the browser itself, or does not. */
export const AT_THE_PORTAL = 'at_the_portal';
