import { LRUCache } from 'lru-cache';
import type { PortalUserId } from '../portal-user.ts';
import type { StoredTokens, TokenPosition } from './stored-tokens.ts';
import { tokenKey } from './token-record.ts';

/** As many portal users as one process serves within an hour or two; the tokens of one are less than a kilobyte. */
const MAX_KNOWN = 10_000;

/** Tokens that this process knows to be true. */
export interface KnownPair {
  owner: PortalUserId;
  tokens: StoredTokens;
}

/**
 * The newest tokens that this process knows to be true, for a store that goes back in time: restored from an older dump, or
 * failed over to a replica that had not received the last writes (measured, L31).
 */
export class KnownTokens {
  readonly #known: LRUCache<string, KnownPair>;

  constructor(max = MAX_KNOWN) {
    this.#known = new LRUCache({ max });
  }

  /** Within a chain the newer generation stays; another chain is a newer sign-in and replaces what was known. */
  remember(owner: PortalUserId, tokens: StoredTokens): void {
    if (this.newerThan(owner, tokens) === undefined) this.#known.set(tokenKey(owner), { owner, tokens });
  }

  /** The known tokens, if they are of the same chain as `stored` and of a later generation. */
  newerThan(owner: PortalUserId, stored: TokenPosition): StoredTokens | undefined {
    const known = this.#known.peek(tokenKey(owner))?.tokens;
    return known?.chain === stored.chain && known.generation > stored.generation ? known : undefined;
  }

  forget(owner: PortalUserId): void {
    this.#known.delete(tokenKey(owner));
  }

  /** The most recently used first: those are the likeliest to have changed shortly before the store went away. */
  all(): KnownPair[] {
    return [...this.#known.values()];
  }
}
