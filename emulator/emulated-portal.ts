import type { EmulatedPortal } from './emulator.ts';
import type { EmulatorContext } from './emulator-context.ts';
import type { GrantOwner } from './grants/grants.ts';
import type { Portal } from './portal/portal.ts';
import { isLoopbackAddress, type Listener } from './wire/listen.ts';

/** Wraps a portal for tests: its properties, and methods that change its state. */
export function toEmulatedPortal(
  context: EmulatorContext,
  portal: Portal,
  portalServer: Listener,
): EmulatedPortal {
  const { grants, portals } = context;
  const ownerOf = ({ clientId, userId }: { clientId: string; userId: number }): GrantOwner => {
    if (context.clients.find(clientId) === undefined)
      throw new Error(`no application ${clientId} is registered`);
    if (portal.findUser(userId) === undefined) throw new Error(`portal ${portal.host} has no user ${userId}`);
    return { clientId, portal, userId };
  };

  return {
    get origin() {
      return portals.originOf(portal);
    },
    get host() {
      return portal.host;
    },
    memberId: portal.memberId,
    get companies() {
      return portal.companies.rows;
    },
    get users() {
      return portal.users;
    },
    putCompany: (row) => portal.companies.put(row),
    removeCompany: (id) => portal.companies.remove(id),
    issueCode: (owner) => grants.issueCode(ownerOf(owner)),
    issueTokens: (owner) => {
      const { accessToken, refreshToken, accessTokenExpiresAtMs } = grants.startTokenFamily(ownerOf(owner));
      return {
        accessToken,
        refreshToken,
        expiresAt: new Date(accessTokenExpiresAtMs),
        clientEndpoint: portals.clientEndpointOf(portal),
        memberId: portal.memberId,
        userId: owner.userId,
      };
    },
    expireAccessTokens: () => grants.expireAccessTokens(portal),
    revokeGrants: (userId) => grants.revoke(portal, userId),
    setUnpaid: (unpaid) => {
      portal.unpaid = unpaid;
    },
    uninstall: () => portal.uninstall(),
    install: () => portal.install(),
    renameTo: async (host) => {
      portals.rename(portal, host);
      if (isLoopbackAddress(host)) await portalServer.listenOn(host);
    },
    setUser: (id, changes) => portal.changeUser(id, changes),
  };
}
