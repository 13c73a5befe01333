import { readWholeList } from '../../bitrix24/crm/all-companies.ts';
import { buildWireFilter } from '../../bitrix24/crm/company-filter.ts';
import { countCompanies } from '../../bitrix24/crm/company-list.ts';
import type { OperatingForecast } from '../../bitrix24/limits/operating-budget.ts';
import type { RestClient } from '../../bitrix24/rest/rest-types.ts';
import { JOB, Retries, type RetryPolicy } from '../../bitrix24/rest/retry-policy.ts';
import { AppError } from '../../errors.ts';
import type { Claim } from './claim.ts';
import type { ExportFiles } from './export-files.ts';
import { type Checkpoint, type ExportJob, NOTHING_YET } from './export-job.ts';
import { hasRows, RowWriter } from './gathered-rows.ts';
import { estimateSecondsLeft, Pace } from './time-left.ts';

/** How companies are asked for on behalf of whoever wants the export. */
export interface Portals {
  /** With their rights, and as work that nobody waits for. */
  clientFor(job: ExportJob, signal: AbortSignal): RestClient;
  /** What the portal still grants; null where nothing is known. */
  forecastFor(job: ExportJob): Promise<OperatingForecast | null>;
}

/** The forecast changes slowly, and asking costs a trip to the store. */
const FORECAST_EVERY_MS = 5_000;

/**
 * Brings the rows of a job from the portal to the disk, from where an earlier claim has stopped.
 *
 * @throws {AppError}   the portal refuses, or could not be reached for long
 * @throws {BrokenOff}  as the claim says
 */
export async function gatherRows(
  claim: Claim,
  {
    files,
    portals,
    retryPolicy = JOB,
  }: { files: ExportFiles; portals: Portals; retryPolicy?: RetryPolicy | undefined },
): Promise<Checkpoint> {
  const { signal } = claim;
  const before = (await hasRows(files, claim.job, claim.job.checkpoint)) ? claim.job.checkpoint : NOTHING_YET;
  if (before.isWhole) return before;
  const rows = await RowWriter.open(files, claim.job, before);
  const progress = new GatheringProgress(claim.job, rows, portals);
  const retries = new Retries(retryPolicy, signal, (error) => progress.isInTrouble(error));
  const gotOn = () => {
    retries.reset();
    progress.gotOn();
  };
  claim.reportBy(() => progress.describe());
  void progress.countTotal(signal);
  try {
    await retries.run(() => readOn(claim, rows, { files, portals }, gotOn));
    rows.complete();
    return await rows.save();
  } catch (error) {
    // Whoever broke it off hears their own reason, not what came of it.
    signal.throwIfAborted();
    throw error;
  } finally {
    await claim.save().catch(() => {});
    claim.reportBy(async () => ({}));
    await rows.close();
  }
}

async function readOn(
  claim: Claim,
  rows: RowWriter,
  { files, portals }: { files: ExportFiles; portals: Portals },
  gotOn: () => void,
): Promise<void> {
  const { signal } = claim;
  const parts = readWholeList({
    clientFor: (ending) => portals.clientFor(claim.job, ending),
    filter: buildWireFilter(claim.job.view.filter),
    resumeToken: rows.resumeToken,
    signal,
  });
  try {
    for (;;) {
      // A call that was broken off may still wait for something, for a new token for example; nobody waits for it here.
      const { value, done } = await unlessBrokenOff(parts.next(), signal);
      if (done) return;
      await files.requireRoom();
      await rows.append(value);
      gotOn();
    }
  } finally {
    parts.return().catch(() => {});
  }
}

function unlessBrokenOff<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const breakOff = () => reject(signal.reason);
    if (signal.aborted) breakOff();
    signal.addEventListener('abort', breakOff, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', breakOff));
  });
}

/** How far the gathering is, and how long it may take. */
class GatheringProgress {
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

  gotOn(): void {
    this.#trouble = null;
  }

  isInTrouble(error: unknown): void {
    if (error instanceof AppError) this.#trouble = { code: error.code, reason: error.reason ?? null };
  }

  /** Asks the portal once how many there will be. Nobody waits for it, and it is no harm if it cannot tell. */
  async countTotal(signal: AbortSignal): Promise<void> {
    if (this.#total !== null) return;
    try {
      const client = this.#portals.clientFor(this.#job, signal);
      this.#total = await countCompanies(client, this.#job.view.filter);
    } catch {
      // Those who gather hear of it as well.
    }
  }

  /** An estimate that cannot be made keeps nobody from writing down how far it is. */
  async #forecastUse(): Promise<OperatingForecast | null> {
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
      this.#forecast = { value: await this.#forecastUse(), at: now };
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
