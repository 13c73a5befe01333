import { readWholeList } from '../../bitrix24/crm/all-companies.ts';
import { JOB, Retries, type RetryPolicy } from '../../bitrix24/rest/retry-policy.ts';
import type { Claim } from './claim.ts';
import type { ExportFiles } from './export-files.ts';
import { type Checkpoint, NOTHING_YET } from './export-job.ts';
import { hasRows, RowWriter } from './gathered-rows.ts';
import { GatheringProgress, type Portals } from './gathering-progress.ts';

/**
 * Brings the rows of a job from the portal to the disk, from where an earlier claim has stopped.
 *
 * @throws {AppError}   the portal refuses, or was away for as long as the policy waits
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
  const retries = new Retries(retryPolicy, signal, (error) => progress.noteTrouble(error));
  const noteSuccess = () => {
    retries.reset();
    progress.noteSuccess();
  };
  claim.reportBy(() => progress.describe());
  void progress.countTotal(signal);
  try {
    await retries.run(() => appendParts(claim, rows, { files, portals }, noteSuccess));
    rows.complete();
    return await rows.save();
  } catch (error) {
    // Breaking off makes calls fail; the caller gets the reason of the claim instead.
    signal.throwIfAborted();
    throw error;
  } finally {
    await claim.save().catch(() => {});
    claim.reportBy(async () => ({}));
    await rows.close();
  }
}

/** Reads the list from where `rows` ends, and appends its parts. */
async function appendParts(
  claim: Claim,
  rows: RowWriter,
  { files, portals }: { files: ExportFiles; portals: Portals },
  noteSuccess: () => void,
): Promise<void> {
  const { signal } = claim;
  const parts = readWholeList({
    clientFor: (ending) => portals.clientFor(claim.job, ending),
    filter: claim.job.view.filter,
    resumeToken: rows.resumeToken,
    signal,
  });
  try {
    for (;;) {
      // A call that was broken off may still wait, for a new token for example: this does not wait for it.
      const { value, done } = await unlessBrokenOff(parts.next(), signal);
      if (done) return;
      await files.requireRoom();
      await rows.append(value);
      noteSuccess();
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
