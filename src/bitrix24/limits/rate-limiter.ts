import { AppError } from '../../errors.ts';
import { randomId } from '../../random-id.ts';
import { pause } from '../../timing.ts';
import {
  type Decision,
  decide,
  forecastMethod,
  type LimitChange,
  type LimitKind,
  noteRefusedMethod,
  noteRefusedRequest,
  type PendingRequest,
  type PortalLimits,
  type PortalRoom,
  type RequestCost,
  roomOf,
  settle,
} from './limit-decisions.ts';
import type { LimitRecord } from './limit-record.ts';
import { OPERATING_LIMIT, type OperatingForecast, type OperatingLimit } from './operating-budget.ts';
import type { OperatingReport } from './operating-report.ts';
import type { RequestLimits } from './request-limits.ts';
import { type LimitRecords, SharedLimits } from './shared-limits.ts';

/** The portal whose limits are kept to. */
export interface LimitedPortal {
  memberId: string;
  host: string;
  hostname: string;
}

/** How urgent a request is, and how long it may wait. */
export interface Priority {
  /** `person`: a page waits for the answer. `background`: no page does. */
  kind: 'person' | 'background';
  /** Where the wait would be longer, `acquire` throws an error that says how long it would have been. */
  maxWaitMs: number;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** Called before each wait. */
  onWait?: ((ms: number) => void) | undefined;
}

/** A request that may leave now. */
export interface Permit {
  /** How often the method of `maxCallsOf` may be called; 0 without one. */
  granted: number;
  /** Ends the request: takes in what the answer says of execution time, or that no answer came. */
  done(reports?: Map<string, OperatingReport>): Promise<void>;
  /** The portal refused the request with QUERY_LIMIT_EXCEEDED. */
  refusedRequest(): Promise<void>;
  /** The portal refused the method with OPERATION_TIME_LIMIT. */
  refusedMethod(method: string): Promise<void>;
}

export interface RateLimiter {
  /**
   * Waits until a request may leave.
   *
   * @throws {PortalLimitedError}  the wait would be longer than the priority allows
   * @throws the reason of the priority's signal
   */
  acquire(portal: LimitedPortal, cost: RequestCost, priority: Priority): Promise<Permit>;
  /** What background work may still use of a method, for an estimate of how long it will take; null where nothing is known. */
  forecast(portal: LimitedPortal, method: string): Promise<OperatingForecast | null>;
}

/** Told what becomes of the requests that ask for a permit. */
export interface LimiterObserver {
  /** A request got its permit after so long. Not told of portals without limits. */
  waited(portal: LimitedPortal, ms: number): void;
  /** A request got no permit, because the wait would have been too long. */
  turnedAway(portal: LimitedPortal, by: LimitKind): void;
  /** The portal refused a request that had a permit, which the limiter exists to prevent. */
  refused(portal: LimitedPortal, by: LimitKind): void;
  /** @param roomIn  what the portal will have left so many milliseconds from now, without further requests */
  looked(portal: LimitedPortal, roomIn: (ms: number) => PortalRoom): void;
}

/** The portal's limits leave no room just now. */
export class PortalLimitedError extends AppError {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, reason?: 'operating') {
    super(`no room within the limits of the portal for ${Math.ceil(retryAfterMs)} ms`, {
      code: 'portal_limited',
      status: 503,
      ...(reason ? { reason } : {}),
      retryAfterSeconds: Math.ceil(retryAfterMs / 1000),
    });
    this.retryAfterMs = retryAfterMs;
  }
}

/** All that wait for execution time are told the same moment; varied by this, so that they do not all come back then. */
const SCATTER_MS = 2_000;

/** Keeps all replicas together within what a portal allows: requests in a leaky bucket, execution time per method. */
export function createRateLimiter(options: {
  records: LimitRecords;
  limits: RequestLimits;
  operating?: OperatingLimit;
  observer?: LimiterObserver | undefined;
}): RateLimiter {
  return new PortalRateLimiter(options);
}

class PortalRateLimiter implements RateLimiter {
  readonly #shared: SharedLimits;
  readonly #limits: RequestLimits;
  readonly #operating: OperatingLimit;
  readonly #observer: LimiterObserver | undefined;

  constructor({
    records,
    limits,
    operating = OPERATING_LIMIT,
    observer,
  }: {
    records: LimitRecords;
    limits: RequestLimits;
    operating?: OperatingLimit;
    observer?: LimiterObserver | undefined;
  }) {
    this.#shared = new SharedLimits(records);
    this.#limits = limits;
    this.#operating = operating;
    this.#observer = observer;
  }

  async acquire(portal: LimitedPortal, cost: RequestCost, priority: Priority): Promise<Permit> {
    const isLimited =
      this.#limits.of(portal) !== undefined || (await this.#shared.hasRecord(portal.memberId));
    return isLimited ? this.#waitForPermit(portal, cost, priority) : this.#unlimitedPermit(portal, cost);
  }

  forecast({ memberId }: LimitedPortal, method: string): Promise<OperatingForecast | null> {
    return this.#shared.read(memberId, (record) => forecastMethod(record, this.#operating, method));
  }

  async #waitForPermit(portal: LimitedPortal, cost: RequestCost, priority: Priority): Promise<Permit> {
    const { kind, signal, onWait } = priority;
    const id = randomId(6);
    const askedAt = performance.now();
    for (;;) {
      signal?.throwIfAborted();
      const maxWaitMs = Math.max(0, askedAt + priority.maxWaitMs - performance.now());
      const decision = await this.#ask(portal, { id, cost, kind, maxWaitMs });
      if (decision.kind === 'permit') {
        const permit = this.#permit(portal, cost, id, decision.granted);
        await this.#waitForStart(permit, decision.startsInMs, signal);
        this.#observer?.waited(portal, performance.now() - askedAt);
        return permit;
      }
      if (decision.waitMs > maxWaitMs) throw this.#turnAway(portal, decision);
      onWait?.(decision.waitMs);
      await pause(decision.waitMs, signal);
    }
  }

  #ask(portal: LimitedPortal, request: PendingRequest): Promise<Decision> {
    return this.#change(portal, (record, now) => decide(record, now, this.#limitsOf(portal), request));
  }

  /** A permit whose place comes free a little later. */
  async #waitForStart(permit: Permit, ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await pause(ms, signal);
    } catch (error) {
      // The request is not sent, so the execution time that was booked for it is free again.
      await permit.done().catch(() => {});
      throw error;
    }
  }

  #turnAway(portal: LimitedPortal, { waitMs, by }: { waitMs: number; by: LimitKind }): PortalLimitedError {
    this.#observer?.turnedAway(portal, by);
    return by === 'operating'
      ? new PortalLimitedError(waitMs + Math.random() * SCATTER_MS, by)
      : new PortalLimitedError(waitMs);
  }

  #permit(portal: LimitedPortal, { calls, maxCallsOf }: RequestCost, id: string, granted: number): Permit {
    const granteds = new Map(calls);
    if (maxCallsOf !== undefined) granteds.set(maxCallsOf, granted);
    return {
      granted,
      done: (reports) =>
        this.#change(portal, (record, now) =>
          settle(record, now, this.#operating, { id, calls: granteds, reports }),
        ),
      refusedRequest: () => {
        this.#observer?.refused(portal, 'requests');
        return this.#write(portal, (record, now) => noteRefusedRequest(record, now, this.#limitsOf(portal)));
      },
      refusedMethod: (method) => {
        this.#observer?.refused(portal, 'operating');
        return this.#write(portal, (record, now) => noteRefusedMethod(record, now, this.#operating, method));
      },
    };
  }

  /** For a portal without limits. Only an answer that counts execution time begins a record. */
  #unlimitedPermit(portal: LimitedPortal, cost: RequestCost): Permit {
    const granted = cost.maxCallsOf === undefined ? 0 : (cost.calls.get(cost.maxCallsOf) ?? 0);
    const permit = this.#permit(portal, cost, '', granted);
    return {
      ...permit,
      async done(reports) {
        const counts = [...(reports?.values() ?? [])].some(({ operating }) => (operating ?? 0) > 0);
        if (counts) await permit.done(reports);
      },
    };
  }

  #write(portal: LimitedPortal, next: (record: LimitRecord, now: number) => LimitRecord): Promise<void> {
    return this.#change(portal, (record, now) => ({ next: next(record, now), result: undefined }));
  }

  #change<T>(
    portal: LimitedPortal,
    decideOn: (record: LimitRecord, now: number) => LimitChange<T>,
  ): Promise<T> {
    return this.#shared.change(portal.memberId, (record, now) => {
      const change = decideOn(record, now);
      const known = change.next ?? record;
      this.#observer?.looked(portal, (ms) => roomOf(known, now + ms, this.#limitsOf(portal)));
      return change;
    });
  }

  #limitsOf(portal: LimitedPortal): PortalLimits {
    return { requests: this.#limits.of(portal), operating: this.#operating };
  }
}
