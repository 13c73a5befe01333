import { randomBytes } from 'node:crypto';
import { parseTokenSet, type TokenSet } from '../bitrix24/token-set.ts';
import { AppError } from '../errors.ts';
import { TransportError } from '../http.ts';
import type { Logger } from '../log.ts';
import { TOKEN_ENDPOINT_WAIT_MS, type TokenEndpoint, TokenEndpointError } from '../oauth/token-endpoint.ts';
import type { Grant, TokenOwner, TokenVault } from './token-vault.ts';

/** How long a dead process can keep others from refreshing; a living one renews its claim. */
const EXCLUSIVE_MS = 10_000;
const PROLONG_CLAIM_EVERY_MS = 3_000;
/** Further tries when the request provably did not leave us. */
const MORE_TRIES = 2;

/** Bitrix24 has ended the grant, or we hold none: the person has to authorize again. */
export class GrantEndedError extends AppError {
  constructor(reason: string) {
    super(`the grant is over: ${reason}`, { code: 'sign_in_required', httpStatus: 401, reason });
  }
}

/** A refresh is under way and takes longer than anybody should wait; it goes on without the caller. */
export class RefreshPendingError extends AppError {
  constructor() {
    super('renewing the access token takes long', {
      code: 'portal_timeout',
      httpStatus: 504,
      retryAfterSeconds: 2,
    });
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
  current(owner: TokenOwner): Promise<Grant>;
  /**
   * The grant after `failed`, whose access token the portal refused. Somebody may have refreshed it already: then this
   * is theirs. Throws as `current`.
   */
  renewed(owner: TokenOwner, failed: Grant): Promise<Grant>;
  /** Begins no refresh any more, and resolves when those in flight are done and stored. */
  drain(): Promise<void>;
}

/** The process is about to end: a refresh that began now could lose the tokens it brings. */
export class StoppingError extends AppError {
  constructor() {
    super('the process is stopping', { code: 'store_unavailable', httpStatus: 503, retryAfterSeconds: 2 });
  }
}

export interface TokenRefresherOptions {
  vault: TokenVault;
  tokenEndpoint: TokenEndpoint;
  /** Our own list; the first serves grants whose server is no longer on it. */
  authorizationServers: [URL, ...URL[]];
  logger: Logger;
  now: () => number;
}

/**
 * Replaces expired access tokens, on demand and one refresh at a time per portal user.
 *
 * Bitrix24 rotates: a refresh token works once, and the decision of the authorization server cannot be taken back. So
 * the attempt is written down before the call, the call belongs to the process and not to a request, it is listened to
 * to its end, and what it brings is stored before anything else is done.
 */
export function createTokenRefresher(options: TokenRefresherOptions): TokenRefresher {
  const { vault, tokenEndpoint, authorizationServers, logger, now } = options;
  const underWay = new Map<string, Promise<Grant>>();
  let isStopping = false;

  async function current(owner: TokenOwner): Promise<Grant> {
    const grant = await loadGrant(owner);
    return grant.expiresAt.getTime() > now() ? grant : joinRefresh(owner, grant);
  }

  async function renewed(owner: TokenOwner, failed: Grant): Promise<Grant> {
    const grant = await loadGrant(owner);
    return isNewer(grant, failed) ? grant : joinRefresh(owner, grant);
  }

  async function loadGrant(owner: TokenOwner): Promise<Grant> {
    const grant = await vault.load(owner);
    if (grant === undefined) throw new GrantEndedError('no_grant');
    if (grant.state === 'reauth') throw new GrantEndedError('refused_before');
    return grant;
  }

  async function joinRefresh(owner: TokenOwner, grant: Grant): Promise<Grant> {
    const key = `${owner.memberId}:${owner.clientId}:${owner.userId}`;
    let refreshing = underWay.get(key);
    if (refreshing === undefined) {
      if (isStopping) throw new StoppingError();
      refreshing = refresh(owner, grant).finally(() => underWay.delete(key));
      // A caller that has left must not turn a failed refresh into an unhandled rejection.
      refreshing.catch(() => {});
      underWay.set(key, refreshing);
    }
    return within(TOKEN_ENDPOINT_WAIT_MS, refreshing);
  }

  async function refresh(owner: TokenOwner, stale: Grant): Promise<Grant> {
    const id = randomBytes(9).toString('base64url');
    const claimed = await claimOrAdopt(owner, stale, id);
    if (claimed !== 'claimed') return claimed;
    const answer = await exchange(owner, stale, id);
    if ('refusal' in answer) return giveUp(owner, stale, id, answer.refusal);
    return whileClaimed(owner, id, () => commit(owner, stale, id, answer));
  }

  /** Waits for a refresh of another process and takes its result, or becomes the one who refreshes. */
  async function claimOrAdopt(owner: TokenOwner, stale: Grant, id: string): Promise<'claimed' | Grant> {
    const deadline = Date.now() + TOKEN_ENDPOINT_WAIT_MS;
    for (let pauseMs = 20; Date.now() < deadline; pauseMs = Math.min(pauseMs * 1.5, 200)) {
      const claim = await vault.claim(owner, stale, id, EXCLUSIVE_MS);
      if (claim.outcome === 'claimed') return 'claimed';
      if (claim.outcome === 'missing') throw new GrantEndedError('no_grant');
      if (claim.outcome === 'moved') return loadGrant(owner);
      await pause(pauseMs * (0.5 + Math.random()));
    }
    throw new RefreshPendingError();
  }

  async function exchange(
    owner: TokenOwner,
    stale: Grant,
    id: string,
  ): Promise<TokenSet | { refusal: string }> {
    const requestedAt = new Date(now());
    let body: unknown;
    try {
      body = await whileClaimed(owner, id, () => send(stale));
    } catch (error) {
      if (error instanceof TokenEndpointError && error.endsGrant) return { refusal: error.wireCode };
      await keepGrant(owner, stale, id, error);
      throw error;
    }
    try {
      const tokens = parseTokenSet(body, requestedAt);
      return isOf(owner, tokens) ? tokens : { refusal: 'foreign_tokens' };
    } catch {
      // The old pair is dead all the same, and there is nothing usable in its place.
      return { refusal: 'unusable_answer' };
    }
  }

  /** Keeps the claim alive while the work lasts. */
  async function whileClaimed<T>(owner: TokenOwner, id: string, work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => {
      vault.prolongClaim(owner, id, EXCLUSIVE_MS).catch(() => {});
    }, PROLONG_CLAIM_EVERY_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  async function send(stale: Grant): Promise<unknown> {
    const known = authorizationServers.find(({ origin }) => origin === stale.authorizationServer);
    for (let triesLeft = MORE_TRIES; ; triesLeft -= 1) {
      try {
        return await tokenEndpoint.refresh(known ?? authorizationServers[0], stale.refreshToken);
      } catch (error) {
        const mayTryAgain = error instanceof TransportError && error.neverSent && triesLeft > 0;
        if (!mayTryAgain) throw error;
        await pause(200 * (1 + Math.random()));
      }
    }
  }

  async function keepGrant(owner: TokenOwner, stale: Grant, id: string, error: unknown): Promise<void> {
    const wasNotConsumed =
      error instanceof TokenEndpointError || (error instanceof TransportError && error.neverSent);
    // Otherwise the server may have rotated: the claim stays until it ends, and then the same token is tried again.
    if (wasNotConsumed) await vault.release(owner, id);
    const isOurMistake = error instanceof TokenEndpointError && error.isMisconfiguration;
    const fields = { owner, generation: stale.generation, err: error };
    if (isOurMistake) logger.error(fields, 'refresh refused: the client id or secret is wrong');
    else logger.warn(fields, 'refresh failed; the grant is kept');
  }

  /** Ends the grant, unless somebody has moved it on meanwhile. Tokens are never deleted on an error. */
  async function giveUp(owner: TokenOwner, stale: Grant, id: string, why: string): Promise<Grant> {
    const wasSettled = await vault.settle(owner, stale, id, 'reauth', why);
    logger.warn({ owner, generation: stale.generation, why, wasSettled }, 'grant ended');
    if (wasSettled) throw new GrantEndedError(why);
    const grant = await loadGrant(owner);
    if (isNewer(grant, stale)) return grant;
    throw new GrantEndedError(why);
  }

  /** Stores the new pair before anything else is done with it, and tries until it is stored. */
  async function commit(owner: TokenOwner, stale: Grant, id: string, tokens: TokenSet): Promise<Grant> {
    // The address was checked at sign-in. A self-hosted portal's own flips between its names, so the checked one stays.
    const checked = { ...tokens, clientEndpoint: stale.clientEndpoint };
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      try {
        const isStored = await vault.commit(owner, stale, id, checked);
        logger.info({ owner, generation: stale.generation + 1, isStored }, 'access token renewed');
        if (!isStored) return await loadGrant(owner);
        return { ...stale, ...checked, generation: stale.generation + 1, state: 'ok' };
      } catch (error) {
        if (error instanceof GrantEndedError) throw error;
        logger.error({ owner, err: error }, 'the new tokens could not be stored yet');
        await pause(pauseMs);
      }
    }
  }

  return {
    current,
    renewed,
    async drain() {
      isStopping = true;
      await Promise.allSettled(underWay.values());
    },
  };
}

function isNewer(grant: Grant, failed: Grant): boolean {
  return grant.chain !== failed.chain || grant.generation > failed.generation;
}

/** A pair that is not this person's is never stored under their name. */
function isOf(owner: TokenOwner, tokens: TokenSet): boolean {
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
