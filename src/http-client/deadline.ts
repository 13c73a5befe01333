import type { GenericAbortSignal } from 'axios';

/** After the deadline has passed: the time to read an answer that has already arrived. */
const READ_FIRST_MS = 50;

/**
 * Aborts a call after `timeoutMs`, or when the caller cancels it.
 *
 * When the deadline passes, sockets are read first: after a pause of the whole process Node fires timers before it reads
 * sockets, and an abort would throw away an answer that has already arrived (measured, L29).
 *
 * It has the part of an AbortSignal that axios uses; a real AbortSignal for each call costs more than the timer.
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

  /** To be called when the call has ended. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#cancel?.removeEventListener('abort', this.#abort);
  }
}
