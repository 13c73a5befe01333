import type { Portal } from './portal.ts';

/** Which portal answers under which name. All share one port. */
export class PortalRegistry {
  readonly all: Portal[] = [];
  /** Known once the server listens. */
  port = 0;
  readonly #byHost = new Map<string, Portal>();

  constructor(portals: Portal[]) {
    for (const portal of portals) {
      this.#claim(portal, portal.host);
      this.all.push(portal);
    }
  }

  /** The portal that has this name now, or had it once. */
  find(host: string): Portal | undefined {
    return this.#byHost.get(host);
  }

  originOf({ host }: Portal): string {
    return `http://${host}:${this.port}`;
  }

  /** `client_endpoint`: unlike the redirect's `domain` it keeps the port (1.3). */
  clientEndpointOf(portal: Portal): string {
    return `${this.originOf(portal)}/rest/`;
  }

  /** From now on the old name only points to the new one (section 4). */
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
