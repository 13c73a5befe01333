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
const CENSORED = '…';

/**
 * Written many lines at a time, at most so many milliseconds late; whoever exits writes the rest first. One by one, each
 * line is handed to another thread, which takes longer than to make it.
 */
const BUFFERED = { dest: 1, sync: false, minLength: 16_000, periodicFlush: 100 };

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
    formatters: { level: (label: string) => ({ level: label }), log: withoutSecretsInside },
    serializers: { err: describeError },
    hooks: { logMethod: sayWhatErrorsMay },
    // A second net under the first rule: these names never reach a line, whoever passes them. Inside of others `code` and
    // `state` mean something else: the code of an error, the state of a grant.
    redact: { paths: ['code', 'state', ...SECRETS], censor: CENSORED },
  };
  if (options.isPretty && options.destination === undefined) {
    return pino(settings, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', ignore: 'requestId' }));
  }
  return pino(settings, options.destination ?? pino.destination(BUFFERED));
}

type Fields = Record<string, unknown>;

/** The same for fields of fields: `redact` finds them too, but takes longer for it than for all the rest of a line. */
function withoutSecretsInside(line: Fields): Fields {
  let safe = line;
  for (const [name, value] of Object.entries(line)) {
    if (isPlain(value) && SECRETS.some((secret) => secret in value)) {
      const censored = Object.entries(value).map(([inner, what]) => [
        inner,
        SECRETS.includes(inner) ? CENSORED : what,
      ]);
      safe = { ...safe, [name]: Object.fromEntries(censored) };
    }
  }
  return safe;
}

function isPlain(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
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
