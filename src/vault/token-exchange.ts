import { parseTokenSet, type TokenSet } from '../bitrix24/token-set.ts';
import { CircuitBreakers } from '../http-client/circuit-breaker.ts';
import { TransportError } from '../http-client/transport-errors.ts';
import type { TokenEndpoint } from '../oauth/token-endpoint.ts';
import type { PortalUserId } from '../portal-user.ts';
import type { Clock } from './clock.ts';
import type { RefreshAttempt } from './refresh-attempt.ts';
import { concernsAllUsers, nameRefreshFailure, readRefreshFailure } from './refresh-failure.ts';
import type { StoredTokens } from './stored-tokens.ts';

/** Further tries when the request provably did not leave this process. */
const MORE_TRIES = 2;

/** How one attempt at the authorization server ended; `refused`, `kept` and `unknown` are explained at RefreshFailure. */
export type ExchangeOutcome =
  | { kind: 'pair'; tokens: TokenSet }
  | { kind: 'refused'; why: string }
  | { kind: 'kept'; error: unknown }
  | { kind: 'unknown'; error: unknown };

/** Trades refresh tokens at the authorization servers. Knows nothing of the store. */
export interface TokenExchange {
  /** @throws the last refusal of the server, while it refuses all users alike; one attempt a second finds out more */
  assertNotRefused(stale: StoredTokens): void;
  /** One attempt, from the request to the classified answer. Never throws. */
  exchange(attempt: RefreshAttempt): Promise<ExchangeOutcome>;
}

export interface TokenExchangeOptions {
  tokenEndpoint: TokenEndpoint;
  /** Our own list; the first serves grants whose server is no longer on it. */
  authorizationServers: [URL, ...URL[]];
  clock: Clock;
}

export function createTokenExchange(options: TokenExchangeOptions): TokenExchange {
  const { tokenEndpoint, authorizationServers, clock } = options;
  /** By origin of the server. One refusal is enough: it concerns the next user just as well. */
  const refusals = new CircuitBreakers({ threshold: 1, now: clock.monotonic });
  const serverOf = (stale: StoredTokens) => chooseServer(authorizationServers, stale.authorizationServer);

  return {
    assertNotRefused(stale) {
      const refusal = refusals.beforeCall(serverOf(stale).origin);
      if (refusal !== undefined) throw refusal;
    },

    async exchange({ owner, stale }) {
      const server = serverOf(stale);
      const requestedAt = new Date(clock.now());
      try {
        const send = () => tokenEndpoint.refresh(server, stale.refreshToken);
        const body = await sendUntilItLeaves(send, clock);
        refusals.succeeded(server.origin);
        return readTokens(body, owner, requestedAt, stale.clientEndpoint);
      } catch (error) {
        const outcome = classifyFailure(error);
        if (outcome.kind === 'kept' && concernsAllUsers(error)) refusals.failed(server.origin, error);
        return outcome;
      }
    },
  };
}

/** The server that granted the tokens, if it is still on our list; a stored address is never called as it is. */
export function chooseServer([first, ...others]: [URL, ...URL[]], granting: string): URL {
  return [first, ...others].find(({ origin }) => origin === granting) ?? first;
}

/** Sends again only what provably did not leave this process: anything else may have used up the token. */
export async function sendUntilItLeaves(
  send: () => Promise<unknown>,
  clock: Pick<Clock, 'sleep'>,
): Promise<unknown> {
  for (let triesLeft = MORE_TRIES; ; triesLeft -= 1) {
    try {
      return await send();
    } catch (error) {
      const mayTryAgain = error instanceof TransportError && error.neverSent && triesLeft > 0;
      if (!mayTryAgain) throw error;
      await clock.sleep(200 * (1 + Math.random()));
    }
  }
}

/** Reads the tokens of a 200. If they are not usable, the old pair is dead all the same, and the grant is over. */
export function readTokens(
  body: unknown,
  owner: PortalUserId,
  requestedAt: Date,
  endpointBefore?: string,
): ExchangeOutcome {
  let tokens: TokenSet;
  try {
    tokens = parseTokenSet(body, requestedAt, endpointBefore);
  } catch {
    return { kind: 'refused', why: 'unusable_answer' };
  }
  return isOf(owner, tokens) ? { kind: 'pair', tokens } : { kind: 'refused', why: 'foreign_tokens' };
}

/** Tokens of another portal user are never stored under the name of this one. */
function isOf(owner: PortalUserId, tokens: TokenSet): boolean {
  return (
    tokens.memberId === owner.memberId && (tokens.userId === undefined || tokens.userId === owner.userId)
  );
}

function classifyFailure(error: unknown): ExchangeOutcome {
  const kind = readRefreshFailure(error);
  return kind === 'refused' ? { kind, why: nameRefreshFailure(error) } : { kind, error };
}
