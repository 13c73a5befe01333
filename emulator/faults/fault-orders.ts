import type { Fault, FaultSite } from './fault.ts';

/** The handle of whoever ordered a fault. */
export interface OrderedFault {
  readonly id: number;
  readonly fault: Fault;
  /** How many requests met it so far. */
  readonly served: number;
  /** Lets everybody go whom a `hold` keeps, now and from now on. */
  release(): void;
  /** No further request meets it; whoever it holds goes on. */
  cancel(): void;
  /** Resolves once `count` requests have met it: a test waits for a held request without sleeping. */
  reached(count?: number): Promise<void>;
}

/** What is known about a request when a fault is looked for. */
export interface FaultSubject {
  on: FaultSite;
  portal?: string | undefined;
  restMethod?: string | undefined;
  grantType?: string | undefined;
  userId?: number | undefined;
}

/** A fault that met a request: what to do, and the gate a `hold` waits at. */
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

  /** The oldest fault that fits, counted as served. One request meets one fault. */
  match(subject: FaultSubject): MatchedFault | undefined {
    return this.#orders.find((order) => order.matches(subject))?.serve();
  }

  /** As `meet`, for a command inside a batch: there, only a refusal makes sense. */
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
