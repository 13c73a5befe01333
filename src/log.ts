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

const SECRETS = ['token', 'accessToken', 'refreshToken', 'clientSecret', 'cookie', 'authorization'];
/** Inside of others these mean something else: the code of an error, the state of a grant. */
const SECRETS_OF_A_LINE = ['code', 'state', ...SECRETS];
/** As no text within a line can hold it: quotes are escaped there. */
const NAMES_A_SECRET = new RegExp(`"(${SECRETS_OF_A_LINE.join('|')})":`);

/**
 * Written to before a call returns: a process that breaks or is killed has written all its lines, in
 * their order. By another thread, as pino has it, takes longer, and the last lines of a process are lost or swapped.
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
    hooks: { logMethod: sayWhatErrorsMay, streamWrite: withoutSecrets },
  };
  if (options.isPretty && options.destination === undefined) {
    return pino(settings, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'requestId' }));
  }
  return pino(settings, options.destination ?? pino.destination(STANDARD_OUTPUT));
}

/**
 * A second net under the first rule: these names never reach a line, whoever passes them, in whatever they are wrapped.
 * Looks at the line as it is written; pino's own net, `redact`, takes twice as long as all the rest of a line.
 */
function withoutSecrets(line: string): string {
  if (!NAMES_A_SECRET.test(line)) return line;
  const fields: unknown = JSON.parse(line);
  const censored = JSON.stringify(fields, function (this: unknown, name, value: unknown) {
    const secrets = this === fields ? SECRETS_OF_A_LINE : SECRETS;
    return secrets.includes(name) ? '…' : value;
  });
  return `${censored}\n`;
}

/** pino takes the message of a line without one from the error, past the serializer; so every line gets one here. */
function sayWhatErrorsMay(this: Logger, args: Parameters<LogFn>, write: LogFn): void {
  const [first, message = 'an error', ...rest] = args as [unknown, string | undefined, ...unknown[]];
  const isError = first instanceof Error;
  const hasError = typeof first === 'object' && first !== null && 'err' in first;
  if (isError || hasError) write.call(this, isError ? { err: first } : first, message, ...rest);
  else write.apply(this, args);
}

/** What of an error may be written down. A Redis reply can quote our arguments, so only its first word is kept. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'something that is not an Error was thrown' };
  const isReply = error.name === 'ReplyError';
  const message = isReply ? error.message.split(' ', 1)[0] : error.message;
  const code = 'code' in error ? error.code : undefined;
  return { name: error.name, code, message, stack: isReply ? undefined : error.stack };
}
