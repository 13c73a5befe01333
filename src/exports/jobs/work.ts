import { stat } from 'node:fs/promises';
import type { RetryPolicy } from '../../bitrix24/rest/retry-policy.ts';
import { AppError, traitsOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { makeFile } from '../files/make-file.ts';
import { BrokenOff, type Claim } from './claim.ts';
import { type ExportFiles, resultName } from './export-files.ts';
import { type ExportJob, KEPT_MS } from './export-job.ts';
import { gatherRows } from './gather.ts';
import type { Portals } from './gathering-progress.ts';

/**
 * How this process's work on a job ended. `waiting`: until the portal user acts; `stopping` and `lost`: another process
 * goes on.
 */
export type WorkOutcome = 'done' | 'failed' | 'waiting' | BrokenOff['why'];

/** Told when work on an export begins and ends. */
export interface ExportObserver {
  began(): void;
  ended(outcome: WorkOutcome): void;
}

export interface WorkDependencies {
  files: ExportFiles;
  portals: Portals;
  logger: Logger;
  /** How a portal that is away is waited for; `JOB` when absent. */
  retryPolicy?: RetryPolicy | undefined;
  observer?: ExportObserver | undefined;
}

/** The file system is full, or this user's part of it. */
const DISK_FULL = ['ENOSPC', 'EDQUOT'];

/** The folder in DATA_DIR is closed to us, read-only, or no folder. */
const NOT_WRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'];

/** Works on a job until it is done, or cannot go on; never throws. */
export async function work(claim: Claim, dependencies: WorkDependencies): Promise<void> {
  const { observer } = dependencies;
  observer?.began();
  // Not as the argument of `ended`: an optional call skips its arguments when there is no observer.
  const outcome = await workToTheEnd(claim, dependencies);
  observer?.ended(outcome);
}

async function workToTheEnd(claim: Claim, dependencies: WorkDependencies): Promise<WorkOutcome> {
  const { files, logger } = dependencies;
  const line = lineOf(claim.job);
  try {
    await files.prepare(claim.job);
    const rows = await gatherRows(claim, dependencies);
    await claim.save({
      state: 'finishing',
      checkpoint: rows,
      rows: rows.rows,
      secondsLeft: null,
      trouble: null,
    });
    await makeFile(claim, files, rows);
    const { size } = await stat(files.path(claim.job, resultName(claim.job)));
    await claim.end((job, now) => ({ ...ended(now), state: 'done', total: job.rows, fileBytes: size }));
    logger.info({ ...line, rows: rows.rows, bytes: size }, 'an export is done');
    return 'done';
  } catch (error) {
    return giveUp(claim, error, dependencies).catch((err: unknown) => {
      // The lease lapses, and the next process that takes the job comes to the same end.
      logger.warn({ ...line, err }, 'what became of an export could not be written down');
      return 'lost';
    });
  }
}

async function giveUp(
  claim: Claim,
  error: unknown,
  { files, logger }: WorkDependencies,
): Promise<WorkOutcome> {
  const line = lineOf(claim.job);
  if (error instanceof BrokenOff) {
    logger.info({ ...line, why: error.why }, 'work on an export was broken off');
    await claim.end(() => ({ state: 'queued' }));
    if (error.why === 'cancelled') await files.remove(claim.job);
    return error.why;
  }
  const trouble = troubleOf(error);
  // The rows are kept as long as the export may be resumed.
  const { isTemporary, isRepairable } = traitsOf(trouble.code);
  const state = isTemporary || isRepairable ? 'waiting' : 'failed';
  const wasOurs = await claim.end((_, now) => ({ ...ended(now), state, trouble, secondsLeft: null }));
  // Cancelled or lost a moment ago: the failure is a consequence of that.
  if (!wasOurs) return 'lost';
  const isOurFault = ['internal_error', 'disk_full', 'disk_not_writable'].includes(trouble.code);
  logger[isOurFault ? 'error' : 'warn'](
    { ...line, err: error, errorCode: trouble.code, outcome: state },
    'an export cannot go on',
  );
  if (state === 'failed') await files.remove(claim.job);
  return state;
}

/** The fields of every log line about an export. */
function lineOf({ id, owner }: ExportJob) {
  return { exportId: id, memberId: owner.memberId, userId: owner.userId };
}

function ended(now: number): Pick<ExportJob, 'endedAt' | 'expiresAt'> {
  return { endedAt: now, expiresAt: now + KEPT_MS };
}

function troubleOf(error: unknown): NonNullable<ExportJob['trouble']> {
  if (error instanceof AppError) return { code: error.code, reason: error.reason ?? null };
  const { code } = error as NodeJS.ErrnoException;
  if (DISK_FULL.includes(code ?? '')) return { code: 'disk_full', reason: null };
  return { code: NOT_WRITABLE.includes(code ?? '') ? 'disk_not_writable' : 'internal_error', reason: null };
}
