import { type CallObserver, nameFailure, observeCall } from '../../http-client/call-observer.ts';
import type { HttpClient } from '../../http-client/http-client.ts';
import { RedirectedError, UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import type { OperatingReport } from '../limits/operating-report.ts';
import type { Pass } from '../limits/rate-limiter.ts';
import { RestError, readRestError } from './rest-error.ts';
import type { Params, RestAccess, RestLimits, RestTokens } from './rest-types.ts';
import { REQUEST, retry } from './retry-policy.ts';

const MAX_BYTES = 5 * 1024 * 1024;
/** With less time than this left, no further try is begun. */
const LEAST_MS = 500;

/** How long somebody still waits, for everything together. */
interface Patience {
  /** By `performance.now()`. */
  giveUpAt: number;
  /** For a place in the queue of the portal. */
  queueMs: number;
}

/** What an answer holds, and what the limiter wants to know of it. */
interface Read<T> {
  value: T;
  reports: Map<string, OperatingReport>;
  /** Methods whose execution time is used up, as answers inside a batch say. */
  refusals: string[];
}

/** How a request is made, and how its answer is read. */
interface Sending<T> {
  /** A method of which fewer calls will do; see `batchUpTo`. */
  elastic?: string;
  /** @param granted  how many calls of the elastic method there is room for */
  build(granted: number): Params;
  read(body: Record<string, unknown>): Read<T>;
}

/** Sends a request with a token that works, within the limits, and once more where that may help. */
export type Send = <T>(method: string, calls: Map<string, number>, sending: Sending<T>) => Promise<T>;

const NO_LIMITS: Pass = {
  granted: Number.POSITIVE_INFINITY,
  done: async () => {},
  refusedRequest: async () => {},
  refusedMethod: async () => {},
};

export function createSender<Access extends RestAccess>(options: {
  http: HttpClient;
  tokens: RestTokens<Access>;
  limits?: RestLimits | undefined;
  waitMs: number;
  observeCall?: CallObserver | undefined;
}): Send {
  const { http, tokens, limits, waitMs } = options;
  const signal = limits?.urgency.signal;

  /** After `expired_token` or `invalid_token` repeats once with a new token, and never on a timer (protocol 2.6). */
  async function send<T>(method: string, calls: Map<string, number>, sending: Sending<T>): Promise<T> {
    // One patience for all that may become of it: a new token, a new address, repetitions.
    const patience = { giveUpAt: performance.now() + waitMs, queueMs: limits?.urgency.maxWaitMs ?? 0 };
    const access = await tokens.current();
    try {
      return await sendAndFollow(access, method, calls, sending, patience);
    } catch (error) {
      const isWorthRepeating = error instanceof RestError && error.needsNewToken;
      if (!isWorthRepeating) throw error;
      return sendAndFollow(await tokens.renewed(access), method, calls, sending, patience);
    }
  }

  /** A portal that was renamed answers 302. It is not followed: the new address is checked, then called once (protocol 4). */
  async function sendAndFollow<T>(
    access: Access,
    method: string,
    calls: Map<string, number>,
    sending: Sending<T>,
    patience: Patience,
  ): Promise<T> {
    try {
      return await sendPatiently(access, method, calls, sending, patience);
    } catch (error) {
      const moved = error instanceof RedirectedError && tokens.moved?.(access, error.location);
      if (!moved) throw error;
      const value = await sendPatiently(moved.access, method, calls, sending, patience);
      // If it cannot be kept just now, the next call is sent there once more.
      await moved.keep().catch(() => {});
      return value;
    }
  }

  async function sendPatiently<T>(
    access: RestAccess,
    method: string,
    calls: Map<string, number>,
    sending: Sending<T>,
    patience: Patience,
  ): Promise<T> {
    // Waiting for background work is free; what a person waits for has one deadline.
    const leftMs = () => (isBackground() ? waitMs : patience.giveUpAt - performance.now());
    const trySend = async () => {
      // Before the limiter: a call that the circuit breaker refuses uses up none of the portal's limits.
      http.assertCircuitClosed(new URL(access.clientEndpoint));
      const queuedAt = performance.now();
      const pass = await enter(calls, sending.elastic, patience.queueMs);
      if (!isBackground()) patience.queueMs = Math.max(0, patience.queueMs - (performance.now() - queuedAt));
      return sendOnce(access, method, sending, pass, Math.max(1, Math.ceil(leftMs())));
    };
    return retry(REQUEST, signal, trySend, () => leftMs() - LEAST_MS);
  }

  function isBackground(): boolean {
    return limits?.urgency.kind === 'background';
  }

  async function enter(
    calls: Map<string, number>,
    elastic: string | undefined,
    maxWaitMs: number,
  ): Promise<Pass> {
    if (limits === undefined) return NO_LIMITS;
    const { limiter, portal, urgency } = limits;
    return limiter.enter(portal, { calls, elastic }, { ...urgency, maxWaitMs });
  }

  async function sendOnce<T>(
    access: RestAccess,
    method: string,
    sending: Sending<T>,
    pass: Pass,
    timeoutMs: number,
  ): Promise<T> {
    let read: Read<T> | undefined;
    try {
      const params = sending.build(pass.granted);
      const body = await observeCall(options.observeCall, nameRestFailure, () =>
        post(access, method, params, timeoutMs),
      );
      read = sending.read(body);
      return read.value;
    } catch (error) {
      if (error instanceof RestError && error.isRequestLimit) await pass.refusedRequest().catch(() => {});
      if (error instanceof RestError && error.isOperatingLimit) {
        await pass.refusedMethod(method).catch(() => {});
      }
      throw error;
    } finally {
      // Whoever waits for the answer does not wait for the books.
      const booked = Promise.all([
        pass.done(read?.reports),
        ...(read?.refusals ?? []).map((refused) => pass.refusedMethod(refused)),
      ]);
      booked.catch(() => {});
      if (isBackground()) await booked.catch(() => {});
    }
  }

  async function post(
    access: RestAccess,
    method: string,
    params: Params,
    timeoutMs: number,
  ): Promise<Record<string, unknown>> {
    const url = new URL(method, access.clientEndpoint);
    // The token travels in the body: it is accepted everywhere there, and shows up in no URL and no access log.
    const { body, status } = await http.postJson(
      url,
      { ...params, auth: access.accessToken },
      {
        timeoutMs,
        maxBytes: MAX_BYTES,
        ...(isBackground() ? { mayTakeLong: true } : {}),
        ...(signal ? { signal } : {}),
      },
    );
    if (typeof body !== 'object' || body === null) {
      throw new UnexpectedResponseError(
        'body',
        `${method} answered ${status} with something that is not an object`,
        status,
      );
    }
    const error = readRestError(method, body);
    if (error) throw error;
    if (!('result' in body)) {
      throw new UnexpectedResponseError('result', `${method} answered ${status} without result`, status);
    }
    return body as Record<string, unknown>;
  }

  return send;
}

/** A token that has lapsed is no trouble of the portal's. */
function nameRestFailure(error: unknown): string {
  return error instanceof RestError && error.needsNewToken ? 'token_refused' : nameFailure(error);
}
