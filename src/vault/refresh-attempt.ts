import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import type { Clock } from './clock.ts';
import type { StoredTokens } from './stored-tokens.ts';
import type { TokenVault } from './token-vault.ts';

/** One attempt of one process to use up one refresh token. */
export interface RefreshAttempt {
  owner: PortalUserId;
  /** The stored tokens whose refresh token is used up. */
  stale: StoredTokens;
  /** Marks the claim in the record as the one of this attempt, and makes the commit repeatable. */
  id: string;
}

export function newAttempt(owner: PortalUserId, stale: StoredTokens): RefreshAttempt {
  return { owner, stale, id: newAttemptId() };
}

export function newAttemptId(): string {
  return randomId(9);
}

/**
 * Prolongs the claim of an attempt, three times in each `exclusiveMs`, until the returned function is called. So a slow
 * authorization server keeps its one caller, and the claim of a dead process ends by itself.
 */
export function keepClaimed(
  { vault, clock, exclusiveMs }: { vault: TokenVault; clock: Clock; exclusiveMs: number },
  { owner, id }: RefreshAttempt,
): () => void {
  const stopping = new AbortController();
  async function prolong(): Promise<void> {
    for (;;) {
      await clock.sleep(exclusiveMs * 0.3, stopping.signal);
      // Not awaited, so that a slow store does not make the pauses longer. A failed write is repeated with the next one.
      vault.prolongClaim(owner, id, exclusiveMs).catch(() => {});
    }
  }
  // The abort ends the sleep, and with it the loop, by a rejection.
  prolong().catch(() => {});
  return () => stopping.abort();
}
