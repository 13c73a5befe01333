import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { randomId } from '../../random-id.ts';
import {
  blockMethod,
  costOf,
  fitCalls,
  lookAhead,
  type MethodUse,
  OPERATING_LIMIT,
  type OperatingLimit,
  type OperatingOutlook,
  refreshUse,
  reserveCalls,
  secondsLeft,
  settleCalls,
  UNUSED,
} from './operating-budget.ts';
import type { OperatingReport } from './operating-report.ts';
import {
  EMPTY_BUCKET,
  fullBucket,
  placesLeft,
  queueUp,
  type RequestLimit,
  sinceReset,
  takeTurn,
} from './request-bucket.ts';
import { type RequestLimits, USUAL_LIMIT } from './request-limits.ts';

/** What is known about a portal's limits lives with the tokens, so that all replicas go by the same count. */
export interface LimitRecords {
  /**
   * Reads the record of a portal, decides, and writes if nobody was faster; else decides anew.
   *
   * @param decide  gets the time of the store in milliseconds; without `write` nothing is changed
   */
  change<T>(
    memberId: string,
    decide: (current: string | null, now: number) => { write?: string; result: T },
  ): Promise<T>;
}

/** Whose limits. */
export interface LimitedPortal {
  memberId: string;
  host: string;
  hostname: string;
}

/** What shall be asked in one request. */
export interface Asking {
  /** How often each method is called. */
  calls: Map<string, number>;
  /** One of them may be called less often than that, if the budget does not allow all; but once at least. */
  elastic?: string | undefined;
}

/** Who asks: a person who waits for a page, or work that nobody waits for. */
export interface Urgency {
  kind: 'person' | 'background';
  /** Nobody is kept waiting longer; past it there is an error that says how long it would have been. */
  maxWaitMs: number;
  signal?: AbortSignal | undefined;
  /** Told each time the work has to wait, and how long. */
  onWait?: ((ms: number) => void) | undefined;
}

/** A request that may leave now. */
export interface Pass {
  /** How often the elastic method may be called. */
  granted: number;
  /** Say what the answer told, or that nothing can be told any more. */
  done(reports?: Map<string, OperatingReport>): Promise<void>;
  /** The portal has refused for being asked too often. */
  refusedRequest(): Promise<void>;
  /** The portal has refused for the time that `method` has used. */
  refusedMethod(method: string): Promise<void>;
}

export interface RateLimiter {
  /** @throws {PortalLimitedError}  the wait would be longer than `urgency` allows */
  enter(portal: LimitedPortal, asking: Asking, urgency: Urgency): Promise<Pass>;
  /** What a method may still use, for whoever wants to say how long it will take; null where nothing is known. */
  outlook(portal: LimitedPortal, method: string): Promise<OperatingOutlook | null>;
}

/** Which of a portal's two limits: requests in the bucket, or execution time (protocol 5). */
export type LimitKind = 'requests' | 'operating';

/** What a portal leaves us; null where nothing is known, or nothing limited. */
export interface PortalRoom {
  /** Requests that may leave at once. */
  requests: number | null;
  /** Seconds that the method with the least may still use. */
  operatingSeconds: number | null;
}

/** Whom to tell what becomes of those who enter. */
export interface LimiterObserver {
  /** Somebody has passed, after so long. Not told of portals without limits. */
  waited(portal: LimitedPortal, ms: number): void;
  /** Somebody was sent away by us, because the wait would have been too long. */
  turnedAway(portal: LimitedPortal, by: LimitKind): void;
  /** The portal itself has refused, which we are there to avoid. */
  refused(portal: LimitedPortal, by: LimitKind): void;
  /** @param roomIn  what there will be so many milliseconds from now if nobody asks for anything */
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

/** Places in the bucket, and a share of the execution time, that background work leaves to people. */
const PLACES_FOR_PEOPLE = 5;
const SHARE_FOR_BACKGROUND = 0.96;
/** A batch is cut off by our own deadline, and by the portal's; it should be done well before. */
const LONGEST_BATCH_SECONDS = 8;
/** A limit that was learnt from a refusal holds for this long (design.md section 3). */
const LEARNT_MS = 10 * 60_000;
/** Whether a portal without limits has got some meanwhile on another replica, is looked up this often. */
const LOOK_EVERY_MS = 1_000;
/** Those who wait for execution time hear of the same moment, and shall not all come back then. */
const SCATTER_MS = 2_000;
const MAX_PORTALS = 10_000;

const Level = z.object({ level: z.number(), at: z.number() });
const Part = z.object({ seconds: z.number(), until: z.number() });
const Use = z.object({
  spent: z.array(Part),
  reserved: z.array(Part.extend({ id: z.string() })),
  costSeconds: z.number().nullable(),
  blockedUntil: z.number(),
  budgetSeconds: z.number().nullable(),
  toldAt: z.number().nullable().default(null),
});
const Record = z.object({
  v: z.literal(1),
  bucket: Level,
  /** People who were turned away. */
  queue: Level,
  learntUntil: z.number(),
  methods: z.record(z.string(), Use),
});
type Record = z.infer<typeof Record>;

type Decision =
  | { kind: 'pass'; startsInMs: number; granted: number }
  | { kind: 'wait'; waitMs: number; reason?: 'operating' };

/** Keeps all replicas together within what a portal allows: requests in a leaky bucket, execution time per method. */
export function createRateLimiter(options: {
  records: LimitRecords;
  limits: RequestLimits;
  operating?: OperatingLimit;
  observer?: LimiterObserver | undefined;
}): RateLimiter {
  const { records, limits, operating = OPERATING_LIMIT, observer } = options;
  const queues = new Map<string, Promise<unknown>>();
  const lookedUp = new Map<string, { hasRecord: boolean | Promise<boolean>; at: number }>();

  async function enter(portal: LimitedPortal, asking: Asking, urgency: Urgency): Promise<Pass> {
    if (!(await isLimited(portal))) return freePass(portal, asking);
    const id = randomId(6);
    const enteredAt = performance.now();
    const giveUpAt = enteredAt + urgency.maxWaitMs;
    for (;;) {
      urgency.signal?.throwIfAborted();
      const maxWaitMs = Math.max(0, giveUpAt - performance.now());
      const decision = await change(portal, (record, now) =>
        decide(record, now, portal, asking, { ...urgency, maxWaitMs }, id),
      );
      if (decision.kind === 'pass') {
        const pass = passOf(portal, asking, id, decision.granted);
        try {
          await pause(decision.startsInMs, urgency.signal);
        } catch (error) {
          // What was booked for this call is free again.
          await pass.done().catch(() => {});
          throw error;
        }
        observer?.waited(portal, performance.now() - enteredAt);
        return pass;
      }
      if (decision.waitMs > maxWaitMs) {
        observer?.turnedAway(portal, decision.reason ?? 'requests');
        const scatterMs = decision.reason === 'operating' ? Math.random() * SCATTER_MS : 0;
        throw new PortalLimitedError(decision.waitMs + scatterMs, decision.reason);
      }
      urgency.onWait?.(decision.waitMs);
      await pause(decision.waitMs, urgency.signal);
    }
  }

  /** Whether there is anything to keep to. A portal that has never refused nor counted costs no trip to the store. */
  async function isLimited(portal: LimitedPortal): Promise<boolean> {
    if (limits.of(portal) !== undefined) return true;
    const known = lookedUp.get(portal.memberId);
    if (known && performance.now() - known.at < LOOK_EVERY_MS) return known.hasRecord;
    const looking = records.change(portal.memberId, (current) => ({ result: current !== null }));
    noteRecord(portal, looking);
    looking.catch(() => lookedUp.delete(portal.memberId));
    return looking;
  }

  function noteRecord({ memberId }: LimitedPortal, hasRecord: boolean | Promise<boolean>): void {
    if (lookedUp.size >= MAX_PORTALS) lookedUp.clear();
    lookedUp.set(memberId, { hasRecord, at: performance.now() });
  }

  function limitOf(portal: LimitedPortal, record: Record, now: number): RequestLimit | undefined {
    return limits.of(portal) ?? (record.learntUntil > now ? USUAL_LIMIT : undefined);
  }

  function decide(
    record: Record,
    now: number,
    portal: LimitedPortal,
    asking: Asking,
    urgency: Urgency,
    id: string,
  ): { next?: Record; result: Decision } {
    const isBackground = urgency.kind === 'background';
    const share = isBackground ? SHARE_FOR_BACKGROUND : 1;
    const fits = [...asking.calls].map(([method, wanted]) => {
      const use = record.methods[method] ?? UNUSED;
      const most = method === asking.elastic ? Math.min(wanted, longestBatch(use)) : wanted;
      const needed = method === asking.elastic ? 1 : most;
      return { method, ...fitCalls(use, operating, now, { wanted: most, needed, share }) };
    });
    const waitMs = Math.max(...fits.map((fit) => fit.waitMs), 0);
    if (waitMs > 0) return { result: { kind: 'wait', waitMs, reason: 'operating' } };

    const limit = limitOf(portal, record, now);
    const reserve = isBackground && limit ? Math.min(PLACES_FOR_PEOPLE, Math.floor(limit.burst / 10)) : 0;
    // A person takes a place that comes free soon; background work asks again then, so that people come first.
    const maxWaitMs = isBackground ? 0 : urgency.maxWaitMs;
    const turn = limit
      ? takeTurn(record.bucket, limit, now, { maxWaitMs, reserve })
      : { startsInMs: 0, bucket: record.bucket };
    if ('retryAfterMs' in turn) {
      if (isBackground || limit === undefined) return { result: { kind: 'wait', waitMs: turn.retryAfterMs } };
      const { retryAfterMs, queue } = queueUp(record.queue, limit, now, turn.retryAfterMs);
      return { next: { ...record, queue }, result: { kind: 'wait', waitMs: retryAfterMs } };
    }

    const methods = { ...record.methods };
    for (const { method, calls } of fits) {
      methods[method] = reserveCalls(methods[method] ?? UNUSED, id, calls, now);
    }
    const granted = fits.find(({ method }) => method === asking.elastic)?.calls ?? 0;
    const next = { ...record, bucket: turn.bucket, methods };
    const result: Decision = { kind: 'pass', startsInMs: turn.startsInMs, granted };
    // A portal that has neither limits nor counts is soon forgotten.
    return isSame(record, next) ? { result } : { next, result };
  }

  function passOf(portal: LimitedPortal, asking: Asking, id: string, granted: number): Pass {
    const calls = new Map(asking.calls);
    if (asking.elastic !== undefined) calls.set(asking.elastic, granted);
    return {
      granted,
      done: (reports) => settle(portal, calls, id, reports),
      refusedRequest() {
        observer?.refused(portal, 'requests');
        return change(portal, (record, now) => {
          const limit = limits.of(portal) ?? USUAL_LIMIT;
          return {
            next: {
              ...record,
              bucket: fullBucket(record.bucket, limit, now),
              learntUntil: now + LEARNT_MS,
            },
            result: undefined,
          };
        });
      },
      refusedMethod(method) {
        observer?.refused(portal, 'operating');
        return change(portal, (record, now) => ({
          next: withUse(record, method, (use) => blockMethod(use, operating, now)),
          result: undefined,
        }));
      },
    };
  }

  /** For a portal without limits; what it reports may be the first sign of some. */
  function freePass(portal: LimitedPortal, asking: Asking): Pass {
    const granted = asking.elastic === undefined ? 0 : (asking.calls.get(asking.elastic) ?? 0);
    const pass = passOf(portal, asking, '', granted);
    return {
      ...pass,
      async done(reports) {
        const counts = [...(reports?.values() ?? [])].some(({ operating: seconds }) => (seconds ?? 0) > 0);
        if (counts) await pass.done(reports);
      },
    };
  }

  async function settle(
    portal: LimitedPortal,
    calls: Map<string, number>,
    id: string,
    reports: Map<string, OperatingReport> | undefined,
  ): Promise<void> {
    await change(portal, (record, now) => {
      const next = [...calls].reduce(
        (changed, [method, count]) =>
          withUse(changed, method, (use) =>
            settleCalls(use, operating, now, { id, calls: count, report: reports?.get(method) }),
          ),
        record,
      );
      return isSame(record, next) ? { result: undefined } : { next, result: undefined };
    });
  }

  /** One at a time per portal within the process, so that replicas only ever compete with each other. */
  async function change<T>(
    portal: LimitedPortal,
    decideOn: (record: Record, now: number) => { next?: Record; result: T },
  ): Promise<T> {
    const { memberId } = portal;
    const before = queues.get(memberId) ?? Promise.resolve();
    const work = before.then(() =>
      records.change(memberId, (current, now) => {
        const record = parse(current, now);
        const { next, result } = decideOn(record, now);
        observer?.looked(portal, (ms) => roomAt(now + ms, portal, next ?? record));
        return next === undefined ? { result } : { write: JSON.stringify(next), result };
      }),
    );
    const settled = work.then(
      () => noteRecord(portal, true),
      () => {},
    );
    queues.set(memberId, settled);
    try {
      return await work;
    } finally {
      if (queues.get(memberId) === settled) queues.delete(memberId);
    }
  }

  function roomAt(now: number, portal: LimitedPortal, record: Record): PortalRoom {
    const limit = limitOf(portal, record, now);
    const left = Object.values(record.methods).map((use) => secondsLeft(use, operating, now));
    return {
      requests: limit ? placesLeft(record.bucket, limit, now) : null,
      operatingSeconds: left.length > 0 ? Math.min(...left) : null,
    };
  }

  /** Looks without changing anything, so that it need not queue up. */
  function outlook({ memberId }: LimitedPortal, method: string): Promise<OperatingOutlook | null> {
    return records.change(memberId, (current, now) => {
      const use = parse(current, now).methods[method];
      return { result: use ? lookAhead(use, operating, SHARE_FOR_BACKGROUND) : null };
    });
  }

  return { enter, outlook };
}

/** What has lapsed is left out; what cannot be read counts as nothing. */
function parse(text: string | null, now: number): Record {
  try {
    const record = Record.parse(JSON.parse(text ?? ''));
    const methods = Object.entries(record.methods).map(([name, use]) => [name, refreshUse(use, now)]);
    return {
      ...record,
      bucket: sinceReset(record.bucket, now),
      queue: sinceReset(record.queue, now),
      methods: Object.fromEntries(methods),
    };
  } catch {
    return { v: 1, bucket: EMPTY_BUCKET, queue: EMPTY_BUCKET, learntUntil: 0, methods: {} };
  }
}

function withUse(record: Record, method: string, changeUse: (use: MethodUse) => MethodUse): Record {
  return {
    ...record,
    methods: { ...record.methods, [method]: changeUse(record.methods[method] ?? UNUSED) },
  };
}

/** Most answers of a portal that has room change nothing worth writing down. */
function isSame(one: Record, other: Record): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function longestBatch(use: MethodUse): number {
  const cost = costOf(use);
  return cost === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(LONGEST_BATCH_SECONDS / cost));
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
