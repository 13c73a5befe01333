import type { CompanyRow } from './crm/row.ts';
import type { Fault } from './faults/fault.ts';
import type { OrderedFault } from './faults/fault-orders.ts';
import type { ClientOptions, PortalUserOptions, RequestLimit, Switches } from './options.ts';
import type { PortalUser } from './portal/portal.ts';
import type { CostSummary } from './record/cost.ts';
import type { RecordedRequest } from './record/recorded-request.ts';

/** A running emulator: the interface for tests and programs. */
export interface Emulator {
  /** Origin, e.g. `http://localhost:40123`. */
  authorizationServer: string;
  /** In the order of `EmulatorOptions.portals`. */
  portals: EmulatedPortal[];
  /**
   * Requests received since the start or `clearRequests()`, oldest first: the newest 10,000, with parameters for the
   * newest 1,000. Always the same array object.
   */
  requests: RecordedRequest[];
  clearRequests(): void;
  /** CPU time and number of pages served since the start or `resetCost()`. */
  cost(): CostSummary;
  resetCost(): void;
  /** Moves the clock that all lifetimes and limits use. */
  advance(ms: number): void;
  orderFault(fault: Fault): OrderedFault;
  clearFaults(): void;
  /**
   * Adds an application, or replaces the one with the same client id. A test knows its own port only after the
   * emulator has started.
   */
  registerClient(client: ClientOptions): void;
  /** Sets the limit of section 5 and empties all buckets; null switches it off. */
  setRequestLimit(limit: RequestLimit | null): void;
  /** Changes switches while the emulator runs. A changed lifetime applies to codes and tokens issued afterwards. */
  set(changes: Partial<Switches>): void;
  /** Closes every connection and releases all requests that a fault holds. */
  stop(): Promise<void>;
}

export interface EmulatedPortal {
  /** Changes with `renameTo`. */
  readonly origin: string;
  readonly host: string;
  readonly memberId: string;
  /**
   * The rows in the wire format, ordered by ID, multifields included. For a generated portal this generates every
   * row. To change rows, call `putCompany` and `removeCompany`.
   */
  readonly companies: readonly CompanyRow[];
  readonly users: readonly PortalUser[];
  /** Adds a company, or replaces the one with the same ID. */
  putCompany(row: CompanyRow): void;
  removeCompany(id: string): void;
  /** Issues a code as if the portal user had just authorized the application. */
  issueCode(owner: { clientId: string; userId: number }): string;
  /** Issues a token pair as if a code had just been exchanged. */
  issueTokens(owner: { clientId: string; userId: number }): IssuedTokenSet;
  /** Makes every access token of this portal expire now; refresh tokens stay valid. */
  expireAccessTokens(): void;
  /**
   * Revokes all token families and codes of one user, or of all users. Afterwards access tokens get `invalid_token`
   * and refresh requests get `invalid_grant`.
   */
  revokeGrants(userId?: number): void;
  setUnpaid(unpaid: boolean): void;
  /** Removes the application from the portal. Tokens issued before stay invalid after a new installation. */
  uninstall(): void;
  install(): void;
  /**
   * Renames the portal; the old host then answers 302 with the new address. Resolves when the emulator listens on the
   * new host.
   */
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
