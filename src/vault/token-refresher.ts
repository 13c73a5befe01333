import { parseTokenSet, type TokenSet } from '../bitrix24/token-set.ts';
import { AppError } from '../errors.ts';
import { TransportError } from '../http-client/transport-errors.ts';
import type { Logger } from '../log.ts';
import { TOKEN_ENDPOINT_WAIT_MS, type TokenEndpoint, TokenEndpointError } from '../oauth/token-endpoint.ts';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { KnownGrants } from './known-grants.ts';
import {
  concernsEverybody,
  nameRefreshFailure,
  type RefreshFailure,
  readRefreshFailure,
} from './refresh-failure.ts';
import { tokenKey } from './token-record.ts';
import type { Grant, TokenVault } from './token-vault.ts';

/** How long a dead process can keep others from refreshing; a living one renews its claim. */
const EXCLUSIVE_MS = 10_000;
/** Further tries when the request provably did not leave us. */
const MORE_TRIES = 2;
/** How long a token rests after an attempt that got no answer; longer after the second. */
const PAUSES_MS = [2_000, 10_000];
/** A server that refuses all of us alike is asked again after this. */
const PROBE_EVERY_MS = 1_000;
/**
 * When the store is back after an outage, it may show the past. Whoever knows better writes first: those who hold new
 * pairs, and those who remember newer generations. Nobody uses up a token before this has passed.
 */
const STORE_RETURN_MS = 2_000;
/** Records that are looked at together when the store is back. */
const HEAL_AT_ONCE = 50;

/** Bitrix24 has ended the grant, or we hold none: the person has to authorize again. */
export class GrantEndedError extends AppError {
  constructor(reason: string) {
    super(`the grant is over: ${reason}`, { code: 'sign_in_required', status: 401, reason });
  }
}

/** A refresh is under way and takes longer than anybody should wait; it goes on without the caller. */
export class RefreshPendingError extends AppError {
  constructor(options: { retryAfterMs?: number; reason?: string } = {}) {
    super(`renewing the access token takes long${options.reason ? `: ${options.reason}` : ''}`, {
      code: 'reconnecting',
      status: 503,
      retryAfterSeconds: Math.ceil((options.retryAfterMs ?? 2_000) / 1000),
      ...(options.reason ? { reason: options.reason } : {}),
    });
  }
}

/** The process is about to end: a refresh that began now could lose the tokens it brings. */
export class StoppingError extends AppError {
  constructor() {
    super('the process is stopping', { code: 'store_unavailable', status: 503, retryAfterSeconds: 2 });
  }
}

export interface TokenRefresher {
  /**
   * A grant whose access token should work: as stored, or refreshed when our estimate of its expiry has passed.
   *
   * @throws {GrantEndedError}      the person has to authorize again
   * @throws {RefreshPendingError}  somebody's refresh outlasts 8 s
   * @throws {TransportError} @throws {TokenEndpointError}  the authorization server; the grant is kept
   */
  current(owner: PortalUserId): Promise<Grant>;
  /**
   * The grant after `failed`, whose access token the portal refused. Somebody may have refreshed it already: then this
   * is theirs. Throws as `current`.
   */
  renewed(owner: PortalUserId, failed: Grant): Promise<Grant>;
  /** Remembers where a portal has moved to. */
  moved(owner: PortalUserId, grant: Grant, clientEndpoint: string): Promise<void>;
  /** False while tokens are held that could not be stored yet. */
  isSaved(): boolean;
  /** Begins no refresh any more, and resolves when those in flight are done and stored. */
  drain(): Promise<void>;
}

/** Whom to tell how refreshes go. */
export interface RefreshObserver {
  /** An attempt at the authorization server has ended. */
  attempted(outcome: 'renewed' | RefreshFailure): void;
  /** A caller has waited for a new token, whether one came or not. */
  waited(ms: number): void;
  /** Another process had refreshed meanwhile, and what it got was taken. */
  adopted(): void;
  /**
   * A grant is over, and it was not the person who ended it here.
   *
   * @param why  one of few: `invalid_grant`, `expired_token`, `invalid_token`, `not_installed`, `foreign_tokens`,
   *             `unusable_answer`
   */
  lost(why: string): void;
  /** Somebody who is signed in has no grant with us: forgotten on purpose elsewhere, unreadable, or thrown away. */
  missing(): void;
}

export interface TokenRefresherOptions {
  vault: TokenVault;
  tokenEndpoint: TokenEndpoint;
  /** Our own list; the first serves grants whose server is no longer on it. */
  authorizationServers: [URL, ...URL[]];
  logger: Logger;
  now: () => number;
  exclusiveMs?: number | undefined;
  /** The REST root to use for a `client_endpoint` that a refresh names, if it is one that may be called. */
  findEndpoint: (clientEndpoint: string) => string | undefined;
  /** Tells when the connection to the store was lost and is there again. */
  onStoreReturn: (listener: () => void) => void;
  observer?: RefreshObserver | undefined;
}

/** How one attempt at the authorization server ended. */
type Outcome =
  | { kind: 'pair'; tokens: TokenSet }
  | { kind: 'refused'; why: string }
  | { kind: 'kept'; error: unknown }
  | { kind: 'unknown'; error: unknown };

/**
 * Replaces expired access tokens, on demand and one refresh at a time per portal user.
 *
 * Bitrix24 rotates: a refresh token works once, and the decision of the authorization server cannot be taken back. So
 * the attempt is written down before the call, the call belongs to the process and not to a request, it is listened to
 * to its end, and what it brings is stored before anything else is done.
 */
export function createTokenRefresher(options: TokenRefresherOptions): TokenRefresher {
  const { vault, tokenEndpoint, authorizationServers, logger, now, observer } = options;
  const { exclusiveMs = EXCLUSIVE_MS } = options;
  const underWay = new Map<string, Promise<Grant>>();
  /** Pairs that the authorization server has decided for and the store has not heard of. */
  const unsaved = new Map<string, Grant>();
  const saving = new Set<Promise<unknown>>();
  const known = new KnownGrants();
  const refusals = new Map<string, { error: unknown; until: number }>();
  let isStoreAway = false;
  let healing: Promise<void> | undefined;
  let quietUntil = 0;
  let isStopping = false;
  options.onStoreReturn(welcomeStore);

  async function current(owner: PortalUserId): Promise<Grant> {
    const grant = await loadGrant(owner);
    return grant.expiresAt.getTime() > now() ? grant : joinRefresh(owner, grant);
  }

  async function renewed(owner: PortalUserId, failed: Grant): Promise<Grant> {
    const grant = await loadGrant(owner);
    return isNewer(grant, failed) ? grant : joinRefresh(owner, grant);
  }

  async function loadGrant(owner: PortalUserId): Promise<Grant> {
    const key = tokenKey(owner);
    const held = unsaved.get(key);
    if (held) return held;
    const stored = await noticing(vault.load(owner));
    if (stored === undefined) {
      known.forget(owner);
      observer?.missing();
      throw new GrantEndedError('no_grant');
    }
    const newer = known.newerThan(owner, stored);
    const isHealed = newer !== undefined && (await heal(owner, stored, newer));
    // Not healed although we knew better: the record has moved on since we read it.
    const grant = newer && !isHealed ? ((await noticing(vault.load(owner))) ?? newer) : (newer ?? stored);
    if (grant.state !== 'ok') throw new GrantEndedError('refused_before');
    known.remember(owner, grant);
    return grant;
  }

  /** The store shows a past that we know better: it went back in time. */
  async function heal(
    owner: PortalUserId,
    stored: Pick<Grant, 'generation'>,
    newer: Grant,
  ): Promise<boolean> {
    const before = { ...newer, generation: newer.generation - 1 };
    const isHealed = await noticing(vault.commit(owner, before, `healed ${newId()}`, newer));
    const fields = { owner, stored: stored.generation, generation: newer.generation };
    if (isHealed) logger.warn(fields, 'the store went back in time; its record was healed from memory');
    return isHealed;
  }

  /** Looks through all we know, the most recent first. */
  async function healAll(): Promise<void> {
    const all = known.all();
    for (let from = 0; from < all.length; from += HEAL_AT_ONCE) {
      await Promise.all(
        all.slice(from, from + HEAL_AT_ONCE).map(async ({ owner }) => {
          const stored = await vault.position(owner);
          const newer = stored && known.newerThan(owner, stored);
          if (newer) await heal(owner, stored, newer);
        }),
      );
    }
  }

  /** @throws {StoreUnavailableError} it is still away */
  async function findStoreBack(): Promise<void> {
    await vault.proveWritable();
    if (isStoreAway) welcomeStore();
  }

  function welcomeStore(): void {
    isStoreAway = false;
    quietUntil = performance.now() + STORE_RETURN_MS;
    // If it leaves again meanwhile, its next return is the time for another look.
    healing ??= healAll()
      .catch(() => {})
      .finally(() => {
        healing = undefined;
      });
  }

  async function joinRefresh(owner: PortalUserId, grant: Grant): Promise<Grant> {
    const key = tokenKey(owner);
    let refreshing = underWay.get(key);
    if (refreshing === undefined) {
      if (isStopping) throw new StoppingError();
      refreshing = refresh(owner, grant).finally(() => underWay.delete(key));
      // A caller that has left must not turn a failed refresh into an unhandled rejection.
      refreshing.catch(() => {});
      underWay.set(key, refreshing);
    }
    const waitedFrom = performance.now();
    try {
      return await within(TOKEN_ENDPOINT_WAIT_MS, refreshing);
    } finally {
      observer?.waited(performance.now() - waitedFrom);
    }
  }

  async function refresh(owner: PortalUserId, stale: Grant): Promise<Grant> {
    const deadline = Date.now() + TOKEN_ENDPOINT_WAIT_MS;
    for (;;) {
      const attempt = { owner, stale, id: newId() };
      const claimed = await claimOrAdopt(attempt, deadline);
      if ('accessToken' in claimed) return adopt(claimed);
      const stopProlonging = keepClaimed(attempt);
      try {
        const outcome = await exchange(attempt);
        observer?.attempted(outcome.kind === 'pair' ? 'renewed' : outcome.kind);
        if (outcome.kind === 'pair') return await keep(attempt, outcome.tokens);
        if (outcome.kind === 'refused') {
          const moved = await giveUp(attempt, outcome.why, claimed.stragglerMs > 0);
          if (moved) return adopt(moved);
          continue;
        }
        await noteFailure(attempt, outcome, claimed.tries);
        if (outcome.kind === 'kept') throw outcome.error;
      } finally {
        stopProlonging();
      }
    }
  }

  function adopt(grant: Grant): Grant {
    observer?.adopted();
    return grant;
  }

  /** Waits for a refresh of another process and takes its result, or becomes the one who refreshes. */
  async function claimOrAdopt(
    { owner, stale, id }: Attempt,
    deadline: number,
  ): Promise<{ stragglerMs: number; tries: number } | Grant> {
    refuseWhileRefused(serverOf(stale));
    for (let pauseMs = 20; Date.now() < deadline; pauseMs = Math.min(pauseMs * 1.5, 200)) {
      if (isStopping) throw new StoppingError();
      if (isStoreAway) await findStoreBack();
      if (healing !== undefined || performance.now() < quietUntil) {
        await pause(pauseMs);
        const grant = await loadGrant(owner);
        if (isNewer(grant, stale)) return grant;
        continue;
      }
      const claim = await noticing(vault.claim(owner, stale, id, exclusiveMs));
      if (claim.outcome === 'claimed') return claim;
      if (claim.outcome === 'missing') throw new GrantEndedError('no_grant');
      if (claim.outcome === 'ended') throw new GrantEndedError('refused_before');
      if (claim.outcome === 'moved') return loadGrant(owner);
      if (claim.outcome === 'exhausted') {
        throw new RefreshPendingError({ retryAfterMs: claim.leftMs, reason: 'exhausted' });
      }
      await pause(pauseMs * (0.5 + Math.random()));
    }
    throw new RefreshPendingError();
  }

  /** Keeps the claim alive until it is told to stop. */
  function keepClaimed({ owner, id }: Attempt): () => void {
    const timer = setInterval(() => {
      vault.prolongClaim(owner, id, exclusiveMs).catch(() => {});
    }, exclusiveMs * 0.3);
    return () => clearInterval(timer);
  }

  async function exchange({ owner, stale }: Attempt): Promise<Outcome> {
    const requestedAt = new Date(now());
    let body: unknown;
    try {
      body = await send(stale);
      refusals.delete(serverOf(stale).origin);
    } catch (error) {
      const kind = readRefreshFailure(error);
      return kind === 'refused' ? { kind, why: nameRefreshFailure(error) } : { kind, error };
    }
    try {
      const tokens = parseTokenSet(body, requestedAt);
      return isOf(owner, tokens) ? { kind: 'pair', tokens } : { kind: 'refused', why: 'foreign_tokens' };
    } catch {
      // The old pair is dead all the same, and there is nothing usable in its place.
      return { kind: 'refused', why: 'unusable_answer' };
    }
  }

  async function send(stale: Grant): Promise<unknown> {
    for (let triesLeft = MORE_TRIES; ; triesLeft -= 1) {
      try {
        return await tokenEndpoint.refresh(serverOf(stale), stale.refreshToken);
      } catch (error) {
        const mayTryAgain = error instanceof TransportError && error.neverSent && triesLeft > 0;
        if (!mayTryAgain) throw error;
        await pause(200 * (1 + Math.random()));
      }
    }
  }

  function serverOf(stale: Grant): URL {
    return (
      authorizationServers.find(({ origin }) => origin === stale.authorizationServer) ??
      authorizationServers[0]
    );
  }

  /** Everybody gets the same refusal, but for one a second, who finds out whether it still holds. */
  function refuseWhileRefused({ origin }: URL): void {
    const refusal = refusals.get(origin);
    if (refusal === undefined) return;
    if (refusal.until > Date.now()) throw refusal.error;
    refusal.until = Date.now() + PROBE_EVERY_MS;
  }

  /** Says in the record what became of the attempt; the grant is kept. */
  async function noteFailure(
    { owner, stale, id }: Attempt,
    { kind, error }: { kind: 'kept' | 'unknown'; error: unknown },
    tries: number,
  ): Promise<void> {
    const code = nameRefreshFailure(error);
    if (concernsEverybody(error)) {
      refusals.set(serverOf(stale).origin, { error, until: Date.now() + PROBE_EVERY_MS });
    }
    const isOurMistake = error instanceof TokenEndpointError && error.isMisconfiguration;
    const fields = { owner, generation: stale.generation, tries, outcome: kind, err: error };
    if (isOurMistake) logger.error(fields, 'refresh refused: the client id or secret is wrong');
    else logger.warn(fields, 'refresh failed; the grant is kept');
    const pauseMs = PAUSES_MS[tries - 1] ?? exclusiveMs;
    const noted =
      kind === 'kept' ? vault.release(owner, id, code) : vault.endUnanswered(owner, id, code, pauseMs);
    // A store that is away now ends the claim by itself.
    await noticing(noted).catch(() => {});
  }

  /**
   * Ends the grant, unless somebody has moved it on meanwhile. Tokens are never deleted on an error.
   *
   * @returns nothing when another attempt is alive, which may be the one that got the new pair
   */
  async function giveUp(
    { owner, stale, id }: Attempt,
    why: string,
    isStragglerPossible: boolean,
  ): Promise<Grant | undefined> {
    const state = isStragglerPossible ? 'suspect' : 'reauth';
    const wasSettled = await noticing(vault.settle(owner, stale, id, state, why));
    logger.warn({ owner, generation: stale.generation, why, grantState: state, wasSettled }, 'grant ended');
    if (wasSettled) {
      observer?.lost(why);
      throw new GrantEndedError(why);
    }
    const grant = await loadGrant(owner);
    return isNewer(grant, stale) ? grant : undefined;
  }

  /** Stores the new pair before anything else is done with it; if the store will not have it, goes on trying. */
  async function keep(attempt: Attempt, tokens: TokenSet): Promise<Grant> {
    const { owner, stale } = attempt;
    const clientEndpoint = options.findEndpoint(tokens.clientEndpoint);
    if (clientEndpoint === undefined) {
      logger.warn({ owner }, 'the portal names an address that may not be called; the one before stays');
    }
    const grant: Grant = {
      ...stale,
      accessToken: tokens.accessToken,
      refreshToken: tokens.refreshToken,
      expiresAt: tokens.expiresAt,
      clientEndpoint: clientEndpoint ?? stale.clientEndpoint,
      generation: stale.generation + 1,
    };
    try {
      return await commit(attempt, grant);
    } catch (error) {
      if (error instanceof GrantEndedError) throw error;
      unsaved.set(tokenKey(owner), grant);
      logger.error({ owner, err: error }, 'the new tokens could not be stored yet; they are held in memory');
      const later = saveLater(attempt, grant).finally(() => saving.delete(later));
      saving.add(later);
      return grant;
    }
  }

  /** @throws {StoreUnavailableError} */
  async function commit({ owner, stale, id }: Attempt, grant: Grant): Promise<Grant> {
    const key = tokenKey(owner);
    const isStored = await noticing(vault.commit(owner, stale, id, grant));
    unsaved.delete(key);
    logger.info({ owner, generation: grant.generation, isStored }, 'access token renewed');
    // Dropped: a newer sign-in has begun another chain, or the record was forgotten on purpose.
    if (!isStored) return loadGrant(owner);
    known.remember(owner, grant);
    return grant;
  }

  async function saveLater(attempt: Attempt, grant: Grant): Promise<void> {
    const stopProlonging = keepClaimed(attempt);
    for (let pauseMs = 100; unsaved.has(tokenKey(attempt.owner)); pauseMs = Math.min(pauseMs + 100, 1000)) {
      await pause(pauseMs);
      await commit(attempt, grant).catch(() => {});
    }
    stopProlonging();
  }

  /** Notices that the store is away. That it is back, only a write can prove: a full one can still be read. */
  async function noticing<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof StoreUnavailableError) isStoreAway = true;
      throw error;
    }
  }

  return {
    current,
    renewed,
    async moved(owner, grant, clientEndpoint) {
      logger.info({ owner }, 'the portal has moved to another address');
      await vault.move(owner, grant, clientEndpoint);
    },
    isSaved: () => unsaved.size === 0,
    async drain() {
      isStopping = true;
      await Promise.allSettled(underWay.values());
      await Promise.allSettled(saving);
    },
  };
}

/** One try of one process at one refresh token. */
interface Attempt {
  owner: PortalUserId;
  stale: Grant;
  id: string;
}

function newId(): string {
  return randomId(9);
}

function isNewer(grant: Grant, failed: Grant): boolean {
  return grant.chain !== failed.chain || grant.generation > failed.generation;
}

/** A pair that is not this person's is never stored under their name. */
function isOf(owner: PortalUserId, tokens: TokenSet): boolean {
  return (
    tokens.memberId === owner.memberId && (tokens.userId === undefined || tokens.userId === owner.userId)
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stops waiting, but leaves the work itself alone. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RefreshPendingError()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
