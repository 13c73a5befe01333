import { type LimitRecord, useOf, withUse } from './limit-record.ts';
import {
  blockMethod,
  costOf,
  fitCalls,
  forecastUse,
  type MethodUse,
  type OperatingForecast,
  type OperatingLimit,
  reserveCalls,
  secondsLeft,
  settleCalls,
} from './operating-budget.ts';
import type { OperatingReport } from './operating-report.ts';
import { fullBucket, placesLeft, queueUp, type RequestLimit, takeTurn } from './request-bucket.ts';
import { USUAL_LIMIT } from './request-limits.ts';

/** What one request asks of a portal's limits. */
export interface RequestCost {
  /** How often each method is called. */
  calls: Map<string, number>;
  /**
   * A method whose number in `calls` is a maximum: where the budget does not allow all of them, fewer are granted, one at
   * least.
   */
  maxCallsOf?: string | undefined;
}

/** A request that waits for its permit. */
export interface PendingRequest {
  /** Books its execution time, until the answer tells what was used. */
  id: string;
  cost: RequestCost;
  /** Whether a person waits for the answer. */
  kind: 'person' | 'background';
  maxWaitMs: number;
}

/** The limits of one portal. */
export interface PortalLimits {
  /** As configured; undefined for a portal that has no limit until it refuses. */
  requests: RequestLimit | undefined;
  operating: OperatingLimit;
}

/** Which of a portal's two limits: requests in the bucket, or execution time (protocol 5). */
export type LimitKind = 'requests' | 'operating';

/** What a portal has left; null where nothing is known, or nothing limited. */
export interface PortalRoom {
  /** Requests that may leave at once. */
  requests: number | null;
  /** Seconds that the method with the least may still use. */
  operatingSeconds: number | null;
}

export type Decision =
  | { kind: 'permit'; startsInMs: number; granted: number }
  | { kind: 'wait'; waitMs: number; by: LimitKind };

/** What becomes of a record: without `next` it stays as it is. */
export interface LimitChange<T> {
  next?: LimitRecord;
  result: T;
}

/** Places in the bucket that background work leaves to people. */
const PLACES_FOR_PEOPLE = 5;
/** The share of the execution time that background work may use; people have the rest. */
const SHARE_FOR_BACKGROUND = 0.96;
/** A batch is cut off by our own deadline, and by the portal's; it should end long before that. */
const LONGEST_BATCH_SECONDS = 8;
/** A limit that was learnt from a refusal holds for this long (design.md section 3). */
const LEARNT_MS = 10 * 60_000;

/** Decides whether a request may leave, and books it if so. Execution time comes first: a place that is taken stays taken. */
export function decide(
  record: LimitRecord,
  now: number,
  limits: PortalLimits,
  request: PendingRequest,
): LimitChange<Decision> {
  const fits = fitMethods(record, now, limits.operating, request);
  const waitMs = Math.max(0, ...fits.map((fit) => fit.waitMs));
  if (waitMs > 0) return { result: { kind: 'wait', waitMs, by: 'operating' } };

  const limit = requestLimitOf(record, now, limits);
  const turn = limit ? takePlace(record, now, limit, request) : { startsInMs: 0, bucket: record.bucket };
  if ('retryAfterMs' in turn) return turnAway(record, now, limit, request, turn.retryAfterMs);

  const booked = fits.reduce(
    (changed, { method, calls }) =>
      withUse(changed, method, (use) => reserveCalls(use, request.id, calls, now)),
    { ...record, bucket: turn.bucket },
  );
  const granted = fits.find(({ method }) => method === request.cost.maxCallsOf)?.calls ?? 0;
  return changeTo(booked, record, { kind: 'permit', startsInMs: turn.startsInMs, granted });
}

/** How many calls of each method the budget has room for now, or how long until it has. */
function fitMethods(
  record: LimitRecord,
  now: number,
  operating: OperatingLimit,
  { cost, kind }: PendingRequest,
): { method: string; calls: number; waitMs: number }[] {
  const share = kind === 'background' ? SHARE_FOR_BACKGROUND : 1;
  return [...cost.calls].map(([method, calls]) => {
    const use = useOf(record, method);
    const isMaximum = method === cost.maxCallsOf;
    const wanted = isMaximum ? Math.min(calls, longestBatch(use)) : calls;
    const needed = isMaximum ? 1 : wanted;
    return { method, ...fitCalls(use, operating, now, { wanted, needed, share }) };
  });
}

function longestBatch(use: MethodUse): number {
  const cost = costOf(use);
  return cost === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(LONGEST_BATCH_SECONDS / cost));
}

/** A person takes a place that comes free soon; background work asks again then, so that people come first. */
function takePlace(
  record: LimitRecord,
  now: number,
  limit: RequestLimit,
  { kind, maxWaitMs }: PendingRequest,
) {
  return kind === 'background'
    ? takeTurn(record.bucket, limit, now, {
        maxWaitMs: 0,
        reserve: Math.min(PLACES_FOR_PEOPLE, Math.floor(limit.burst / 10)),
      })
    : takeTurn(record.bucket, limit, now, { maxWaitMs, reserve: 0 });
}

/** People who are turned away queue up, so that each is told a moment of their own; background work just waits. */
function turnAway(
  record: LimitRecord,
  now: number,
  limit: RequestLimit | undefined,
  { kind }: PendingRequest,
  waitMs: number,
): LimitChange<Decision> {
  if (kind === 'background' || limit === undefined)
    return { result: { kind: 'wait', waitMs, by: 'requests' } };
  const { retryAfterMs, queue } = queueUp(record.queue, limit, now, waitMs);
  return { next: { ...record, queue }, result: { kind: 'wait', waitMs: retryAfterMs, by: 'requests' } };
}

/** Takes in what an answer says of the calls that were booked under `id`; without reports the booking just ends. */
export function settle(
  record: LimitRecord,
  now: number,
  operating: OperatingLimit,
  answered: { id: string; calls: Map<string, number>; reports: Map<string, OperatingReport> | undefined },
): LimitChange<undefined> {
  const { id, calls, reports } = answered;
  const settled = [...calls].reduce(
    (changed, [method, count]) =>
      withUse(changed, method, (use) =>
        settleCalls(use, operating, now, { id, calls: count, report: reports?.get(method) }),
      ),
    record,
  );
  return changeTo(settled, record, undefined);
}

/** The portal refused a request (QUERY_LIMIT_EXCEEDED): its bucket is full, and it has a limit if it had none. */
export function noteRefusedRequest(record: LimitRecord, now: number, limits: PortalLimits): LimitRecord {
  const limit = limits.requests ?? USUAL_LIMIT;
  return { ...record, bucket: fullBucket(record.bucket, limit, now), learntUntil: now + LEARNT_MS };
}

/** The portal refused a method for the execution time that it has used (OPERATION_TIME_LIMIT). */
export function noteRefusedMethod(
  record: LimitRecord,
  now: number,
  operating: OperatingLimit,
  method: string,
): LimitRecord {
  return withUse(record, method, (use) => blockMethod(use, operating, now));
}

export function roomOf(record: LimitRecord, now: number, limits: PortalLimits): PortalRoom {
  const limit = requestLimitOf(record, now, limits);
  const left = Object.values(record.methods).map((use) => secondsLeft(use, limits.operating, now));
  return {
    requests: limit ? placesLeft(record.bucket, limit, now) : null,
    operatingSeconds: left.length > 0 ? Math.min(...left) : null,
  };
}

/** What background work may still use of a method; null where nothing is known. */
export function forecastMethod(
  record: LimitRecord,
  operating: OperatingLimit,
  method: string,
): OperatingForecast | null {
  const use = record.methods[method];
  return use ? forecastUse(use, operating, SHARE_FOR_BACKGROUND) : null;
}

function requestLimitOf(record: LimitRecord, now: number, limits: PortalLimits): RequestLimit | undefined {
  return limits.requests ?? (record.learntUntil > now ? USUAL_LIMIT : undefined);
}

/** Most answers of a portal that has room change nothing; then nothing is written, and the record may lapse. */
function changeTo<T>(next: LimitRecord, before: LimitRecord, result: T): LimitChange<T> {
  return JSON.stringify(next) === JSON.stringify(before) ? { result } : { next, result };
}
