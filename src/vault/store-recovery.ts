import type { Logger } from '../log.ts';
import type { PortalUserId } from '../portal-user.ts';
import { StoreUnavailableError } from '../store/store.ts';
import type { Clock } from './clock.ts';
import type { KnownTokens } from './known-tokens.ts';
import { newAttemptId } from './refresh-attempt.ts';
import type { StoredTokens } from './stored-tokens.ts';
import type { TokenVault } from './token-vault.ts';

/**
 * After its return a store may show the past. In this time the processes that know better write first: those that hold
 * new pairs, and those that remember newer generations. No process uses up a token before it has passed.
 */
const STORE_RETURN_MS = 2_000;
/** Records that are looked at together after the return of the store. */
const HEAL_AT_ONCE = 50;

/** What the refresh procedure has to know of a store that was away, or went back in time (refresh.md section 5, L31). */
export interface StoreRecovery {
  /** Passes on what `work` brings, and notices when the store is away. */
  watch<T>(work: Promise<T>): Promise<T>;
  /**
   * The stored tokens; if the store shows an older generation than this process knows, the record is healed first.
   *
   * @returns undefined when there is no record. Such a record is not healed: it may have been removed on purpose
   */
  load(owner: PortalUserId): Promise<StoredTokens | undefined>;
  /** Keeps tokens in mind that are known to be true, to heal the record with them later. */
  remember(owner: PortalUserId, tokens: StoredTokens): void;
  /**
   * If the store was away: proves by a write that it is back. A read proves nothing, since a full store can be read.
   *
   * @throws {StoreUnavailableError} it is still away
   */
  assertBack(): Promise<void>;
  /** Whether the store came back a moment ago, so that no process may use up a token yet. */
  isQuietTime(): boolean;
}

export interface StoreRecoveryOptions {
  vault: TokenVault;
  known: KnownTokens;
  logger: Logger;
  clock: Pick<Clock, 'monotonic'>;
  /** Tells when the connection to the store was lost and is there again. */
  onStoreReturn: (listener: () => void) => void;
}

export function createStoreRecovery(options: StoreRecoveryOptions): StoreRecovery {
  const { vault, known, clock } = options;
  let isAway = false;
  let quietUntil = 0;
  let healing: Promise<void> | undefined;

  function startQuietTime(): void {
    isAway = false;
    quietUntil = clock.monotonic() + STORE_RETURN_MS;
    // A second return while this runs starts no second pass; if the store goes away again, its next return does.
    healing ??= healAll({ ...options, watch })
      .catch(() => {})
      .finally(() => {
        healing = undefined;
      });
  }
  options.onStoreReturn(startQuietTime);

  async function watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof StoreUnavailableError) isAway = true;
      throw error;
    }
  }

  return {
    watch,
    load: (owner) => loadHealed({ ...options, watch }, owner),
    remember: (owner, tokens) => known.remember(owner, tokens),
    async assertBack() {
      if (!isAway) return;
      await vault.proveWritable();
      if (isAway) startQuietTime();
    },
    isQuietTime: () => healing !== undefined || clock.monotonic() < quietUntil,
  };
}

type Healing = Pick<StoreRecoveryOptions, 'vault' | 'known' | 'logger'> & Pick<StoreRecovery, 'watch'>;

async function loadHealed(healing: Healing, owner: PortalUserId): Promise<StoredTokens | undefined> {
  const { vault, known, watch } = healing;
  const stored = await watch(vault.load(owner));
  if (stored === undefined) {
    known.forget(owner);
    return undefined;
  }
  const newer = known.newerThan(owner, stored);
  if (newer === undefined) return stored;
  if (await heal(healing, owner, stored, newer)) return newer;
  // Not healed: the record has moved on since it was read.
  return (await watch(vault.load(owner))) ?? newer;
}

/**
 * Writes what this process knows over a record that went back in time.
 *
 * @returns false when the record has moved on meanwhile
 */
async function heal(
  { vault, logger, watch }: Healing,
  owner: PortalUserId,
  stored: Pick<StoredTokens, 'generation'>,
  newer: StoredTokens,
): Promise<boolean> {
  const before = { ...newer, generation: newer.generation - 1 };
  const isHealed = await watch(vault.commit(owner, before, `healed ${newAttemptId()}`, newer));
  const fields = { owner, stored: stored.generation, generation: newer.generation };
  if (isHealed) logger.warn(fields, 'the store went back in time; its record was healed from memory');
  return isHealed;
}

/** Compares all that this process knows with the store, the most recently used first, and heals what is older there. */
async function healAll(healing: Healing): Promise<void> {
  const { vault, known } = healing;
  const all = known.all();
  for (let from = 0; from < all.length; from += HEAL_AT_ONCE) {
    await Promise.all(
      all.slice(from, from + HEAL_AT_ONCE).map(async ({ owner }) => {
        const stored = await vault.position(owner);
        const newer = stored && known.newerThan(owner, stored);
        if (newer) await heal(healing, owner, stored, newer);
      }),
    );
  }
}
