import { countCompanies } from '../../bitrix24/crm/company-list.ts';
import type { OperatingForecast } from '../../bitrix24/limits/operating-budget.ts';
import type { RestClient } from '../../bitrix24/rest/rest-types.ts';
import { AppError } from '../../errors.ts';
import type { ExportJob } from './export-job.ts';
import type { RowWriter } from './gathered-rows.ts';
import { estimateSecondsLeft, Pace } from './time-left.ts';

/** How the portal of an export's owner is called. */
export interface Portals {
  /** With the owner's rights, and the priority of background work. */
  clientFor(job: ExportJob, signal: AbortSignal): RestClient;
  /** What the portal still allows of `crm.company.list`; null where nothing is known. */
  forecastFor(job: ExportJob): Promise<OperatingForecast | null>;
}

/** The forecast changes slowly, and costs a read of the store. */
const FORECAST_EVERY_MS = 5_000;

/** How far the gathering of a job's rows is, and how long it may take. */
export class GatheringProgress {
  readonly #job: ExportJob;
  readonly #rows: RowWriter;
  readonly #portals: Portals;
  readonly #pace = new Pace();
  #total: number | null;
  #trouble: ExportJob['trouble'] = null;
  #forecast: { value: OperatingForecast | null; at: number } | undefined;

  constructor(job: ExportJob, rows: RowWriter, portals: Portals) {
    this.#job = job;
    this.#rows = rows;
    this.#portals = portals;
    this.#total = job.total;
  }

  noteSuccess(): void {
    this.#trouble = null;
  }

  noteTrouble(error: unknown): void {
    if (error instanceof AppError) this.#trouble = { code: error.code, reason: error.reason ?? null };
  }

  /** Asks the portal once how many companies there will be. The gathering does not wait for the answer, nor need it. */
  async countTotal(signal: AbortSignal): Promise<void> {
    if (this.#total !== null) return;
    try {
      const client = this.#portals.clientFor(this.#job, signal);
      this.#total = await countCompanies(client, this.#job.view.filter);
    } catch {
      // The gathering meets the same failure, and reports it.
    }
  }

  /** A store that cannot be asked leaves the estimate out; the progress is written all the same. */
  async #loadForecast(): Promise<OperatingForecast | null> {
    try {
      return await this.#portals.forecastFor(this.#job);
    } catch {
      return null;
    }
  }

  async describe() {
    const checkpoint = await this.#rows.save();
    const now = performance.now();
    this.#pace.note(now, checkpoint.rows);
    if (this.#forecast === undefined || now - this.#forecast.at > FORECAST_EVERY_MS) {
      this.#forecast = { value: await this.#loadForecast(), at: now };
    }
    // Companies come and go while they are read.
    const total = this.#total === null ? null : Math.max(this.#total, checkpoint.rows);
    const secondsLeft =
      total === null
        ? null
        : estimateSecondsLeft(total - checkpoint.rows, this.#pace.rowsPerSecond(), this.#forecast.value);
    return { checkpoint, rows: checkpoint.rows, total, secondsLeft, trouble: this.#trouble };
  }
}
