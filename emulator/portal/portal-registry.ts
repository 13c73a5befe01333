import type { Portal } from './portal.ts';

/** All portals, by host name. They share one port. */
export class PortalRegistry {
  readonly all: Portal[] = [];
  /** Set when the server listens. */
  port = 0;
  readonly #byHost = new Map<string, Portal>();

  constructor(portals: Portal[]) {
    for (const portal of portals) {
      this.#claim(portal, portal.host);
      this.all.push(portal);
    }
  }

  /** The portal with this host, now or before a rename. */
  find(host: string): Portal | undefined {
    return this.#byHost.get(host);
  }

  originOf({ host }: Portal): string {
    return `http://${host}:${this.port}`;
  }

  /** `client_endpoint`; unlike the `domain` of the redirect it contains the port (1.3). */
  clientEndpointOf(portal: Portal): string {
    return `${this.originOf(portal)}/rest/`;
  }

  /** Renames a portal; afterwards the old host only redirects to the new one (section 4). */
  rename(portal: Portal, host: string): void {
    this.#claim(portal, host.toLowerCase());
    portal.host = host.toLowerCase();
  }

  #claim(portal: Portal, host: string): void {
    const holder = this.#byHost.get(host);
    if (holder !== undefined && holder !== portal) throw new Error(`two portals cannot both be ${host}`);
    this.#byHost.set(host, portal);
  }
}
