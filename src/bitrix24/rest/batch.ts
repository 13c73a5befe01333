import { UnexpectedResponseError } from '../../http-client/transport-errors.ts';
import { checkMethodName } from './method-name.ts';
import { readRestError } from './rest-error.ts';
import type { CommandAnswer, Commands, Params } from './rest-types.ts';

/** Commands in one request (protocol 5). */
export const MAX_COMMANDS = 50;

/** The parameters of `batch`: each command as `method?query`. @throws {Error}  a method's name is not one */
export function buildBatch(commands: Commands<string>): Params {
  const cmd = Object.entries(commands).map(([name, { method, params }]) => [
    name,
    `${checkMethodName(method)}?${buildQuery(params ?? {})}`,
  ]);
  return { halt: 0, cmd: Object.fromEntries(cmd) };
}

/** The answer of each command, and its `time`. */
export interface BatchAnswer<Name extends string> {
  answers: Record<Name, CommandAnswer>;
  times: Record<Name, unknown>;
}

/**
 * Reads the `result` of a batch. It is a success even when every command in it has failed.
 *
 * @throws {UnexpectedResponseError}  a command has neither an answer nor an error
 */
export function readBatch<Name extends string>(commands: Commands<Name>, result: unknown): BatchAnswer<Name> {
  const outer = asMap(result, 'result');
  const [results, errors, totals, nexts, times] = [
    'result',
    'result_error',
    'result_total',
    'result_next',
    'result_time',
  ].map((key) => asMap(outer[key], key));
  const names = Object.keys(commands) as Name[];
  const read = (name: Name): CommandAnswer => {
    const error = errors?.[name];
    if (typeof error === 'object' && error !== null) {
      const refusal = readRestError(commands[name].method, error, { isOfCommand: true });
      if (refusal) return { error: refusal };
    }
    if (results?.[name] === undefined) {
      throw new UnexpectedResponseError(name, `the batch has no answer for ${commands[name].method}`);
    }
    return {
      result: results[name],
      total: readCount(totals?.[name]),
      next: readCount(nexts?.[name]),
      seconds: readSeconds(times?.[name]),
    };
  };
  return {
    answers: Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, CommandAnswer>,
    times: Object.fromEntries(names.map((name) => [name, times?.[name]])) as Record<Name, unknown>,
  };
}

/** `duration` of a command's `time`. */
function readSeconds(time: unknown): number | undefined {
  const duration =
    typeof time === 'object' && time !== null && 'duration' in time ? time.duration : undefined;
  return typeof duration === 'number' && duration >= 0 ? duration : undefined;
}

/** `total` and `next` come as numbers or strings; anything else counts as unknown. */
export function readCount(value: unknown): number | undefined {
  const number =
    typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** PHP writes an empty map as `[]` (protocol 6.2). */
function asMap(value: unknown, field: string): Record<string, unknown> {
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
