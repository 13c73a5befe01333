import { toPhpArray } from '../wire/php-json.ts';
import {
  asEntries,
  asText,
  isArrayLike,
  type PhpArray,
  type PhpValue,
  parsePhpParams,
} from '../wire/php-params.ts';
import type { Outcome } from './method.ts';
import { RestRefusal } from './refusal.ts';
import type { TimeBlock } from './time-block.ts';

/** Section 6.2. */
const MAX_COMMANDS = 50;

/** Runs one command like a single call, without the token checks, which the batch has already passed. */
export type RunCommand = (method: string, params: PhpArray) => { outcome: Outcome; time: TimeBlock };

interface Command {
  key: string;
  method: string;
  query: string;
}

/** Reads the commands of a batch; a command that is not a string is skipped. */
export function readCommands(cmd: PhpValue | undefined): Command[] {
  return asEntries(cmd).flatMap(([key, value]) => {
    if (typeof value !== 'string') return [];
    const at = value.indexOf('?');
    const [method, query] = at < 0 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)];
    return [{ key, method: method.toLowerCase(), query }];
  });
}

/** Results of the commands so far, by command key; later commands and the answer use them. */
interface Results {
  result: Map<string, unknown>;
  error: Map<string, unknown>;
  total: Map<string, unknown>;
  next: Map<string, unknown>;
  time: Map<string, unknown>;
}

/** Runs several commands in order (section 6.2). The status is 200 even if all of them fail. */
export function runBatch(cmd: PhpValue | undefined, halt: PhpValue | undefined, run: RunCommand): Outcome {
  const results: Results = {
    result: new Map(),
    error: new Map(),
    total: new Map(),
    next: new Map(),
    time: new Map(),
  };

  for (const [index, command] of readCommands(cmd).entries()) {
    const failed = runCommand(command, index, results, run);
    if (failed && isTrue(halt)) break;
  }

  return {
    result: {
      result: toPhpArray(results.result),
      result_error: toPhpArray(results.error),
      result_total: toPhpArray(results.total),
      result_next: toPhpArray(results.next),
      result_time: toPhpArray(results.time),
    },
  };
}

/** @returns  whether the command failed */
function runCommand(
  { key, method, query }: Command,
  index: number,
  results: Results,
  run: RunCommand,
): boolean {
  try {
    if (index >= MAX_COMMANDS)
      throw new RestRefusal('ERROR_BATCH_LENGTH_EXCEEDED', 'Max batch length exceeded');
    if (method === 'batch') {
      throw new RestRefusal('ERROR_BATCH_METHOD_NOT_ALLOWED', 'Method is not allowed for batch usage');
    }
    const params = resolveReferences(parsePhpParams(query), results) as PhpArray;
    const { outcome, time } = run(method, params);
    results.result.set(key, outcome.result);
    if (outcome.total !== undefined) results.total.set(key, outcome.total);
    if (outcome.next !== undefined) results.next.set(key, outcome.next);
    results.time.set(key, time);
    return false;
  } catch (error) {
    if (!(error instanceof RestRefusal)) throw error;
    results.error.set(key, { error: error.code, error_description: describeInside(error), ...error.extra });
    return true;
  }
}

/** Inside a batch `insufficient_scope` has an empty description (section 6.2). */
function describeInside({ code, description }: RestRefusal): string {
  return code === 'insufficient_scope' ? '' : description;
}

/** As in PHP the text `false` is true. */
function isTrue(halt: PhpValue | undefined): boolean {
  return !['', '0', undefined].includes(asText(halt));
}

/**
 * A reference is everything up to the next blank (company-data 0.2), so a text that follows without a blank is part of
 * it. Without a path in brackets it is ordinary text.
 */
const REFERENCE = /\$(result|error|total|next|time)(\S*)/gi;
const PATH_MEMBER = /\[([^\]]+)\]/g;

/**
 * Replaces references: `$result[me][UF_DEPARTMENT][0]` becomes the value. A value that is only a reference may become
 * an array.
 */
function resolveReferences(value: PhpValue, results: Results): PhpValue {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, results));
  if (isArrayLike(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, resolveReferences(item, results)]),
    );
  }
  return typeof value === 'string' ? resolveText(value, results) : value;
}

function resolveText(text: string, results: Results): PhpValue {
  let resolved = text;
  for (const [reference, kind = '', path = ''] of text.matchAll(REFERENCE)) {
    const members = [...path.matchAll(PATH_MEMBER)].map(([, member = '']) => member);
    if (members.length === 0) continue;
    const value = lookUp(results, kind, members);
    if (reference === text) return value;
    // Inside a longer text an array or null leaves the reference as it was written.
    if (typeof value === 'string' || typeof value === 'number') {
      resolved = resolved.replaceAll(reference, () => String(value));
    }
  }
  return resolved;
}

/**
 * Follows the path as far as it leads: a missing member, and one that is null, ends the walk, and the container found
 * last is the value (company-data 0.2). A name in capital letters is recognized as a reference, but nothing is kept
 * under it, so it is null [core:rest/classes/general/rest_util.php, processBatchElement].
 */
function lookUp(results: Results, kind: string, members: readonly string[]): PhpValue {
  if (!Object.hasOwn(results, kind)) return null;
  const [key = '', ...rest] = members;
  const map = results[kind as keyof Results];
  let value: unknown = map.get(key) ?? null;
  if (value === null) return toPhpArray(map) as PhpValue;
  for (const member of rest) {
    const inner = memberOf(value, member);
    if (inner === undefined || inner === null) break;
    value = inner;
  }
  return value as PhpValue;
}

function memberOf(container: unknown, member: string): unknown {
  if (typeof container !== 'object' || container === null) return undefined;
  return Object.hasOwn(container, member) ? (container as Record<string, unknown>)[member] : undefined;
}
