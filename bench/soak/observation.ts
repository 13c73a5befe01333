/** What a simulated user did, and the result. */
export interface Observation {
  what: 'page' | 'sign-in' | 'export';
  userId: number;
  /** Start and end, in milliseconds since 1970. */
  from: number;
  to: number;
  /** `error.code` of the error page, or one of `CUT` and `AT_THE_PORTAL`; undefined on success. */
  code: string | undefined;
  /** Number of redirects through /login although the user was signed in. */
  reauthorizations: number;
}

/** The connection closed without an answer. */
export const CUT = 'cut';
/** The error came from the portal itself, or the portal did not answer. */
export const AT_THE_PORTAL = 'at_the_portal';
