import type { PortalUserId } from '../portal-user.ts';
import type { Clock } from './clock.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { tokenKey } from './token-record.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Pairs that the authorization server has issued and the store has not taken yet. The only copy is here, so this process
 * serves from it and goes on trying to store it.
 */
export class UnsavedTokens {
  readonly #held = new Map<string, StoredTokens>();
  readonly #saving = new Set<Promise<void>>();
  readonly #clock: Pick<Clock, 'sleep'>;

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  of(owner: PortalUserId): StoredTokens | undefined {
    return this.#held.get(tokenKey(owner));
  }

  /**
   * @param save  stores the pair, and calls `drop` when the store has decided about it
   * @returns     resolves when that has happened
   */
  hold(owner: PortalUserId, tokens: StoredTokens, save: () => Promise<unknown>): Promise<void> {
    this.#held.set(tokenKey(owner), tokens);
    const saving = this.#saveUntilDropped(owner, save).finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
    return saving;
  }

  /** The store has taken the pair, or a newer sign-in has made it worthless. */
  drop(owner: PortalUserId): void {
    this.#held.delete(tokenKey(owner));
  }

  /** Resolves when nothing is held any more. */
  async saved(): Promise<void> {
    await Promise.allSettled(this.#saving);
  }

  async #saveUntilDropped(owner: PortalUserId, save: () => Promise<unknown>): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; this.of(owner); pauseMs = Math.min(pauseMs + 100, LONGEST_PAUSE_MS)) {
      await this.#clock.sleep(pauseMs);
      await save().catch(() => {});
    }
  }
}
