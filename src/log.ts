import { type DestinationStream, type LogFn, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level: string;
  /** Readable lines for a terminal instead of JSON. */
  isPretty: boolean;
  /** Where lines go; standard output when absent. */
  destination?: DestinationStream;
}

/**
 * Names of secrets, as our objects, the wire and the environment write them: `accessToken`, `access_token`, `tokenKeys`,
 * `BITRIX24_CLIENT_SECRET`, `set-cookie`; of the wire also `auth` and `AUTH_ID` (an access token), `REFRESH_ID`. An address of
 * Redis holds a password, and so does one of a proxy.
 */
const SECRET =
  '[\\w-]*(?:token|secret|password|cookie|token_?key)s?|auth(?:orization|_?id)?|refresh_?id|redis_?url|https?_?proxy';
/** Names of secrets at the top of a line only. Inside other fields they mean something else: an error's code, a grant's state. */
const SECRET_OF_A_LINE = `code|state|${SECRET}`;
const IS_SECRET = new RegExp(`^(?:${SECRET})$`, 'i');
const IS_SECRET_OF_A_LINE = new RegExp(`^(?:${SECRET_OF_A_LINE})$`, 'i');
/** Matches names of fields only: in the text of a value, quotes are escaped. */
const HOLDS_A_SECRET = new RegExp(`"(?:${SECRET_OF_A_LINE})":`, 'i');

/**
 * Synchronous: a line is written before the call returns, so a process that breaks or is killed has written all its lines,
 * in their order. pino's usual way, through another thread, takes longer, and the last lines of a process are lost or swapped.
 */
const STANDARD_OUTPUT = { dest: 1, sync: true };

/**
 * The only writer of log lines.
 *
 * Two rules keep secrets out. Callers pass named fields, never whole requests or answers. Errors are reduced to name,
 * code, message and stack, because the errors of axios and ioredis carry bodies, headers and arguments (L7, L8).
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: { logMethod: alwaysWithMessage, streamWrite: withoutSecrets },
  };
  if (options.isPretty && options.destination === undefined) {
    return pino(settings, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'requestId' }));
  }
  return pino(settings, options.destination ?? pino.destination(STANDARD_OUTPUT));
}

/**
 * A second net under the first rule: values of these names never reach a line, whichever caller passes them, however deep.
 * Looks at the line as it is written; pino's own net, `redact`, takes twice as long as all the rest of a line.
 */
function withoutSecrets(line: string): string {
  if (!HOLDS_A_SECRET.test(line)) return line;
  const fields: unknown = JSON.parse(line);
  const censored = JSON.stringify(fields, function (this: unknown, name, value: unknown) {
    const isSecret = this === fields ? IS_SECRET_OF_A_LINE : IS_SECRET;
    return isSecret.test(name) ? '…' : value;
  });
  return `${censored}\n`;
}

/** Without a message, pino takes that of the error, past the serializer. So every line of an error gets a message here. */
function alwaysWithMessage(this: Logger, args: Parameters<LogFn>, write: LogFn): void {
  const [first, message = 'an error', ...rest] = args as [unknown, string | undefined, ...unknown[]];
  const isError = first instanceof Error;
  const hasError = typeof first === 'object' && first !== null && 'err' in first;
  if (isError || hasError) write.call(this, isError ? { err: first } : first, message, ...rest);
  else write.apply(this, args);
}

/** The parts of an error that may be logged. A reply of Redis can quote our arguments, so only its first word is kept. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'something that is not an Error was thrown' };
  const isReply = error.name === 'ReplyError';
  const message = isReply ? error.message.split(' ', 1)[0] : error.message;
  const code = 'code' in error ? error.code : undefined;
  return { name: error.name, code, message, stack: isReply ? undefined : error.stack };
}
