import type { CallObserver } from '../../http-client/call-observer.ts';
import type { HttpClient } from '../../http-client/http-client.ts';
import { readFinish, readOperating } from '../limits/operating-report.ts';
import type { LimitedPortal, RateLimiter, Urgency } from '../limits/rate-limiter.ts';
import { buildBatch, MAX_COMMANDS, readBatch, readTotal } from './batch.ts';
import type { RestError } from './rest-error.ts';
import { createSender } from './rest-sender.ts';

/** Nobody waits longer than this for a portal. */
const REST_WAIT_MS = 15_000;

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
  urgency: Urgency;
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

/** Calls the REST of one portal as one portal user. */
export function createRestClient<Access extends RestAccess>(options: {
  http: HttpClient;
  tokens: RestTokens<Access>;
  limits?: RestLimits | undefined;
  /** How long anybody waits for an answer, repetitions included. */
  waitMs?: number | undefined;
  observeCall?: CallObserver | undefined;
}): RestClient {
  const send = createSender({ ...options, waitMs: options.waitMs ?? REST_WAIT_MS });

  return {
    async call(method, params = {}) {
      const body = await send(method, new Map([[method, 1]]), {
        build: () => params,
        read: (answer) => ({
          value: answer,
          reports: new Map([[method, readOperating([answer.time], undefined)]]),
          refusals: [],
        }),
      });
      return { result: body.result, total: readTotal(body.total) };
    },

    batch: (commands) =>
      send('batch', countMethods(Object.values(commands)), {
        build: () => buildBatch(commands),
        read: (body) => readAnswers(commands, body),
      }),

    async batchUpTo(commands) {
      const first = commands.slice(0, MAX_COMMANDS);
      const [{ method } = { method: 'profile' }] = first;
      let named: Commands<string> = {};
      const answers = await send('batch', new Map([[method, first.length]]), {
        elastic: method,
        build(granted) {
          named = Object.fromEntries(first.slice(0, granted).map((command, index) => [`c${index}`, command]));
          return buildBatch(named);
        },
        read: (body) => readAnswers(named, body),
      });
      return Object.values(answers);
    },
  };
}

/** The answers by name, what they tell of execution time, and which methods were refused for it. */
function readAnswers<Name extends string>(commands: Commands<Name>, body: Record<string, unknown>) {
  const { answers, times } = readBatch(commands, body.result);
  const names = Object.keys(commands) as Name[];
  const finishAt = readFinish(body.time);
  const methods = [...new Set(names.map((name) => commands[name].method))];
  const reports = methods.flatMap((method) => {
    const own = names.filter((name) => commands[name].method === method && !('error' in answers[name]));
    const ownTimes = own.map((name) => times[name]);
    return own.length === 0 ? [] : [[method, readOperating(ownTimes, finishAt)] as const];
  });
  const refusals = names.flatMap((name) => {
    const answer = answers[name];
    const isRefused = 'error' in answer && answer.error.isOperatingLimit;
    return isRefused ? [commands[name].method] : [];
  });
  return { value: answers, reports: new Map(reports), refusals: [...new Set(refusals)] };
}

function countMethods(commands: Command[]): Map<string, number> {
  const calls = new Map<string, number>();
  for (const { method } of commands) calls.set(method, (calls.get(method) ?? 0) + 1);
  return calls;
}

/** The answer of a command that must have succeeded. @throws {RestError} */
export function mustSucceed(answer: CommandAnswer): RestAnswer {
  if ('error' in answer) throw answer.error;
  return answer;
}
