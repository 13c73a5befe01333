import type { CompanyRow } from './crm/row.ts';
import type { Fault } from './faults/fault.ts';
import type { OrderedFault } from './faults/fault-orders.ts';
import type { ClientOptions, PortalUserOptions, RequestLimit, Switches } from './options.ts';
import type { PortalUser } from './portal/portal.ts';
import type { CostSummary } from './record/cost.ts';
import type { RecordedRequest } from './record/recorded-request.ts';

/** A running emulator, as tests and programs hold it. */
export interface Emulator {
  /** Origin, e.g. `http://localhost:40123`. */
  authorizationServer: string;
  /** In the order of the options. */
  portals: EmulatedPortal[];
  /**
   * What was asked since the start or `clearRequests()`, oldest first: the newest 10,000, parameters of the newest
   * 1,000. One array for good.
   */
  requests: RecordedRequest[];
  clearRequests(): void;
  /** CPU time and pages served since the start or `resetCost()`. */
  cost(): CostSummary;
  resetCost(): void;
  /** Moves the clock that all lifetimes and limits go by. */
  advance(ms: number): void;
  orderFault(fault: Fault): OrderedFault;
  clearFaults(): void;
  /** Adds or replaces an application: tests learn their own port only after the emulator has started. */
  registerClient(client: ClientOptions): void;
  /** Also empties the buckets. */
  setRequestLimit(limit: RequestLimit | null): void;
  /** Moves any of the switches. Lifetimes concern what is issued from then on. */
  set(changes: Partial<Switches>): void;
  /** Closes every connection and lets go whatever a fault holds. */
  stop(): Promise<void>;
}

export interface EmulatedPortal {
  /** Follows `renameTo`. */
  readonly origin: string;
  readonly host: string;
  readonly memberId: string;
  /**
   * The rows as the wire shows them, by ID, multifields included: of a million companies this makes a million.
   * Change them with `putCompany` and `removeCompany`.
   */
  readonly companies: readonly CompanyRow[];
  readonly users: readonly PortalUser[];
  /** Adds a company, or replaces the one with its ID. */
  putCompany(row: CompanyRow): void;
  removeCompany(id: string): void;
  /** A code as if the person had just authorized. */
  issueCode(owner: { clientId: string; userId: number }): string;
  /** A token pair as if a code had just been exchanged. */
  issueTokens(owner: { clientId: string; userId: number }): IssuedTokenSet;
  /** Every access token of this portal is expired from now on; refresh tokens live on. */
  expireAccessTokens(): void;
  /** Ends all chains and codes, of one user or of all: access tokens `invalid_token`, refreshing `invalid_grant`. */
  revokeGrants(userId?: number): void;
  setUnpaid(unpaid: boolean): void;
  /** Removes the application from the portal; its tokens stay dead after a new installation. */
  uninstall(): void;
  install(): void;
  /** The old host answers 302 with the new address. Resolves once the new one is listened to. */
  renameTo(host: string): Promise<void>;
  setUser(id: number, changes: Partial<PortalUserOptions>): void;
}

export interface IssuedTokenSet {
  accessToken: string;
  refreshToken: string;
  expiresAt: Date;
  clientEndpoint: string;
  memberId: string;
  userId: number;
}
