import {
  type AllowedPortals,
  findAllowedEndpoint,
  type Portal,
  PortalNotAllowedError,
} from '../bitrix24/portal.ts';
import type { LimitedPortal, RateLimiter, Urgency } from '../bitrix24/limits/rate-limiter.ts';
import { createRestClient, type RestClient } from '../bitrix24/rest/rest-client.ts';
import type { CallObserver } from '../http-client/call-observer.ts';
import { AppError } from '../errors.ts';
import type { HttpClient } from '../http-client/http-client.ts';
import type { TokenOwner } from '../vault/token-record.ts';
import type { TokenRefresher } from '../vault/token-refresher.ts';
import type { Grant } from '../vault/token-vault.ts';
import type { SignedIn } from '../auth/session.ts';

/** What it takes to read from a person's portal. */
export interface ReadingDependencies {
  clientId: string;
  portals: AllowedPortals;
  tokenRefresher: TokenRefresher;
  http: HttpClient;
  rateLimiter: RateLimiter;
  observeRestCall?: CallObserver | undefined;
}

/** Somebody at their portal, whether they are looking or not. */
export type PortalUser = Pick<SignedIn, 'memberId' | 'userId' | 'portal'>;

/** A person who waits for a page gets an answer within two seconds, if only that the portal is busy. */
export const PERSON: Urgency = { kind: 'person', maxWaitMs: 1_200 };

/** However long a portal's limits make it wait. */
const BACKGROUND_WAIT_MS = 15 * 60_000;

/** Work that nobody waits for, until the signal ends it. */
export function background(signal: AbortSignal): Urgency {
  return { kind: 'background', maxWaitMs: BACKGROUND_WAIT_MS, signal };
}

/** The stored address of a portal's REST is none that may be called any more. */
class EndpointNotAllowedError extends AppError {
  constructor() {
    super('the client_endpoint is not of BITRIX24_PORTALS', { code: 'portal_mismatch', status: 400 });
  }
}

/**
 * Calls the person's own portal with the person's own token, and nothing else.
 *
 * @param options.waitMs  how long one request may take, if not as long as usual
 */
export function restClientOf(
  person: PortalUser,
  dependencies: ReadingDependencies,
  { waitMs, urgency = PERSON }: { waitMs?: number; urgency?: Urgency } = {},
): RestClient {
  const { tokenRefresher, http, portals, rateLimiter, observeRestCall } = dependencies;
  const owner = ownerOf(person, dependencies);
  const portal = limitedPortalOf(person, dependencies);
  // What was checked at sign-in is checked at every use: the settings may have changed since, or the store.
  const checked = (grant: Grant) => {
    const clientEndpoint = findAllowedEndpoint(grant.clientEndpoint, portals);
    if (clientEndpoint === undefined) throw new EndpointNotAllowedError();
    return { ...grant, clientEndpoint };
  };
  return createRestClient<Grant>({
    http,
    tokens: {
      current: async () => checked(await tokenRefresher.current(owner)),
      renewed: async (failed) => checked(await tokenRefresher.renewed(owner, failed)),
      moved(grant, location) {
        const clientEndpoint = findAllowedEndpoint(location.href, portals);
        if (clientEndpoint === undefined) return undefined;
        return {
          access: { ...grant, clientEndpoint },
          keep: () => tokenRefresher.moved(owner, grant, clientEndpoint),
        };
      },
    },
    limits: {
      limiter: rateLimiter,
      portal,
      urgency,
    },
    waitMs,
    observeCall: observeRestCall,
  });
}

/** Whose limits a person's calls count for. */
export function limitedPortalOf(
  person: PortalUser,
  dependencies: { portals: AllowedPortals },
): LimitedPortal {
  const { host, hostname } = portalOf(person, dependencies);
  return { memberId: person.memberId, host, hostname };
}

/** Whose tokens a person's pages are read with. */
export function ownerOf(
  person: Pick<SignedIn, 'memberId' | 'userId'>,
  { clientId }: { clientId: string },
): TokenOwner {
  return { memberId: person.memberId, clientId, userId: person.userId };
}

export function portalOf(person: Pick<SignedIn, 'portal'>, { portals }: { portals: AllowedPortals }): Portal {
  const portal = portals.findAllowed(person.portal);
  if (portal === undefined) throw new PortalNotAllowedError();
  return portal;
}
