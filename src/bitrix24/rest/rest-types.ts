import type { LimitedPortal, Priority, RateLimiter } from '../limits/rate-limiter.ts';
import type { RestError } from './rest-error.ts';

/** A token and the REST root it works at. */
export interface RestAccess {
  accessToken: string;
  /** `client_endpoint`, checked before it was stored. */
  clientEndpoint: string;
}

/** Where access tokens come from. The REST client does not know that a vault keeps them. */
export interface RestTokens<Access extends RestAccess> {
  current(): Promise<Access>;
  /** The access to use after the portal refused the token of `failed`. */
  renewed(failed: Access): Promise<Access>;
  /**
   * The same access at the address that the portal says it has moved to; undefined if that may not be called. `keep`
   * stores the address once the portal has answered there.
   */
  moved?(access: Access, location: URL): { access: Access; keep(): Promise<void> } | undefined;
}

/** The portal whose limits a client keeps to, and the priority of its calls. */
export interface RestLimits {
  limiter: RateLimiter;
  portal: LimitedPortal;
  priority: Priority;
}

/** A parameter tree, as PHP reads it. */
export type Params = { [name: string]: string | number | boolean | null | Params | (string | number)[] };

export interface Command {
  /** Any method of Bitrix24. @see checkMethodName */
  method: string;
  params?: Params;
}
export type Commands<Name extends string> = Record<Name, Command>;

export interface RestAnswer {
  result: unknown;
  /** Of list methods: all rows that match the filter, not those of this page. */
  total?: number | undefined;
  /** Where the next page begins; absent on the last one. */
  next?: number | undefined;
  /** How long the portal took for a command of a batch, where it tells. */
  seconds?: number | undefined;
}

/** One of a batch: its answer, or its own error beside the others' success. */
export type CommandAnswer = RestAnswer | { error: RestError };

export interface RestClient {
  /**
   * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError}
   * @throws {Error}  the method's name is not one
   */
  call(method: string, params?: Params): Promise<RestAnswer>;
  /**
   * The pages of a list method, one after the other. Its `result` is a list or holds one: `{items: []}`, `{tasks: []}`.
   * Throws as `call`.
   *
   * @param params  `start` names the row at which the first page begins; with -1 the portal does not count, and names no
   *                further page (protocol 6.1)
   * @param options.signal  ends the call under way, and throws its reason
   */
  pages(
    method: string,
    params?: Params,
    options?: { signal?: AbortSignal },
  ): AsyncGenerator<RestAnswer, void, undefined>;
  /**
   * Up to 50 commands in one request; the names of `commands` are those of the answers. A command may refer to the result
   * of an earlier one: `$result[list][0][ASSIGNED_BY_ID]` (protocol 6.2). Throws as `call`.
   */
  batch<Name extends string>(commands: Commands<Name>): Promise<Record<Name, CommandAnswer>>;
  /**
   * As many of these commands as the portal's execution time allows: one at least, in their order, all of one method.
   * Throws as `call`.
   */
  batchUpTo(commands: Command[]): Promise<CommandAnswer[]>;
}

/** The answer of a command that must have succeeded. @throws {RestError} */
export function mustSucceed(answer: CommandAnswer): RestAnswer {
  if ('error' in answer) throw answer.error;
  return answer;
}
