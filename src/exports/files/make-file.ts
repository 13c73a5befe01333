import type { Company } from '../../bitrix24/crm/company.ts';
import type { Claim } from '../jobs/claim.ts';
import type { ExportFiles } from '../jobs/export-files.ts';
import type { Checkpoint, ExportJob } from '../jobs/export-job.ts';
import { parseRow, readRowLines } from '../jobs/gathered-rows.ts';
import { writeCsv } from './csv-file.ts';
import { isGatheredOrder, sortRows } from './sorted-rows.ts';
import { writeXlsx } from './xlsx-file.ts';

/**
 * Makes the file of gathered rows: sorts them as the view does, and writes the file that was asked for. It can be repeated:
 * an unfinished file has another name, and is removed at the end.
 */
export async function makeFile(claim: Claim, files: ExportFiles, rows: Checkpoint): Promise<void> {
  const { signal } = claim;
  const job = { ...claim.job, rows: rows.rows };
  await files.requireRoom();
  const part = files.freshName('part');
  const lines = breakable(readRowLines(files, job, rows), signal);
  if (isGatheredOrder(job.view)) {
    await write(files.path(job, part), parsed(lines), job, signal);
  } else {
    const runs = await files.create(job, files.freshName('runs'));
    try {
      await write(files.path(job, part), sortRows(lines, job, runs), job, signal);
    } finally {
      await runs.close();
    }
  }
  // Throws where another process has the job meanwhile, before the file appears.
  await claim.save();
  await files.finish(job, part);
}

async function write(
  path: string,
  batches: AsyncIterable<Company[]>,
  job: ExportJob,
  signal: AbortSignal,
): Promise<void> {
  try {
    await (job.format === 'csv' ? writeCsv : writeXlsx)(path, batches, job, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function* parsed(lines: AsyncIterable<string[]>): AsyncGenerator<Company[]> {
  for await (const some of lines) yield some.map(parseRow);
}

/** Sorting reads all rows before it writes any, so the signal is checked here. */
async function* breakable<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
}
