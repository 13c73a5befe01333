import type { Logger } from '../../log.ts';
import type { ExportFiles } from './export-files.ts';
import type { ExportRecords } from './export-records.ts';

const TIDY_EVERY_MS = 10 * 60_000;
/** A younger folder may belong to a job whose record is not written yet. */
const LEAST_AGE_MS = 60_000;

/** Removes the files of exports that are gone: expired, forgotten, or cancelled while no process worked on them. */
export class Janitor {
  readonly #files: ExportFiles;
  readonly #records: ExportRecords;
  readonly #logger: Logger;
  readonly #leastAgeMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    files: ExportFiles,
    records: ExportRecords,
    { logger, leastAgeMs = LEAST_AGE_MS }: { logger: Logger; leastAgeMs?: number | undefined },
  ) {
    this.#files = files;
    this.#records = records;
    this.#logger = logger;
    this.#leastAgeMs = leastAgeMs;
  }

  start(): void {
    const tidy = () =>
      void this.tidy().catch((err: unknown) => this.#logger.warn({ err }, 'could not remove old exports'));
    this.#timer = setInterval(tidy, TIDY_EVERY_MS);
    this.#timer.unref();
    tidy();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async tidy(): Promise<void> {
    for await (const { ref, untouchedMs, remove } of this.#files.folders()) {
      if (untouchedMs < this.#leastAgeMs) continue;
      const job = ref && (await this.#records.load(ref));
      if (job === undefined || job.state === 'cancelled' || job.state === 'failed') await remove();
    }
  }
}
