import type { TokenRecord } from './token-record.ts';

/**
 * Whether a token record of a backup may take the place of the one that is there. Of one chain the later generation is the one
 * whose refresh token still works; of two chains the later sign-in.
 */
export function isNewerRecord(copied: TokenRecord, there: TokenRecord): boolean {
  return copied.chain === there.chain ? copied.gen > there.gen : copied.since > there.since;
}
