import type { Logger } from '../../log.ts';

/** A reply of Redis that refuses a command, as ioredis throws it; `command` is ioredis' own, with our values in `args`. */
interface Refusal extends Error {
  command?: { name?: string; args?: unknown[] };
}

/** Shorter values stand in the words of Redis by chance. */
const SHORTEST_VALUE = 4;
/** No word that Redis has of its own is longer. */
const LONGEST_WORD = 30;
const LONGEST_TEXT = 300;

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'ReplyError';
}

/**
 * The command that Redis refused, and the whole refusal without our values.
 *
 * Redis quotes arguments in some refusals. Those of this command are cut out, and so is every word that could be part of one.
 */
export function describeRefusal({ message, command }: Refusal): { command: string; refusal: string } {
  const [words = ''] = message.split(', with args beginning with');
  const values = (command?.args ?? []).map(String).filter(({ length }) => length >= SHORTEST_VALUE);
  const refusal = values
    .reduce((text, value) => text.replaceAll(value, '…'), words)
    .split(/\s+/)
    .map((word) => (word.length > LONGEST_WORD ? '…' : word))
    .join(' ')
    .slice(0, LONGEST_TEXT);
  return { command: (command?.name ?? 'a command').toUpperCase(), refusal };
}

/** Told how each command ended that reached Redis. */
export type CommandObserver = (command: string, error: unknown) => void;

/** A Redis at the limit of its memory refuses every other command: so often at most, a command has its two lines. */
const LINES_EVERY_MS = 60_000;

/** One line when Redis begins to refuse a command and one when it performs it again. Connections have lines of their own. */
export function refusalLog(logger: Logger, now = () => performance.now()): CommandObserver {
  const told = new Map<string, { at: number; isRefused: boolean }>();
  return (command, error) => {
    const last = told.get(command);
    if (error === undefined && last?.isRefused) {
      last.isRefused = false;
      logger.warn({ command }, 'Redis performs the command again');
    }
    if (!isRefusal(error) || last?.isRefused || (last && now() - last.at < LINES_EVERY_MS)) return;
    told.set(command, { at: now(), isRefused: true });
    logger.warn({ ...describeRefusal(error), command }, 'Redis refuses a command');
  };
}
