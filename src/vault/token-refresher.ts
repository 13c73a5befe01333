import { originOf } from '../bitrix24/portal.ts';
import type { TokenSet } from '../bitrix24/token-set.ts';
import type { Logger } from '../log.ts';
import { TOKEN_ENDPOINT_WAIT_MS, type TokenEndpoint, TokenEndpointError } from '../oauth/token-endpoint.ts';
import type { PortalUserId } from '../portal-user.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { GrantEndedError, RefreshPendingError, StoppingError } from './grant-errors.ts';
import { KnownTokens } from './known-tokens.ts';
import { keepClaimed, newAttempt, type RefreshAttempt } from './refresh-attempt.ts';
import { nameRefreshFailure, type RefreshFailure } from './refresh-failure.ts';
import { createStoreRecovery, type StoreRecovery } from './store-recovery.ts';
import type { StoredTokens } from './stored-tokens.ts';
import { createTokenExchange, type TokenExchange } from './token-exchange.ts';
import { tokenKey } from './token-record.ts';
import type { TokenVault } from './token-vault.ts';
import { UnsavedTokens } from './unsaved-tokens.ts';

/** How long a dead process can keep others from refreshing; a living one prolongs its claim. */
const EXCLUSIVE_MS = 10_000;
/** How long a token rests after an attempt that got no answer; longer after the second. */
const PAUSES_MS = [2_000, 10_000];
/** Pauses between two looks at a claim of another process. */
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 200;

/** Gives access tokens that work, and replaces those that do not. */
export interface TokenRefresher {
  /**
   * Tokens whose access token should work: as stored, or refreshed when our estimate of its expiry has passed.
   *
   * @throws {GrantEndedError}      the portal user has to authorize again
   * @throws {RefreshPendingError}  a refresh of this or another process takes longer than 8 s
   * @throws {TransportError} @throws {TokenEndpointError}  the authorization server; the tokens are kept
   */
  current(owner: PortalUserId): Promise<StoredTokens>;
  /**
   * The tokens after `failed`, whose access token the portal refused. If they were refreshed already, these are the
   * newer ones. Throws as `current`.
   */
  renewed(owner: PortalUserId, failed: StoredTokens): Promise<StoredTokens>;
  /** Remembers where a portal has moved to. */
  moved(owner: PortalUserId, tokens: StoredTokens, clientEndpoint: string): Promise<void>;
  /** False while tokens are held in memory that the store has not taken yet. */
  isSaved(): boolean;
  /** Begins no refresh any more, and resolves when those in progress are done and stored. */
  drain(): Promise<void>;
}

/** Counts how refreshes go. */
export interface RefreshObserver {
  /** An attempt at the authorization server has ended. */
  attempted(outcome: 'renewed' | RefreshFailure): void;
  /** A caller has waited for a new token, whether one came or not. */
  waited(ms: number): void;
  /** Another process had refreshed meanwhile, and its tokens were taken. */
  adopted(): void;
  /**
   * A grant is over, and it was not the portal user who ended it here.
   *
   * @param why  one of few: `invalid_grant`, `expired_token`, `invalid_token`, `not_installed`, `foreign_tokens`,
   *             `unusable_answer`
   */
  lost(why: string): void;
  /** A signed-in portal user has no stored tokens: the record was removed on purpose, unreadable, or evicted. */
  missing(): void;
}

export interface TokenRefresherOptions {
  vault: TokenVault;
  tokenEndpoint: TokenEndpoint;
  /** Our own list; the first serves grants whose server is no longer on it. */
  authorizationServers: [URL, ...URL[]];
  logger: Logger;
  clock?: Clock | undefined;
  exclusiveMs?: number | undefined;
  /** The REST root to use for a `client_endpoint` that a refresh names, if it is one that may be called. */
  findEndpoint: (clientEndpoint: string) => string | undefined;
  /** Tells when the connection to the store was lost and is there again. */
  onStoreReturn: (listener: () => void) => void;
  observer?: RefreshObserver | undefined;
}

/** What the steps of the procedure share. The first line of each step names what it uses of it. */
interface Refreshing {
  vault: TokenVault;
  exchange: TokenExchange;
  recovery: StoreRecovery;
  unsaved: UnsavedTokens;
  /** By token key: the refreshes of this process that are in progress. */
  underWay: Map<string, Promise<StoredTokens>>;
  logger: Logger;
  clock: Clock;
  exclusiveMs: number;
  findEndpoint: (clientEndpoint: string) => string | undefined;
  observer: RefreshObserver | undefined;
  isStopping: boolean;
}

/**
 * Replaces expired access tokens, on demand and one refresh at a time per portal user.
 *
 * Bitrix24 rotates: a refresh token works once, and the decision of the authorization server cannot be taken back. So
 * the attempt is written down before the call, the call belongs to the process and not to a request, it is listened to
 * to its end, and what it brings is stored before anything else is done. The steps below are those of refresh.md,
 * section 5, in its order; docs/decisions/0009-refresh-procedure.md says which file holds the rest.
 */
export function createTokenRefresher(options: TokenRefresherOptions): TokenRefresher {
  const { vault, tokenEndpoint, authorizationServers, logger, onStoreReturn } = options;
  const { clock = SYSTEM_CLOCK } = options;
  const refreshing: Refreshing = {
    vault,
    exchange: createTokenExchange({ tokenEndpoint, authorizationServers, clock }),
    recovery: createStoreRecovery({ vault, known: new KnownTokens(), logger, clock, onStoreReturn }),
    unsaved: new UnsavedTokens(clock),
    underWay: new Map(),
    logger,
    clock,
    exclusiveMs: options.exclusiveMs ?? EXCLUSIVE_MS,
    findEndpoint: options.findEndpoint,
    observer: options.observer,
    isStopping: false,
  };
  return {
    current: (owner) => current(refreshing, owner),
    renewed: (owner, failed) => renewed(refreshing, owner, failed),
    async moved(owner, tokens, clientEndpoint) {
      logger.info({ owner }, 'the portal has moved to another address');
      await vault.move(owner, tokens, clientEndpoint);
    },
    isSaved: () => refreshing.unsaved.isEmpty,
    drain: () => drain(refreshing),
  };
}

async function current(refreshing: Refreshing, owner: PortalUserId): Promise<StoredTokens> {
  const tokens = await load(refreshing, owner);
  return tokens.expiresAt.getTime() > refreshing.clock.now() ? tokens : join(refreshing, owner, tokens);
}

async function renewed(
  refreshing: Refreshing,
  owner: PortalUserId,
  failed: StoredTokens,
): Promise<StoredTokens> {
  const tokens = await load(refreshing, owner);
  return isNewer(tokens, failed) ? tokens : join(refreshing, owner, tokens);
}

/** Reads the record; pairs that the store has not taken yet come before it. */
async function load(
  { unsaved, recovery, observer }: Pick<Refreshing, 'unsaved' | 'recovery' | 'observer'>,
  owner: PortalUserId,
): Promise<StoredTokens> {
  const held = unsaved.of(owner);
  if (held) return held;
  const tokens = await recovery.load(owner);
  if (tokens === undefined) {
    observer?.missing();
    throw new GrantEndedError('no_grant');
  }
  if (tokens.state !== 'ok') throw new GrantEndedError('refused_before');
  recovery.remember(owner, tokens);
  return tokens;
}

/** Joins the refresh of this process, or begins it. The refresh belongs to the process: a caller may leave after 8 s. */
async function join(refreshing: Refreshing, owner: PortalUserId, stale: StoredTokens): Promise<StoredTokens> {
  const { underWay, clock, observer } = refreshing;
  const key = tokenKey(owner);
  let joined = underWay.get(key);
  if (joined === undefined) {
    if (refreshing.isStopping) throw new StoppingError();
    joined = refresh(refreshing, owner, stale).finally(() => underWay.delete(key));
    // When every caller has left, a failed refresh must not become an unhandledRejection.
    joined.catch(() => {});
    underWay.set(key, joined);
  }
  const waitedFrom = clock.monotonic();
  try {
    return await waitFor(joined, clock);
  } finally {
    observer?.waited(clock.monotonic() - waitedFrom);
  }
}

/** Makes attempts until one brings a pair, another process brings one, or the grant is over. */
async function refresh(
  refreshing: Refreshing,
  owner: PortalUserId,
  stale: StoredTokens,
): Promise<StoredTokens> {
  const { exchange, clock, observer } = refreshing;
  const deadline = clock.monotonic() + TOKEN_ENDPOINT_WAIT_MS;
  for (;;) {
    const attempt = newAttempt(owner, stale);
    const claimed = await claimOrAdopt(refreshing, attempt, deadline);
    if ('accessToken' in claimed) return adopt(claimed, observer);
    const stopProlonging = keepClaimed(refreshing, attempt);
    try {
      const outcome = await exchange.exchange(attempt);
      observer?.attempted(outcome.kind === 'pair' ? 'renewed' : outcome.kind);
      if (outcome.kind === 'pair') return await keep(refreshing, attempt, outcome.tokens);
      if (outcome.kind === 'refused') {
        const moved = await giveUp(refreshing, attempt, outcome.why, claimed.stragglerMs > 0);
        if (moved) return adopt(moved, observer);
      } else {
        await noteFailure(refreshing, attempt, outcome, claimed.tries);
        if (outcome.kind === 'kept') throw outcome.error;
      }
    } finally {
      stopProlonging();
    }
  }
}

/** Waits for the refresh of another process and takes its tokens, or claims the refresh for this attempt. */
async function claimOrAdopt(
  refreshing: Refreshing,
  { owner, stale, id }: RefreshAttempt,
  deadline: number,
): Promise<{ stragglerMs: number; tries: number } | StoredTokens> {
  const { vault, exchange, recovery, clock, exclusiveMs } = refreshing;
  exchange.assertNotRefused(stale);
  for (let pauseMs = FIRST_LOOK_MS; clock.monotonic() < deadline; pauseMs = longer(pauseMs)) {
    if (refreshing.isStopping) throw new StoppingError();
    await recovery.assertBack();
    if (recovery.isQuietTime()) {
      await clock.sleep(pauseMs);
      const tokens = await load(refreshing, owner);
      if (isNewer(tokens, stale)) return tokens;
      continue;
    }
    const claim = await recovery.watch(vault.claim(owner, stale, id, exclusiveMs));
    if (claim.outcome === 'claimed') return claim;
    if (claim.outcome === 'missing') throw new GrantEndedError('no_grant');
    if (claim.outcome === 'ended') throw new GrantEndedError('refused_before');
    if (claim.outcome === 'moved') return load(refreshing, owner);
    if (claim.outcome === 'exhausted') {
      throw new RefreshPendingError({ retryAfterMs: claim.leftMs, reason: 'exhausted' });
    }
    await clock.sleep(pauseMs * (0.5 + Math.random()));
  }
  throw new RefreshPendingError();
}

/** Stores the new pair before anything else is done with it. If the store does not take it, goes on trying. */
async function keep(
  refreshing: Refreshing,
  attempt: RefreshAttempt,
  tokens: TokenSet,
): Promise<StoredTokens> {
  const { unsaved, logger } = refreshing;
  const renewed = nextGeneration(refreshing, attempt, tokens);
  try {
    return await commit(refreshing, attempt, renewed);
  } catch (error) {
    if (error instanceof GrantEndedError) throw error;
    const { owner } = attempt;
    logger.error({ owner, err: error }, 'the new tokens could not be stored yet; they are held in memory');
    const stopProlonging = keepClaimed(refreshing, attempt);
    unsaved.hold(owner, renewed, () => commit(refreshing, attempt, renewed)).then(stopProlonging);
    return renewed;
  }
}

/** A portal may name another address of its own with each refresh; one that may not be called is not taken over. */
function nextGeneration(
  { findEndpoint, logger }: Pick<Refreshing, 'findEndpoint' | 'logger'>,
  { owner, stale }: RefreshAttempt,
  { accessToken, refreshToken, expiresAt, ...tokens }: TokenSet,
): StoredTokens {
  const clientEndpoint = findEndpoint(tokens.clientEndpoint);
  if (clientEndpoint === undefined) {
    const named = originOf(tokens.clientEndpoint);
    logger.warn(
      { owner, named, setting: 'BITRIX24_PORTALS' },
      'the portal names an address that may not be called; the one before stays',
    );
  }
  return {
    ...stale,
    accessToken,
    refreshToken,
    expiresAt,
    clientEndpoint: clientEndpoint ?? stale.clientEndpoint,
    generation: stale.generation + 1,
  };
}

/** @throws {StoreUnavailableError} */
async function commit(
  refreshing: Refreshing,
  { owner, stale, id }: RefreshAttempt,
  renewed: StoredTokens,
): Promise<StoredTokens> {
  const { vault, recovery, unsaved, logger } = refreshing;
  const isStored = await recovery.watch(vault.commit(owner, stale, id, renewed));
  unsaved.drop(owner);
  logger.info({ owner, generation: renewed.generation, isStored }, 'access token renewed');
  // Not stored: a newer sign-in has begun another chain, or the record was removed on purpose.
  if (!isStored) return load(refreshing, owner);
  recovery.remember(owner, renewed);
  return renewed;
}

/**
 * Ends the grant, unless another process has moved it on meanwhile. Tokens are never deleted on an error.
 *
 * @returns nothing when another attempt is alive, which may be the one that got the new pair
 */
async function giveUp(
  refreshing: Refreshing,
  { owner, stale, id }: RefreshAttempt,
  why: string,
  isStragglerPossible: boolean,
): Promise<StoredTokens | undefined> {
  const { vault, recovery, logger, observer } = refreshing;
  const state = isStragglerPossible ? 'suspect' : 'reauth';
  const wasSettled = await recovery.watch(vault.settle(owner, stale, id, state, why));
  logger.warn({ owner, generation: stale.generation, why, grantState: state, wasSettled }, 'grant ended');
  if (wasSettled) {
    observer?.lost(why);
    throw new GrantEndedError(why);
  }
  const tokens = await load(refreshing, owner);
  return isNewer(tokens, stale) ? tokens : undefined;
}

/** Says in the record what became of the attempt; the tokens are kept. */
async function noteFailure(
  { vault, recovery, logger, exclusiveMs }: Refreshing,
  { owner, stale, id }: RefreshAttempt,
  { kind, error }: { kind: 'kept' | 'unknown'; error: unknown },
  tries: number,
): Promise<void> {
  const code = nameRefreshFailure(error);
  const isOurMistake = error instanceof TokenEndpointError && error.isMisconfiguration;
  const fields = { owner, generation: stale.generation, tries, outcome: kind, err: error };
  if (isOurMistake) logger.error(fields, 'refresh refused: the client id or secret is wrong');
  else logger.warn(fields, 'refresh failed; the grant is kept');
  const pauseMs = PAUSES_MS[tries - 1] ?? exclusiveMs;
  const noted =
    kind === 'kept' ? vault.release(owner, id, code) : vault.endUnanswered(owner, id, code, pauseMs);
  // If the store is away now, the claim ends by itself.
  await recovery.watch(noted).catch(() => {});
}

async function drain(refreshing: Refreshing): Promise<void> {
  refreshing.isStopping = true;
  await Promise.allSettled(refreshing.underWay.values());
  await refreshing.unsaved.saved();
}

function adopt(tokens: StoredTokens, observer: RefreshObserver | undefined): StoredTokens {
  observer?.adopted();
  return tokens;
}

function isNewer(tokens: StoredTokens, than: StoredTokens): boolean {
  return tokens.chain !== than.chain || tokens.generation > than.generation;
}

function longer(pauseMs: number): number {
  return Math.min(pauseMs * 1.5, LONGEST_LOOK_MS);
}

/** Stops waiting after 8 s; the refresh itself goes on. */
async function waitFor(refresh: Promise<StoredTokens>, clock: Clock): Promise<StoredTokens> {
  const over = new AbortController();
  const timeout = clock.sleep(TOKEN_ENDPOINT_WAIT_MS, over.signal).then(() => {
    throw new RefreshPendingError();
  });
  try {
    return await Promise.race([refresh, timeout]);
  } finally {
    over.abort();
  }
}
