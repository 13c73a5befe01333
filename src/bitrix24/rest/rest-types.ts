import type { LimitedPortal, Priority, RateLimiter } from '../limits/rate-limiter.ts';
import type { RestError } from './rest-error.ts';

/** Method names come from here and from nowhere else. */
export type RestMethod =
  | 'crm.company.list'
  | 'crm.company.get'
  | 'crm.company.fields'
  | 'crm.status.list'
  | 'crm.company.contact.items.get'
  | 'crm.contact.list'
  | 'crm.deal.list'
  | 'crm.category.list'
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
  /**
   * The same access at the address that the portal says it has moved to, if that may be called; nothing if not. It is
   * kept once the portal has answered there.
   */
  moved?(access: Access, location: URL): { access: Access; keep(): Promise<void> } | undefined;
}

/** Whose limits a client keeps to, and how urgent its calls are. */
export interface RestLimits {
  limiter: RateLimiter;
  portal: LimitedPortal;
  priority: Priority;
}

/** A parameter tree, as PHP reads it. */
export type Params = { [name: string]: string | number | boolean | null | Params | (string | number)[] };

export interface Command {
  method: RestMethod;
  params?: Params;
}
export type Commands<Name extends string> = Record<Name, Command>;

export interface RestAnswer {
  result: unknown;
  /** With list methods; all that the filter finds, not what this page holds. */
  total?: number | undefined;
  /** How long the portal took, where it tells; of the commands of a batch. */
  seconds?: number | undefined;
}

/** One of a batch: its answer, or its own error beside the others' success. */
export type CommandAnswer = RestAnswer | { error: RestError };

export interface RestClient {
  /** @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError} @throws {PortalLimitedError} */
  call(method: RestMethod, params?: Params): Promise<RestAnswer>;
  /**
   * Up to 50 commands in one request; the names of `commands` are those of the answers. A command may refer to the result
   * of an earlier one: `$result[list][0][ASSIGNED_BY_ID]` (protocol 6.2). Throws as `call`.
   */
  batch<Name extends string>(commands: Commands<Name>): Promise<Record<Name, CommandAnswer>>;
  /**
   * As many of these commands of one method, from the first on, as the portal's budget has room for: one at least. Throws
   * as `call`.
   */
  batchUpTo(commands: Command[]): Promise<CommandAnswer[]>;
}

/** The answer of a command that must have succeeded. @throws {RestError} */
export function mustSucceed(answer: CommandAnswer): RestAnswer {
  if ('error' in answer) throw answer.error;
  return answer;
}
