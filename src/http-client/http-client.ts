import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import type { AppError } from '../errors.ts';
import { CircuitBreakers, type CircuitObserver } from './circuit-breaker.ts';
import { Deadline } from './deadline.ts';
import { noProxyAtAll, type ProxyFor } from './outgoing-proxy.ts';
import { isPrivateLiteral, NOT_PUBLIC, publicLookup } from './public-addresses.ts';
import { AGENT_OPTIONS, createRoutes, type Route } from './routes.ts';
import {
  CircuitOpenError,
  RedirectedError,
  TransportError,
  UnexpectedResponseError,
} from './transport-errors.ts';
import { PROXY_FAILURE } from './tunnel-agent.ts';

/** What bounds one outgoing call. */
export interface CallLimits {
  /** From the first byte sent to the last one read. axios' own `timeout` does not stop a trickle (measured, L9). */
  timeoutMs: number;
  /** Counted after inflation, so a gzip bomb ends early (measured, L12). */
  maxBytes: number;
  /** Cancels the call. */
  signal?: AbortSignal | undefined;
  /** The question is a large one: a long wait for its answer says nothing about the health of the host. */
  mayTakeLong?: boolean;
}

/** An answer that arrived whole and was JSON. The caller judges the status. */
export interface HttpAnswer {
  status: number;
  body: unknown;
}

/** The answer to a probe. */
export interface ProbeAnswer {
  status: number;
  /** The `Date` header: the clock of the host, to the second. */
  date: Date | undefined;
  /** Where a redirect leads; undefined when it names no valid address. */
  location: URL | undefined;
  /** The beginning of the body. */
  text: string;
}

/** Makes all outgoing HTTP calls of the app; nothing else in src opens a connection to a portal or an authorization server. */
export interface HttpClient {
  /**
   * @throws {TransportError}           no answer within the limits
   * @throws {UnexpectedResponseError}  an answer that is not JSON, too large, or a redirect
   */
  postForm(url: URL, fields: Record<string, string>, limits: CallLimits): Promise<HttpAnswer>;
  /** As `postForm`, with a JSON body. */
  postJson(url: URL, body: object, limits: CallLimits): Promise<HttpAnswer>;
  /**
   * Asks whether the host answers, with a GET that carries no data of ours. Any answer counts: a redirect is reported,
   * and of a long body only the first `maxBytes` are read.
   *
   * @throws {TransportError}  no answer within the limits
   */
  probe(url: URL, limits: CallLimits): Promise<ProbeAnswer>;
  /**
   * For callers that spend something before the call, such as a permit of the rate limiter.
   *
   * @throws {CircuitOpenError}  the circuit breaker of the host is open, and it is not yet time for a probe
   */
  assertCircuitClosed(url: URL): void;
  close(): void;
}

/** A host that does not answer within this is failing. A caller with a shorter deadline was only in a hurry. */
const LONG_WAIT_MS = 5_000;

const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
const JSON_TYPE = 'application/json';

/** A body as it is sent. */
interface Body {
  type: typeof FORM | typeof JSON_TYPE;
  text: string;
}

/** Failures that happen before the first byte of a request can leave: no address, no connection, no trust. */
const NEVER_SENT =
  /^(EPROXY_|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EADDRNOTPUBLIC|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_)/;
/** An established connection can end with these codes too, so the system call that reports the code decides. */
const MAYBE_SENT = /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)/;

/**
 * Creates the client: no redirects, no proxies but those of the settings, strict JSON, total deadlines, a circuit breaker for
 * each origin.
 *
 * @param options.mayBePrivate  hosts named in the configuration may have private addresses; a host that only matches
 *                              a pattern may not, whatever its DNS says at the moment of connecting
 * @param options.proxyFor      the proxy of a call, which then looks the name up in our place; none when absent
 * @param options.now           milliseconds; the clock of the circuit breakers
 */
export function createHttpClient(options: {
  mayBePrivate: (hostname: string) => boolean;
  proxyFor?: ProxyFor;
  now?: () => number;
  observeCircuits?: CircuitObserver | undefined;
}): HttpClient {
  const circuits = new CircuitBreakers({ now: options.now, observe: options.observeCircuits });
  const agents = createAgents(options.mayBePrivate);
  const client = createAxios(agents);
  const routes = createRoutes(options.proxyFor ?? noProxyAtAll);

  function requirePublic(url: URL): void {
    if (!options.mayBePrivate(url.hostname) && isPrivateLiteral(url.hostname)) {
      throw new TransportError(url.host, NOT_PUBLIC, { timedOut: false, neverSent: true });
    }
  }

  async function post(url: URL, body: Body, limits: CallLimits): Promise<HttpAnswer> {
    requirePublic(url);
    passCircuitBreaker(url);
    try {
      const answer = await postOnce(client, url, routes.to(url), body, limits);
      circuits.succeeded(url.origin);
      return answer;
    } catch (error) {
      if (isHostFailure(error, limits)) circuits.failed(url.origin, error);
      else if (error instanceof UnexpectedResponseError) circuits.succeeded(url.origin);
      throw error;
    }
  }

  /** @throws {CircuitOpenError} the circuit is open, and another call is the probe */
  function passCircuitBreaker(url: URL): void {
    const lastFailure = circuits.beforeCall(url.origin);
    if (lastFailure !== undefined) throw new CircuitOpenError(url.host, lastFailure);
  }

  return {
    async probe(url, limits) {
      requirePublic(url);
      return probeOnce(client, url, routes.to(url), limits);
    },
    assertCircuitClosed(url) {
      const lastFailure = circuits.failureIfOpen(url.origin);
      if (lastFailure !== undefined) throw new CircuitOpenError(url.host, lastFailure);
    },
    postForm: (url, fields, limits) =>
      post(url, { type: FORM, text: new URLSearchParams(fields).toString() }, limits),
    postJson: (url, body, limits) => post(url, { type: JSON_TYPE, text: JSON.stringify(body) }, limits),
    close() {
      agents.http.destroy();
      agents.https.destroy();
      routes.close();
    },
  };
}

interface Agents {
  http: http.Agent;
  https: https.Agent;
}

function createAgents(mayBePrivate: (hostname: string) => boolean): Agents {
  const options = { ...AGENT_OPTIONS, lookup: publicLookup(mayBePrivate) };
  return {
    http: new http.Agent(options),
    // Written out, so that no variable of the environment can turn the check of certificates off.
    https: new https.Agent({ ...options, rejectUnauthorized: true }),
  };
}

/** There is no `baseURL`: each call names its whole address, so no path can lead to another host (L13). */
function createAxios(agents: Agents): AxiosInstance {
  return axios.create({
    adapter: 'http',
    httpAgent: agents.http,
    httpsAgent: agents.https,
    headers: { accept: JSON_TYPE, 'user-agent': 'bitrix24-companies/0.1' },
    // A 307 would carry the client secret to another host (measured, L10).
    maxRedirects: 0,
    // Else axios reads the environment itself. What the settings name comes with each call, see `createRoutes`.
    proxy: false,
    validateStatus: () => true,
    // axios would return broken JSON as text, without an error (measured, L11); `parseJson` is strict.
    responseType: 'text',
    transitional: { forcedJSONParsing: false },
    // Bodies are texts when they come here; axios would parse a JSON text once more to check it.
    transformRequest: [],
  });
}

async function postOnce(
  client: AxiosInstance,
  url: URL,
  route: Route,
  body: Body,
  { timeoutMs, maxBytes, signal }: CallLimits,
): Promise<HttpAnswer> {
  if (signal?.aborted) throw cancelled(url.host, { neverSent: true });
  const deadline = new Deadline(timeoutMs, signal);
  let response: AxiosResponse<unknown>;
  try {
    response = await client.post(url.href, body.text, {
      ...route,
      headers: { ...route.headers, 'content-type': body.type },
      maxContentLength: maxBytes,
      signal: deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw cancelled(url.host, { neverSent: false });
    throw asTransportError(url.host, error, deadline.aborted, route);
  } finally {
    deadline.clear();
  }
  refuseWordsOfProxy(url, route, response.status);
  return { status: response.status, body: parseJson(url, response) };
}

async function probeOnce(
  client: AxiosInstance,
  url: URL,
  route: Route,
  { timeoutMs, maxBytes }: CallLimits,
): Promise<ProbeAnswer> {
  const deadline = new Deadline(timeoutMs);
  try {
    const response: AxiosResponse<Readable> = await client.get(url.href, {
      ...route,
      responseType: 'stream',
      signal: deadline,
    });
    refuseWordsOfProxy(url, route, response.status);
    const { date, location } = response.headers;
    return {
      status: response.status,
      date: Number.isNaN(Date.parse(date)) ? undefined : new Date(date),
      location:
        location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined,
      text: await readBeginning(response.data, maxBytes),
    };
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw asTransportError(url.host, error, deadline.aborted, route);
  } finally {
    deadline.clear();
  }
}

/** A proxy wants a password: of plain http it is the proxy that answers this, never the host. */
function refuseWordsOfProxy({ host }: URL, route: Route, status: number): void {
  if (route.proxy && status === 407) {
    throw new TransportError(host, `${PROXY_FAILURE}407`, { timedOut: false, neverSent: true });
  }
}

function cancelled(host: string, { neverSent }: { neverSent: boolean }): TransportError {
  return new TransportError(host, 'cancelled', { timedOut: false, neverSent, wasCancelled: true });
}

/**
 * Whether a failure says something about the host rather than about the question. One portal user's question that a
 * firewall refuses, or whose answer is too large, must not open the circuit for all users.
 */
function isHostFailure(error: unknown, limits: CallLimits): error is Error {
  if (error instanceof UnexpectedResponseError) return (error.answerStatus ?? 0) >= 500;
  if (!(error instanceof TransportError) || error.wasCancelled || error.why === NOT_PUBLIC) return false;
  return !error.isTimeout || (limits.timeoutMs >= LONG_WAIT_MS && !limits.mayTakeLong);
}

/** Reads at most `maxBytes` of a body; leaving the loop closes the connection of a body that goes on. */
async function readBeginning(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxBytes) break;
    }
  } catch {
    // The body broke off, or the deadline passed: status and headers have arrived, which is what a probe asks for.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString();
}

function parseJson({ host, href }: URL, response: AxiosResponse<unknown>): unknown {
  const { location } = response.headers;
  const isRedirect = response.status >= 300 && response.status < 400 && location !== undefined;
  if (isRedirect && URL.canParse(location, href)) {
    throw new RedirectedError(host, response.status, new URL(location, href));
  }
  try {
    return JSON.parse(String(response.data));
  } catch {
    throw new UnexpectedResponseError(
      'body',
      `${host} answered ${response.status} without readable JSON`,
      response.status,
    );
  }
}

/** Takes only the code of an axios error: the rest of it contains body, headers and URL (measured, L8). */
function asTransportError(host: string, error: unknown, timedOut: boolean, route: Route): AppError {
  const code = axios.isAxiosError(error) && error.code !== undefined ? error.code : 'unknown failure';
  if (timedOut) return new TransportError(host, 'deadline passed', { timedOut: true, neverSent: false });
  if (code === 'ERR_BAD_RESPONSE') {
    return new UnexpectedResponseError('body', `${host} answered more than we read, or broke off`);
  }
  const neverSent = wasNeverSent(code, error);
  // Of plain http it is the proxy that we connect to, so it is the proxy that cannot be reached.
  const why = route.proxy && neverSent ? `${PROXY_FAILURE}${code}` : code;
  return new TransportError(host, why, { timedOut: false, neverSent });
}

function wasNeverSent(code: string, error: unknown): boolean {
  if (NEVER_SENT.test(code)) return true;
  const { syscall } = (error instanceof Error ? (error.cause ?? error) : {}) as NodeJS.ErrnoException;
  return MAYBE_SENT.test(code) && syscall === 'connect';
}
