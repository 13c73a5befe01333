import type { CallObserver } from '../../http-client/call-observer.ts';
import type { HttpClient } from '../../http-client/http-client.ts';
import { readFinish, readOperating } from '../limits/operating-report.ts';
import { buildBatch, MAX_COMMANDS, readBatch, readCount } from './batch.ts';
import { readPages } from './pages.ts';
import { createSender } from './rest-sender.ts';
import type {
  Command,
  Commands,
  Params,
  RestAccess,
  RestAnswer,
  RestClient,
  RestLimits,
  RestTokens,
} from './rest-types.ts';

/** The longest a person waits for a portal. */
const REST_WAIT_MS = 15_000;

/** Calls the REST of one portal as one portal user. */
export function createRestClient<Access extends RestAccess>(options: {
  http: HttpClient;
  tokens: RestTokens<Access>;
  limits?: RestLimits | undefined;
  /** How long a request may take, its repetitions included. */
  waitMs?: number | undefined;
  observeCall?: CallObserver | undefined;
}): RestClient {
  const send = createSender({ ...options, waitMs: options.waitMs ?? REST_WAIT_MS });

  /** The whole body of the answer, checked for a `result`. */
  const sendCall = (method: string, params: Params, signal?: AbortSignal): Promise<Record<string, unknown>> =>
    send({
      method,
      cost: { calls: new Map([[method, 1]]) },
      signal,
      build: () => params,
      read: (body) => ({
        value: body,
        reports: new Map([[method, readOperating([body.time], undefined)]]),
        refusals: [],
      }),
    });

  return {
    call: async (method, params = {}) => asAnswer(await sendCall(method, params)),

    pages: (method, params = {}, { signal } = {}) =>
      readPages(
        async (start) => {
          const paged = start === undefined ? params : { ...params, start };
          const body = await sendCall(method, paged, signal);
          return { answer: asAnswer(body), next: body.next };
        },
        params,
        signal,
      ),

    batch: (commands) =>
      send({
        method: 'batch',
        cost: { calls: countMethods(Object.values(commands)) },
        build: () => buildBatch(commands),
        read: (body) => readAnswers(commands, body),
      }),

    async batchUpTo(commands) {
      const first = commands.slice(0, MAX_COMMANDS);
      const [{ method } = { method: 'profile' }] = first;
      let named: Commands<string> = {};
      const answers = await send({
        method: 'batch',
        cost: { calls: new Map([[method, first.length]]), maxCallsOf: method },
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

function asAnswer({ result, total, next }: Record<string, unknown>): RestAnswer {
  return { result, total: readCount(total), next: readCount(next) };
}

/** The answers by name, the execution time that they report, and the methods that were refused for it. */
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
