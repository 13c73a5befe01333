import {
  type AllowedPortals,
  type Portal,
  PortalNotAllowedError,
  parseClientEndpoint,
} from '../bitrix24/portal.ts';
import { createRestClient, type RestClient } from '../bitrix24/rest-client.ts';
import type { HttpClient } from '../http.ts';
import type { TokenOwner } from '../vault/token-record.ts';
import type { TokenRefresher } from '../vault/token-refresh.ts';
import type { Grant } from '../vault/token-vault.ts';
import type { SignedIn } from './session.ts';

/** What it takes to read from a person's portal. */
export interface ReadingDependencies {
  clientId: string;
  portals: AllowedPortals;
  tokenRefresher: TokenRefresher;
  http: HttpClient;
}

/**
 * Calls the person's own portal with the person's own token, and nothing else.
 *
 * @param waitMs  how long one request may take, if not as long as usual
 */
export function restClientOf(
  person: SignedIn,
  dependencies: ReadingDependencies,
  waitMs?: number,
): RestClient {
  const { tokenRefresher, http } = dependencies;
  const owner = ownerOf(person, dependencies);
  const portal = portalOf(person, dependencies);
  // What was checked at sign-in is checked at every use: the settings may have changed since, or the store.
  const checked = (grant: Grant) => ({
    ...grant,
    clientEndpoint: parseClientEndpoint(grant.clientEndpoint, portal).href,
  });
  return createRestClient<Grant>({
    http,
    tokens: {
      current: async () => checked(await tokenRefresher.current(owner)),
      renewed: async (failed) => checked(await tokenRefresher.renewed(owner, failed)),
    },
    ...(waitMs === undefined ? {} : { waitMs }),
  });
}

/** Whose tokens a person's pages are read with. */
export function ownerOf(person: SignedIn, { clientId }: { clientId: string }): TokenOwner {
  return { memberId: person.memberId, clientId, userId: person.userId };
}

export function portalOf(person: SignedIn, { portals }: { portals: AllowedPortals }): Portal {
  const portal = portals.findAllowed(person.portal);
  if (portal === undefined) throw new PortalNotAllowedError();
  return portal;
}
