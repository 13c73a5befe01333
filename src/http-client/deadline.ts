import type { GenericAbortSignal } from 'axios';

/** What has arrived when a deadline passes is read within this. */
const READ_FIRST_MS = 50;

/**
 * Aborts a call after so long, or when somebody cancels it. It reads first what has arrived: after a pause of the whole
 * process its timers fire before its sockets are read, and an abort would throw away an answer that is already here
 * (measured, L29).
 *
 * As much of an AbortSignal as axios asks for; a real one for each call costs more than the timer.
 */
export class Deadline implements GenericAbortSignal {
  aborted = false;
  #listener: (() => void) | undefined;
  #timer: NodeJS.Timeout;
  readonly #cancel: AbortSignal | undefined;

  /** @param cancel  not yet aborted */
  constructor(timeoutMs: number, cancel?: AbortSignal) {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(this.#abort, READ_FIRST_MS);
    }, timeoutMs);
    this.#cancel = cancel;
    cancel?.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = () => {
    this.aborted = true;
    this.#listener?.();
  };

  addEventListener(_event: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }

  /** When the call is over. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#cancel?.removeEventListener('abort', this.#abort);
  }
}
