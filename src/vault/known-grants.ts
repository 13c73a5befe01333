import type { PortalUserId } from '../portal-user.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { tokenKey } from './token-record.ts';

/** As many as one process serves within an hour or two; a grant is less than a kilobyte. */
const MAX_GRANTS = 10_000;

/** A grant that this process knows to be true. */
export interface KnownGrant {
  owner: PortalUserId;
  grant: StoredTokens;
}

/**
 * The newest grants this process knows to be true, for a store that goes back in time: restored from an older dump, or
 * failed over to a replica that had not heard of the last writes (measured, L31).
 */
export class KnownGrants {
  readonly #grants = new Map<string, KnownGrant>();
  readonly #max: number;

  constructor(max = MAX_GRANTS) {
    this.#max = max;
  }

  /** Within a chain only ever the newer one is kept; another chain is a newer sign-in. */
  remember(owner: PortalUserId, grant: StoredTokens): void {
    const key = tokenKey(owner);
    const known = this.#grants.get(key)?.grant;
    if (known?.chain === grant.chain && known.generation > grant.generation) return;
    // Written anew, so that it is the last to be dropped.
    this.#grants.delete(key);
    this.#grants.set(key, { owner, grant });
    const [oldest] = this.#grants.keys();
    if (this.#grants.size > this.#max && oldest !== undefined) this.#grants.delete(oldest);
  }

  /** What we know to be newer than `stored`, in the same chain. */
  newerThan(
    owner: PortalUserId,
    stored: Pick<StoredTokens, 'chain' | 'generation'>,
  ): StoredTokens | undefined {
    const known = this.#grants.get(tokenKey(owner))?.grant;
    return known?.chain === stored.chain && known.generation > stored.generation ? known : undefined;
  }

  /** A missing record is not healed: it may have been removed on purpose. */
  forget(owner: PortalUserId): void {
    this.#grants.delete(tokenKey(owner));
  }

  /** The most recently used first: those are the likeliest to have changed a moment ago. */
  all(): KnownGrant[] {
    return [...this.#grants.values()].reverse();
  }
}
