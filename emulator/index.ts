import { setMaxListeners } from 'node:events';

import { routeAuthorizationServer } from './authorization-server/routes.ts';
import { createClock } from './clock.ts';
import { demoPortals } from './demo-portals.ts';
import { toEmulatedPortal } from './emulated-portal.ts';
import type { Emulator } from './emulator.ts';
import type { EmulatorContext } from './emulator-context.ts';
import { FaultOrders } from './faults/fault-orders.ts';
import { Clients, DEMO_CLIENT } from './grants/clients.ts';
import { Grants } from './grants/grants.ts';
import type { EmulatorOptions, Switches } from './options.ts';
import { Portal } from './portal/portal.ts';
import { PortalRegistry } from './portal/portal-registry.ts';
import { routePortals } from './portal/routes.ts';
import { Cost } from './record/cost.ts';
import { RequestLog } from './record/request-log.ts';
import { OperatingTime } from './rest/operating-time.ts';
import { RequestBuckets } from './rest/request-buckets.ts';
import { type Listener, listen, loopbackAddresses } from './wire/listen.ts';
import { serve } from './wire/serve.ts';

export type { DealCategory, DealStage } from './crm/deal-categories.ts';
export type { CompanyRow, ContactRow, DealRow, Multifield } from './crm/row.ts';
export { demoPortals } from './demo-portals.ts';
export type { EmulatedPortal, Emulator, IssuedTokenSet } from './emulator.ts';
export type { Effect, Fault } from './faults/fault.ts';
export type { OrderedFault } from './faults/fault-orders.ts';
export { DEMO_CLIENT } from './grants/clients.ts';
export type * from './options.ts';
export type { CostSummary } from './record/cost.ts';
export type { RecordedRequest, RequestKind } from './record/recorded-request.ts';
export { SECRET_MARK } from './secrets.ts';

const DEFAULT_SWITCHES: Switches = {
  accessTokenLifetimeSeconds: 3600,
  refreshTokenLifetimeDays: 28,
  codeLifetimeSeconds: 30,
  rotation: 'strict',
  familyKill: false,
  requestLimit: null,
  operatingLimit: null,
  countingMs: 0,
  emptySelect: 'code',
  listTotals: 'exact',
  userFieldInFails: true,
  restStatuses: 'code',
  tokenScope: 'app',
};

/**
 * Starts Bitrix24 portals and their authorization server on this machine.
 *
 * The README beside this file lists what they imitate, with sources.
 *
 * @throws  `EADDRINUSE` when a requested port is taken, and an error when two portals have the same host
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const context = createContext(options);
  const { log, faults, portals } = context;
  const addresses = options.listenOn ?? loopbackAddresses(portals.all.map(({ host }) => host));
  const stopping = new AbortController();
  // Each delayed request adds a listener to this signal, and there may be hundreds; this avoids the Node warning.
  setMaxListeners(0, stopping.signal);
  const listenTo = (route: typeof routePortals, port = 0) =>
    listen(
      port,
      addresses,
      serve((asked) => route(context, asked), {
        log,
        faults,
        print: options.print ?? (() => undefined),
        stopped: stopping.signal,
      }),
    );

  const portalServer = await listenTo(routePortals, options.portalPort);
  portals.port = portalServer.port;
  const authorizationServer = await listenTo(routeAuthorizationServer, options.authorizationServerPort).catch(
    async (error: unknown) => {
      await portalServer.close();
      throw error;
    },
  );
  context.authorizationServer = `http://localhost:${authorizationServer.port}`;
  context.serverDomain = options.serverDomain ?? `localhost:${authorizationServer.port}`;

  return createEmulator(context, portalServer, async () => {
    stopping.abort();
    faults.clear();
    await Promise.all([portalServer.close(), authorizationServer.close()]);
  });
}

/** Creates everything except the addresses, which are known only when the servers listen. */
function createContext(options: EmulatorOptions): EmulatorContext {
  const clock = createClock(options.now ?? Date.now);
  const switches = readSwitches(options);
  const portals = (options.portals ?? demoPortals()).map((portal) => new Portal(portal));
  return {
    clock,
    switches,
    clients: new Clients(options.clients ?? [DEMO_CLIENT]),
    grants: new Grants(clock, switches),
    portals: new PortalRegistry(portals),
    faults: new FaultOrders(),
    log: new RequestLog(),
    cost: new Cost(),
    buckets: new RequestBuckets(clock, switches),
    operatingTime: new OperatingTime(clock, switches),
    authorizationServer: '',
    serverDomain: '',
  };
}

/** All parts share this one object, so a changed switch takes effect everywhere. */
function readSwitches(options: EmulatorOptions): Switches {
  const names = Object.keys(DEFAULT_SWITCHES) as (keyof Switches)[];
  const given = names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]);
  return { ...DEFAULT_SWITCHES, ...(Object.fromEntries(given) as Partial<Switches>) };
}

function createEmulator(
  context: EmulatorContext,
  portalServer: Listener,
  stop: () => Promise<void>,
): Emulator {
  const { log, cost, clock, faults, clients, switches, buckets } = context;
  return {
    authorizationServer: context.authorizationServer,
    portals: context.portals.all.map((portal) => toEmulatedPortal(context, portal, portalServer)),
    requests: log.requests,
    clearRequests: () => log.clear(),
    cost: () => cost.summary(),
    resetCost: () => cost.reset(),
    advance: (ms) => clock.advance(ms),
    orderFault: (fault) => faults.order(fault),
    clearFaults: () => faults.clear(),
    registerClient: (client) => clients.register(client),
    setRequestLimit: (limit) => {
      switches.requestLimit = limit;
      buckets.empty();
    },
    set: (changes) => {
      Object.assign(switches, changes);
    },
    stop,
  };
}
