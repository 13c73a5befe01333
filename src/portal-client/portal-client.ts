import type { OperatingForecast } from '../bitrix24/limits/operating-budget.ts';
import type { LimitedPortal, Priority, RateLimiter } from '../bitrix24/limits/rate-limiter.ts';
import {
  type AllowedPortals,
  findAllowedEndpoint,
  originOf,
  type Portal,
  PortalNotAllowedError,
} from '../bitrix24/portal.ts';
import { createRestClient } from '../bitrix24/rest/rest-client.ts';
import type { RestAccess, RestClient } from '../bitrix24/rest/rest-types.ts';
import { AppError } from '../errors.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import type { HttpClient } from '../http-client/http-client.ts';
import { idOf, type PortalUser } from '../portal-user.ts';
import type { StoredTokens } from '../vault/stored-tokens.ts';
import type { TokenRefresher } from '../vault/token-refresher.ts';

/** A person who waits for a page gets an answer within two seconds, if only that the portal is busy. */
export const PERSON: Priority = { kind: 'person', maxWaitMs: 1_200 };

/** Background work waits for the portal's limits for up to this long. */
const BACKGROUND_WAIT_MS = 15 * 60_000;

/** Priority of work that no person waits for, until the signal ends it. */
export function background(signal: AbortSignal): Priority {
  return { kind: 'background', maxWaitMs: BACKGROUND_WAIT_MS, signal };
}

/** REST clients for portal users: each calls the user's own portal with the user's own token, refreshed and limited. */
export interface PortalClients {
  /**
   * @param options.waitMs    how long one request may take, repetitions included; 15 s when absent
   * @param options.priority   `PERSON` when absent
   * @throws {PortalNotAllowedError}  BITRIX24_PORTALS does not list the portal any more
   */
  clientFor(user: PortalUser, options?: { waitMs?: number; priority?: Priority }): RestClient;
  /** As `clientFor`, with tokens that no store holds yet: a sign-in that has not ended. */
  clientWith(access: RestAccess, portal: LimitedPortal, options?: { waitMs?: number }): RestClient;
  /** How much of the method's execution time the portal has left; null while nothing is known of it. */
  forecastFor(user: PortalUser, method: string): Promise<OperatingForecast | null>;
  /** @throws {PortalNotAllowedError} */
  portalOf(user: Pick<PortalUser, 'portal'>): Portal;
}

/** The stored address of a portal's REST is none that may be called any more. */
class EndpointNotAllowedError extends AppError {
  constructor(clientEndpoint: string) {
    const address = originOf(clientEndpoint) ?? 'something unreadable';
    super(`the client_endpoint ${address} is not of BITRIX24_PORTALS`, {
      code: 'portal_mismatch',
      status: 400,
    });
  }
}

export function createPortalClients({
  portals,
  tokenRefresher,
  http,
  rateLimiter,
  observeCall,
}: {
  portals: AllowedPortals;
  tokenRefresher: TokenRefresher;
  http: HttpClient;
  rateLimiter: RateLimiter;
  observeCall: CallObserver | undefined;
}): PortalClients {
  function portalOf({ portal }: Pick<PortalUser, 'portal'>): Portal {
    const allowed = portals.findAllowed(portal);
    if (allowed === undefined) throw new PortalNotAllowedError();
    return allowed;
  }

  function limitedPortalOf(user: PortalUser): LimitedPortal {
    const { host, hostname } = portalOf(user);
    return { memberId: user.memberId, host, hostname };
  }

  // The endpoint was checked at sign-in and is checked at every use: settings and store may have changed since.
  function checked(grant: StoredTokens): StoredTokens {
    const clientEndpoint = findAllowedEndpoint(grant.clientEndpoint, portals);
    if (clientEndpoint === undefined) throw new EndpointNotAllowedError(grant.clientEndpoint);
    return { ...grant, clientEndpoint };
  }

  return {
    clientFor(user, { waitMs, priority = PERSON } = {}) {
      const id = idOf(user);
      return createRestClient<StoredTokens>({
        http,
        tokens: {
          current: async () => checked(await tokenRefresher.current(id)),
          renewed: async (failed) => checked(await tokenRefresher.renewed(id, failed)),
          moved(grant, location) {
            const clientEndpoint = findAllowedEndpoint(location.href, portals);
            if (clientEndpoint === undefined) return undefined;
            return {
              access: { ...grant, clientEndpoint },
              keep: () => tokenRefresher.moved(id, grant, clientEndpoint),
            };
          },
        },
        limits: { limiter: rateLimiter, portal: limitedPortalOf(user), priority },
        waitMs,
        observeCall,
      });
    },

    clientWith: (access, portal, { waitMs } = {}) =>
      createRestClient({
        http,
        tokens: { current: async () => access, renewed: async () => access },
        limits: { limiter: rateLimiter, portal, priority: PERSON },
        waitMs,
        observeCall,
      }),

    forecastFor: (user, method) => rateLimiter.forecast(limitedPortalOf(user), method),

    portalOf,
  };
}
