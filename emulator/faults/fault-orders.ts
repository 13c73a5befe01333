import type { Fault, FaultSite } from './fault.ts';

/** Handle of an ordered fault. */
export interface OrderedFault {
  readonly id: number;
  readonly fault: Fault;
  /** Number of requests that this fault was applied to. */
  readonly served: number;
  /** Lets all requests continue that a `hold` stopped, and those that it would stop later. */
  release(): void;
  /** The fault applies to no further request; held requests continue. */
  cancel(): void;
  /**
   * Resolves when the fault was applied to `count` requests, so a test can wait for a held request without sleeping.
   */
  reached(count?: number): Promise<void>;
}

/** Properties of a request that a fault is matched against. */
export interface FaultSubject {
  on: FaultSite;
  portal?: string | undefined;
  restMethod?: string | undefined;
  grantType?: string | undefined;
  userId?: number | undefined;
}

/** A fault that matched a request: its effect, and the promise that a `hold` waits for. */
export interface MatchedFault {
  effect: Fault['effect'];
  released: Promise<void>;
}

export class FaultOrders {
  #orders: Order[] = [];
  #lastId = 0;

  order(fault: Fault): OrderedFault {
    this.#lastId += 1;
    const order = new Order(this.#lastId, fault, (done) => {
      this.#orders = this.#orders.filter((other) => other !== done);
    });
    this.#orders.push(order);
    return order;
  }

  find(id: number): OrderedFault | undefined {
    return this.#orders.find((order) => order.id === id);
  }

  /** The oldest matching fault; counts it as served. At most one fault applies to a request. */
  match(subject: FaultSubject): MatchedFault | undefined {
    return this.#orders.find((order) => order.matches(subject))?.serve();
  }

  /** As `match`, for a command inside a batch. Only the effect `error` is possible there. */
  matchInBatch(subject: FaultSubject): MatchedFault | undefined {
    return this.#orders
      .find(
        (order) => order.fault.effect.type === 'error' && order.fault.restMethod && order.matches(subject),
      )
      ?.serve();
  }

  clear(): void {
    for (const order of [...this.#orders]) order.cancel();
  }
}

class Order implements OrderedFault {
  readonly id: number;
  readonly fault: Fault;
  #served = 0;
  #cancelled = false;
  readonly #released: Promise<void>;
  #open: () => void = () => undefined;
  readonly #forget: (order: Order) => void;
  #watchers: { count: number; resolve: () => void }[] = [];

  constructor(id: number, fault: Fault, forget: (order: Order) => void) {
    this.id = id;
    this.fault = fault;
    this.#forget = forget;
    this.#released = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get served(): number {
    return this.#served;
  }

  matches(subject: FaultSubject): boolean {
    const { on, portal, restMethod, grantType, userId, times = 1 } = this.fault;
    return (
      !this.#cancelled &&
      this.#served < times &&
      on === subject.on &&
      (portal === undefined || portal === subject.portal) &&
      (restMethod === undefined || restMethod.toLowerCase() === subject.restMethod?.toLowerCase()) &&
      (grantType === undefined || grantType === subject.grantType) &&
      (userId === undefined || userId === subject.userId)
    );
  }

  serve(): MatchedFault {
    this.#served += 1;
    for (const watcher of this.#watchers) {
      if (this.#served >= watcher.count) watcher.resolve();
    }
    return { effect: this.fault.effect, released: this.#released };
  }

  release(): void {
    this.#open();
  }

  cancel(): void {
    this.#cancelled = true;
    this.release();
    this.#forget(this);
  }

  reached(count = 1): Promise<void> {
    if (this.#served >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watchers.push({ count, resolve });
    });
  }
}
