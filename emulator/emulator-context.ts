import type { Clock } from './clock.ts';
import type { FaultOrders } from './faults/fault-orders.ts';
import type { Clients } from './grants/clients.ts';
import type { Grants } from './grants/grants.ts';
import type { Switches } from './options.ts';
import type { PortalRegistry } from './portal/portal-registry.ts';
import type { Cost } from './record/cost.ts';
import type { RequestLog } from './record/request-log.ts';
import type { OperatingTime } from './rest/operating-time.ts';
import type { RequestBuckets } from './rest/request-buckets.ts';

/** State shared by all servers of one emulator. */
export interface EmulatorContext {
  clock: Clock;
  switches: Switches;
  clients: Clients;
  grants: Grants;
  portals: PortalRegistry;
  faults: FaultOrders;
  log: RequestLog;
  cost: Cost;
  buckets: RequestBuckets;
  operatingTime: OperatingTime;
  /** Origin of the authorization server. */
  authorizationServer: string;
  /** Name of the authorization server in `server_domain` of redirects and `domain` of token responses. */
  serverDomain: string;
}
