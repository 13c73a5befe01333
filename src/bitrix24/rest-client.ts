import { type HttpClient, UnexpectedResponseError } from '../http.ts';
import { RestError, readRestError } from './rest-error.ts';

/** Nobody waits longer than this for a portal. */
const REST_WAIT_MS = 15_000;
const MAX_BYTES = 5 * 1024 * 1024;

/** Method names come from here and from nowhere else. */
export type RestMethod =
  | 'crm.company.list'
  | 'crm.company.get'
  | 'crm.company.fields'
  | 'crm.status.list'
  | 'user.get'
  | 'profile'
  | 'scope';

/** A token and the REST root it works at. */
export interface RestAccess {
  accessToken: string;
  /** `client_endpoint`, checked before it was stored. */
  clientEndpoint: string;
}

/** Where the tokens come from. The client does not know there is a vault. */
export interface RestTokens<Access extends RestAccess> {
  current(): Promise<Access>;
  /** What to use after `failed` was refused. */
  renewed(failed: Access): Promise<Access>;
}

/** A parameter tree, as PHP reads it. */
export type Params = { [name: string]: string | number | boolean | null | Params | (string | number)[] };

export interface RestAnswer {
  result: unknown;
  /** With list methods; all that the filter finds, not what this page holds. */
  total?: number | undefined;
}

/** One of a batch: its answer, or its own error beside the others' success. */
export type CommandAnswer = RestAnswer | { error: RestError };

export interface RestClient {
  /** @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} */
  call(method: RestMethod, params?: Params): Promise<RestAnswer>;
  /** Up to 50 commands in one request; the names of `commands` are those of the answers. Throws as `call`. */
  batch<Name extends string>(
    commands: Record<Name, { method: RestMethod; params?: Params }>,
  ): Promise<Record<Name, CommandAnswer>>;
}

/** Calls the REST of one portal as one portal user. */
export function createRestClient<Access extends RestAccess>(options: {
  http: HttpClient;
  tokens: RestTokens<Access>;
  /** How long one request may take. */
  waitMs?: number;
}): RestClient {
  const { http, tokens, waitMs = REST_WAIT_MS } = options;

  /** Sends; after `expired_token` or `invalid_token` repeats once with a new token, and never on a timer (protocol 2.6). */
  async function send(method: string, params: Params): Promise<object> {
    const access = await tokens.current();
    try {
      return await sendWith(access, method, params);
    } catch (error) {
      const isWorthRepeating = error instanceof RestError && error.needsNewToken;
      if (!isWorthRepeating) throw error;
      return sendWith(await tokens.renewed(access), method, params);
    }
  }

  async function sendWith(access: RestAccess, method: string, params: Params): Promise<object> {
    const url = new URL(method, access.clientEndpoint);
    // The token travels in the body: it is accepted everywhere there, and shows up in no URL and no access log.
    const { body, status } = await http.postJson(
      url,
      { ...params, auth: access.accessToken },
      { timeoutMs: waitMs, maxBytes: MAX_BYTES },
    );
    if (typeof body !== 'object' || body === null) {
      throw new UnexpectedResponseError(
        'body',
        `${method} answered ${status} with something that is not an object`,
      );
    }
    const error = readRestError(method, body);
    if (error) throw error;
    if (!('result' in body))
      throw new UnexpectedResponseError('result', `${method} answered ${status} without result`);
    return body;
  }

  return {
    async call(method, params = {}) {
      return asAnswer(await send(method, params));
    },
    async batch<Name extends string>(commands: Record<Name, { method: RestMethod; params?: Params }>) {
      const names = Object.keys(commands) as Name[];
      const cmd = Object.fromEntries(
        names.map((name) => [name, `${commands[name].method}?${buildQuery(commands[name].params ?? {})}`]),
      );
      const { result } = asAnswer(await send('batch', { halt: 0, cmd }));
      const outer = asMap(result, 'result');
      const [results, errors, totals] = ['result', 'result_error', 'result_total'].map((key) =>
        asMap(outer[key], key),
      );
      const read = (name: Name): CommandAnswer => {
        const error = errors?.[name];
        if (typeof error === 'object' && error !== null) {
          const refusal = readRestError(commands[name].method, error);
          if (refusal) return { error: refusal };
        }
        if (results?.[name] === undefined) {
          throw new UnexpectedResponseError(name, `the batch has no answer for ${commands[name].method}`);
        }
        return { result: results[name], total: asTotal(totals?.[name]) };
      };
      return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, CommandAnswer>;
    },
  };
}

/** The answer of a command that must have succeeded. @throws {RestError} */
export function mustSucceed(answer: CommandAnswer): RestAnswer {
  if ('error' in answer) throw answer.error;
  return answer;
}

function asAnswer(body: object): RestAnswer {
  return {
    result: 'result' in body ? body.result : undefined,
    total: asTotal('total' in body ? body.total : undefined),
  };
}

/** Totals come as numbers or strings; anything else counts as unknown. */
function asTotal(total: unknown): number | undefined {
  const number =
    typeof total === 'number' || (typeof total === 'string' && total !== '') ? Number(total) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** PHP writes an empty map as `[]` (protocol 6.2). */
function asMap(value: unknown, field: string): Record<string, unknown> {
  if (Array.isArray(value)) return Object.fromEntries(value.entries());
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  if (value === undefined || value === null) return {};
  throw new UnexpectedResponseError(field, `the batch answered no map of ${field}`);
}

/** Writes parameters the way PHP reads them: `filter[%TITLE]=x&select[0]=ID`. */
function buildQuery(params: Params): string {
  const query = new URLSearchParams();
  const add = (name: string, value: Params[string]): void => {
    if (value === null) query.append(name, '');
    else if (typeof value === 'boolean') query.append(name, value ? '1' : '0');
    else if (typeof value !== 'object') query.append(name, String(value));
    else for (const [key, inner] of Object.entries(value)) add(`${name}[${key}]`, inner as Params[string]);
  };
  for (const [name, value] of Object.entries(params)) add(name, value);
  return query.toString();
}
