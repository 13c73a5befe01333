import { type CallObserver, nameFailure, observeCall } from '../../http-client/call-observer.ts';
import type { HttpClient } from '../../http-client/http-client.ts';
import { RedirectedError } from '../../http-client/transport-errors.ts';
import type { RequestCost } from '../limits/limit-decisions.ts';
import type { OperatingReport } from '../limits/operating-report.ts';
import type { Permit } from '../limits/rate-limiter.ts';
import { onlyReads } from './method-name.ts';
import { PortalMovedError, RestError } from './rest-error.ts';
import { postToPortal } from './rest-post.ts';
import type { Params, RestAccess, RestLimits, RestTokens } from './rest-types.ts';
import { REQUEST, retry, WRITING_REQUEST } from './retry-policy.ts';

/** With less time than this left, no further try is begun. */
const LEAST_MS = 500;

/** One request, and how its answer is read. */
export interface RestRequest<T> {
  method: string;
  cost: RequestCost;
  /** Ends the request, beside the signal of the client's priority. */
  signal?: AbortSignal | undefined;
  /** @param granted  how often the method of `cost.maxCallsOf` may be called */
  build(granted: number): Params;
  read(body: Record<string, unknown>): ReadAnswer<T>;
}

/** The value of an answer, and what it tells the limiter. */
export interface ReadAnswer<T> {
  value: T;
  reports: Map<string, OperatingReport>;
  /** Methods whose execution time is used up, as answers inside a batch say. */
  refusals: string[];
}

/** Sends a request with a valid token, within the limits, and repeats it where that may help. */
export type Send = <T>(request: RestRequest<T>) => Promise<T>;

interface SenderOptions {
  http: HttpClient;
  limits?: RestLimits | undefined;
  /** How long a request may take, all its repetitions included; of background work, each try. */
  waitMs: number;
  observeCall?: CallObserver | undefined;
}

export function createSender<Access extends RestAccess>(
  options: SenderOptions & { tokens: RestTokens<Access> },
): Send {
  const { tokens } = options;
  return (request) => {
    const time = new TimeLeft(options);
    return withValidToken(tokens, (access) =>
      followingMove(tokens, access, (current) => sendWithRetries(options, request, current, time)),
    );
  };
}

/** After `expired_token` or `invalid_token` repeats once with a new token, and never on a timer (protocol 2.6). */
export async function withValidToken<Access extends RestAccess, T>(
  tokens: RestTokens<Access>,
  send: (access: Access) => Promise<T>,
): Promise<T> {
  const access = await tokens.current();
  try {
    return await send(access);
  } catch (error) {
    const isWorthRepeating = error instanceof RestError && error.needsNewToken;
    if (!isWorthRepeating) throw error;
    return send(await tokens.renewed(access));
  }
}

/** A portal that was renamed answers 302. It is not followed: the new address is checked, then called once (protocol 4). */
export async function followingMove<Access extends RestAccess, T>(
  tokens: RestTokens<Access>,
  access: Access,
  send: (access: Access) => Promise<T>,
): Promise<T> {
  try {
    return await send(access);
  } catch (error) {
    const moved = error instanceof RedirectedError && tokens.moved?.(access, error.location);
    if (!moved) throw error instanceof RedirectedError && tokens.moved ? new PortalMovedError(error) : error;
    const value = await send(moved.access);
    // An address that cannot be stored now is found again by the next call.
    await moved.keep().catch(() => {});
    return value;
  }
}

function sendWithRetries<T>(
  options: SenderOptions,
  request: RestRequest<T>,
  access: RestAccess,
  time: TimeLeft,
): Promise<T> {
  const trySend = async () => {
    // Before the limiter: a call that the circuit breaker refuses uses up none of the portal's limits.
    options.http.assertCircuitClosed(new URL(access.clientEndpoint));
    const permit = await time.queue((maxWaitMs) => acquirePermit(options.limits, request, maxWaitMs));
    return sendOnce(options, request, access, permit, Math.max(1, Math.ceil(time.leftMs())));
  };
  const policy = [...request.cost.calls.keys()].every(onlyReads) ? REQUEST : WRITING_REQUEST;
  return retry(policy, signalOf(options.limits, request), trySend, () => time.leftMs() - LEAST_MS);
}

/**
 * How long one request may still take, for everything together: a new token, a new address, repetitions. Background work
 * has no such deadline: each of its tries may take the whole time, and wait for the limits before.
 */
class TimeLeft {
  readonly #isBackground: boolean;
  readonly #waitMs: number;
  /** By `performance.now()`. */
  readonly #giveUpAt: number;
  /** For a place within the portal's limits. */
  #queueMs: number;

  constructor({ limits, waitMs }: SenderOptions) {
    this.#isBackground = isBackground(limits);
    this.#waitMs = waitMs;
    this.#giveUpAt = performance.now() + waitMs;
    this.#queueMs = limits?.priority.maxWaitMs ?? 0;
  }

  leftMs(): number {
    return this.#isBackground ? this.#waitMs : this.#giveUpAt - performance.now();
  }

  /** Runs a wait for a permit, with what is left of the time for that. */
  async queue<T>(wait: (maxWaitMs: number) => Promise<T>): Promise<T> {
    const queuedAt = performance.now();
    const result = await wait(this.#queueMs);
    if (!this.#isBackground) this.#queueMs = Math.max(0, this.#queueMs - (performance.now() - queuedAt));
    return result;
  }
}

const WITHOUT_LIMITS: Permit = {
  granted: Number.POSITIVE_INFINITY,
  done: async () => {},
  refusedRequest: async () => {},
  refusedMethod: async () => {},
};

async function acquirePermit(
  limits: RestLimits | undefined,
  request: RestRequest<unknown>,
  maxWaitMs: number,
): Promise<Permit> {
  if (limits === undefined) return WITHOUT_LIMITS;
  const { limiter, portal, priority } = limits;
  return limiter.acquire(portal, request.cost, { ...priority, signal: signalOf(limits, request), maxWaitMs });
}

async function sendOnce<T>(
  { http, limits, observeCall: observer }: SenderOptions,
  request: RestRequest<T>,
  access: RestAccess,
  permit: Permit,
  timeoutMs: number,
): Promise<T> {
  const { method } = request;
  let answer: ReadAnswer<T> | undefined;
  try {
    const params = request.build(permit.granted);
    const postLimits = { timeoutMs, mayTakeLong: isBackground(limits), signal: signalOf(limits, request) };
    const body = await observeCall(observer, nameRestFailure, () =>
      postToPortal(http, access, method, params, postLimits),
    );
    answer = request.read(body);
    return answer.value;
  } catch (error) {
    await noteRefusal(permit, method, error);
    throw error;
  } finally {
    // Limiter bookkeeping runs after the answer is returned, but background work waits for it before it goes on.
    const noted = noteAnswer(permit, answer);
    if (isBackground(limits)) await noted;
  }
}

/** The limiter learns from a refusal before the caller can ask again. A store error must not mask the refusal. */
async function noteRefusal(permit: Permit, method: string, error: unknown): Promise<void> {
  if (!(error instanceof RestError)) return;
  if (error.isRequestLimit) await permit.refusedRequest().catch(() => {});
  if (error.isOperatingLimit) await permit.refusedMethod(method).catch(() => {});
}

/** Never rejects: an answer counts even when the limiter cannot take it in. */
async function noteAnswer(permit: Permit, answer: ReadAnswer<unknown> | undefined): Promise<void> {
  await Promise.allSettled([
    permit.done(answer?.reports),
    ...(answer?.refusals ?? []).map((method) => permit.refusedMethod(method)),
  ]);
}

function signalOf(
  limits: RestLimits | undefined,
  { signal }: { signal?: AbortSignal | undefined },
): AbortSignal | undefined {
  const ofPriority = limits?.priority.signal;
  return signal && ofPriority ? AbortSignal.any([signal, ofPriority]) : (signal ?? ofPriority);
}

function isBackground(limits: RestLimits | undefined): boolean {
  return limits?.priority.kind === 'background';
}

/** An expired token is no failure of the portal. */
function nameRestFailure(error: unknown): string {
  return error instanceof RestError && error.needsNewToken ? 'token_refused' : nameFailure(error);
}
