import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import axios, { AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import ipaddr from 'ipaddr.js';
import { AppError } from '../errors.ts';
import { Circuits } from './circuit-breaker.ts';
import { Deadline } from './deadline.ts';

/** What bounds one outgoing call. */
export interface CallLimits {
  /** From the first byte sent to the last one read. axios' own `timeout` does not stop a trickle (measured, L9). */
  timeoutMs: number;
  /** Counted after inflation, so a gzip bomb ends early (measured, L12). */
  maxBytes: number;
  /** Breaks the call off when nobody wants its answer any more. */
  signal?: AbortSignal | undefined;
  /** Much was asked for: that it takes long says nothing of how the neighbour is. */
  mayTakeLong?: boolean;
}

/** An answer that arrived whole and held JSON. The status is the caller's to judge. */
export interface HttpAnswer {
  status: number;
  body: unknown;
}

/** What somebody answered to a plain question. */
export interface ProbeAnswer {
  status: number;
  /** The `Date` header: their clock, to the second. */
  date: Date | undefined;
  /** Where a redirect leads, unless it leads nowhere. */
  location: URL | undefined;
  /** The beginning of the body. */
  text: string;
}

/** The only door to the network. */
export interface HttpClient {
  /**
   * @throws {TransportError}           no answer within the limits
   * @throws {UnexpectedResponseError}  an answer that is not JSON, too large, or a redirect
   */
  postForm(url: URL, fields: Record<string, string>, limits: CallLimits): Promise<HttpAnswer>;
  /** As `postForm`, with a JSON body. */
  postJson(url: URL, body: object, limits: CallLimits): Promise<HttpAnswer>;
  /**
   * Asks whether somebody is there, with a GET that carries nothing of ours. Any answer will do: a redirect is reported,
   * and of a long body only the first `maxBytes` are read.
   *
   * @throws {TransportError}  no answer within the limits
   */
  probe(url: URL, limits: CallLimits): Promise<ProbeAnswer>;
  /**
   * Before anything is spent on a call.
   *
   * @throws {CircuitOpenError}  the neighbour is sick, and it is not yet time to find out more
   */
  requireWell(url: URL): void;
  close(): void;
}

/** Nobody answered, or not in time. */
export class TransportError extends AppError {
  /** True when the request provably did not leave us, so that sending it again is safe. */
  readonly neverSent: boolean;
  /** In one word of the system: `ECONNREFUSED`, `CERT_HAS_EXPIRED` … */
  readonly why: string;

  /** True when whoever asked did not want to wait any longer. */
  readonly wasCancelled: boolean;

  constructor(
    host: string,
    cause: string,
    options: { timedOut: boolean; neverSent: boolean; wasCancelled?: boolean },
  ) {
    super(`${host} did not answer: ${cause}`, {
      code: options.timedOut ? 'portal_timeout' : 'portal_failed',
      status: options.timedOut ? 504 : 502,
    });
    this.wasCancelled = options.wasCancelled ?? false;
    this.neverSent = options.neverSent;
    this.why = cause;
  }
}

/** It failed several times in a row, and is asked by one caller a second until it is well. Nothing was sent. */
export class CircuitOpenError extends TransportError {
  constructor(host: string, lastFailure: Error) {
    const timedOut = lastFailure instanceof TransportError && lastFailure.isTimeout;
    super(host, 'it failed several times in a row', { timedOut, neverSent: true });
  }
}

/** Somebody answered, but not what the documents promise. */
export class UnexpectedResponseError extends AppError {
  /** What was wrong: a field's name, or `body`. */
  readonly field: string;
  /** The HTTP status of the answer, where it is known. */
  readonly answerStatus: number | undefined;

  constructor(field: string, message: string, answerStatus?: number) {
    super(message, { code: 'portal_failed', status: 502 });
    this.field = field;
    this.answerStatus = answerStatus;
  }
}

/** Somebody sends us elsewhere. Nobody goes there before the new address was checked. */
export class RedirectedError extends UnexpectedResponseError {
  // Private: an address may hold anything, and no log shall show it.
  readonly #location: URL;

  constructor(host: string, status: number, location: URL) {
    super('status', `${host} answered ${status}, a redirect we do not follow`, status);
    this.#location = location;
  }

  /** Where it leads. */
  get location(): URL {
    return this.#location;
  }
}

/** Connections to one origin: so many at once, and so many kept for the next call. */
const CONNECTIONS = 100;
const IDLE_CONNECTIONS = 32;
/** Shorter than servers keep them, so that a call rarely goes out on a connection that is just being closed. */
const IDLE_MS = 15_000;
/** As axios sets it for each call: two that differ would be told to the kernel in turn, again and again. */
const KEEP_ALIVE_MS = 60_000;

/** Whoever does not answer within this is sick; sooner, somebody just did not want to wait. */
const LONG_WAIT_MS = 5_000;

const HEADERS = { accept: 'application/json', 'user-agent': 'bitrix24-companies/0.1' };
const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
const JSON_TYPE = 'application/json';

/** What differs from call to call. */
interface OwnSettings {
  body?: Body;
  responseType: 'text' | 'stream';
  /** -1: what we read ourselves, we bound ourselves. */
  maxContentLength: number;
  signal: Deadline;
}

/** A body as it is sent. */
interface Body {
  type: typeof FORM | typeof JSON_TYPE;
  text: string;
}

const NOT_PUBLIC = 'EADDRNOTPUBLIC';
/** Failures that happen before the first byte of a request can leave: no address, no connection, no trust. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EADDRNOTPUBLIC|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_)/;
/** A connection that works can end with these as well, so it matters who says so. */
const MAYBE_SENT = /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)/;

/**
 * Opens the outgoing door: no redirects (a 307 would carry the client secret elsewhere, L10), no proxies from the
 * environment, strict JSON, total deadlines.
 *
 * @param options.mayBePrivate  hosts named in the configuration may have private addresses; a host that only matches
 *                              a pattern may not, whatever its DNS says at the moment of connecting
 * @param options.now           milliseconds, for how long a sick neighbour is left in peace
 */
export function createHttpClient(options: {
  mayBePrivate: (hostname: string) => boolean;
  now?: () => number;
}): HttpClient {
  const circuits = new Circuits(options.now);
  const agentOptions = {
    keepAlive: true,
    maxSockets: CONNECTIONS,
    maxFreeSockets: IDLE_CONNECTIONS,
    timeout: IDLE_MS,
    keepAliveMsecs: KEEP_ALIVE_MS,
    lookup: publicLookup(options.mayBePrivate),
  };
  const agents = {
    http: new http.Agent(agentOptions),
    // Written out, so that no variable of the environment can turn the check of certificates off.
    https: new https.Agent({ ...agentOptions, rejectUnauthorized: true }),
  };
  /** axios, called with settings that are whole: merging them with its own takes a third of what a call costs. */
  const request = axios.getAdapter('http');

  function send(
    method: 'get' | 'post',
    url: URL,
    { body, responseType, maxContentLength, signal }: OwnSettings,
  ): Promise<AxiosResponse> {
    const settings: InternalAxiosRequestConfig = {
      method,
      url: url.href,
      headers: new AxiosHeaders(body ? { ...HEADERS, 'content-type': body.type } : HEADERS),
      data: body?.text,
      responseType,
      maxContentLength,
      signal,
      httpAgent: agents.http,
      httpsAgent: agents.https,
      proxy: false,
      maxRedirects: 0,
      validateStatus: () => true,
    };
    // As axios does it: whatever somebody has put into `Object.prototype` shall be no setting.
    return request(Object.assign(Object.create(null), settings));
  }

  function requirePublic(url: URL): void {
    if (options.mayBePrivate(url.hostname)) return;
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) && !isPublicAddress(literal)) {
      throw new TransportError(url.host, NOT_PUBLIC, { timedOut: false, neverSent: true });
    }
  }

  async function post(url: URL, body: Body, limits: CallLimits): Promise<HttpAnswer> {
    requirePublic(url);
    refuseWhileSick(url);
    try {
      const answer = await postOnce(url, body, limits);
      circuits.succeeded(url.origin);
      return answer;
    } catch (error) {
      if (isSickness(error, limits)) circuits.failed(url.origin, error);
      else if (error instanceof UnexpectedResponseError) circuits.succeeded(url.origin);
      throw error;
    }
  }

  /** @throws {CircuitOpenError} the neighbour is sick, and it is not our turn to find out more */
  function refuseWhileSick(url: URL): void {
    const lastFailure = circuits.refusal(url.origin);
    if (lastFailure !== undefined) throw new CircuitOpenError(url.host, lastFailure);
  }

  async function postOnce(url: URL, body: Body, limits: CallLimits): Promise<HttpAnswer> {
    if (limits.signal?.aborted) throw cancelled(url.host, { neverSent: true });
    const deadline = new Deadline(limits.timeoutMs, limits.signal);
    let response: AxiosResponse<unknown>;
    try {
      response = await send('post', url, {
        body,
        responseType: 'text',
        maxContentLength: limits.maxBytes,
        signal: deadline,
      });
    } catch (error) {
      if (limits.signal?.aborted) throw cancelled(url.host, { neverSent: false });
      throw asTransportError(url.host, error, deadline.aborted);
    } finally {
      deadline.clear();
    }
    return { status: response.status, body: parseJson(url, response) };
  }

  async function probe(url: URL, limits: CallLimits): Promise<ProbeAnswer> {
    requirePublic(url);
    const deadline = new Deadline(limits.timeoutMs);
    try {
      const response: AxiosResponse<Readable> = await send('get', url, {
        responseType: 'stream',
        maxContentLength: -1,
        signal: deadline,
      });
      const { date, location } = response.headers;
      return {
        status: response.status,
        date: Number.isNaN(Date.parse(date)) ? undefined : new Date(date),
        location:
          location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined,
        text: await readBeginning(response.data, limits.maxBytes),
      };
    } catch (error) {
      throw asTransportError(url.host, error, deadline.aborted);
    } finally {
      deadline.clear();
    }
  }

  return {
    probe,
    requireWell(url) {
      const lastFailure = circuits.peek(url.origin);
      if (lastFailure !== undefined) throw new CircuitOpenError(url.host, lastFailure);
    },
    postForm: (url, fields, limits) =>
      post(url, { type: FORM, text: new URLSearchParams(fields).toString() }, limits),
    postJson: (url, body, limits) => post(url, { type: JSON_TYPE, text: JSON.stringify(body) }, limits),
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function cancelled(host: string, { neverSent }: { neverSent: boolean }): TransportError {
  return new TransportError(host, 'cancelled', { timedOut: false, neverSent, wasCancelled: true });
}

/**
 * Whether a failure tells something about the neighbour rather than about what was asked: one person's question, which a
 * firewall dislikes or whose answer is too large, shall not keep the others out.
 */
function isSickness(error: unknown, limits: CallLimits): error is Error {
  if (error instanceof UnexpectedResponseError) return (error.answerStatus ?? 0) >= 500;
  if (!(error instanceof TransportError) || error.wasCancelled || error.why === NOT_PUBLIC) return false;
  return !error.isTimeout || (limits.timeoutMs >= LONG_WAIT_MS && !limits.mayTakeLong);
}

/** What arrives of a body; leaving the loop ends the connection of one that goes on. */
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
    // It broke off, or the deadline passed: the answer itself has been heard.
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

/** Only the code of an axios error goes on: the rest holds body, headers and URL (L8). */
function asTransportError(host: string, error: unknown, timedOut: boolean): AppError {
  const code = axios.isAxiosError(error) && error.code !== undefined ? error.code : 'unknown failure';
  if (timedOut) return new TransportError(host, 'deadline passed', { timedOut: true, neverSent: false });
  if (code === 'ERR_BAD_RESPONSE') {
    return new UnexpectedResponseError('body', `${host} answered more than we read, or broke off`);
  }
  return new TransportError(host, code, { timedOut: false, neverSent: wasNeverSent(code, error) });
}

function wasNeverSent(code: string, error: unknown): boolean {
  if (NEVER_SENT.test(code)) return true;
  const { syscall } = (error instanceof Error ? (error.cause ?? error) : {}) as NodeJS.ErrnoException;
  return MAYBE_SENT.test(code) && syscall === 'connect';
}

/** DNS that refuses private answers at the moment of connecting, which is what stops DNS rebinding. */
function publicLookup(mayBePrivate: (hostname: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      if (!mayBePrivate(hostname) && !addresses.every(({ address }) => isPublicAddress(address))) {
        const refusal = Object.assign(new Error(`${hostname} has no public address`), {
          code: NOT_PUBLIC,
        });
        return callback(refusal, '', 0);
      }
      const [first] = addresses;
      if (options.all || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function isPublicAddress(address: string): boolean {
  // ::127.0.0.1, an old way to write IPv4 in IPv6, counts as unicast there; nothing public lives in ::/96 any more.
  return ipaddr.process(address).range() === 'unicast' && !isIPv4Compatible(address);
}

function isIPv4Compatible(address: string): boolean {
  return (
    ipaddr.IPv6.isValid(address) &&
    ipaddr.IPv6.parse(address)
      .parts.slice(0, 6)
      .every((part) => part === 0)
  );
}
