import { StoreUnavailableError } from '../store.ts';

/** What ioredis says itself, in words that hold nothing of ours. */
const OWN_WORDS =
  /^(Command timed out|Connection is closed|Reached the max retries per request limit|Cluster is away)/;

/**
 * The error that goes on in place of one of ioredis, which carries `command.args` and so our values (L7). Of a reply of
 * Redis, which may quote them, only the first word is kept: `OOM`, `READONLY` …
 */
export function asUnavailable(error: unknown): StoreUnavailableError {
  const message = error instanceof Error ? error.message : 'unknown';
  return new StoreUnavailableError(OWN_WORDS.exec(message)?.[0] ?? message.split(' ', 1)[0] ?? 'unknown');
}
