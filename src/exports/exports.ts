import { type FileHandle, open } from 'node:fs/promises';
import type { RetryPolicy } from '../bitrix24/rest/retry-policy.ts';
import { NotFoundError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { PortalUserId } from '../portal-user.ts';
import { randomId } from '../random-id.ts';
import type { Store } from '../store/store.ts';
import { ExportFiles, resultName } from './jobs/export-files.ts';
import { type ExportJob, type ExportRef, isOpen, KEPT_MS, NOTHING_YET } from './jobs/export-job.ts';
import { ExportRecords } from './jobs/export-records.ts';
import { forgetExport } from './jobs/forget-export.ts';
import type { Portals } from './jobs/gathering-progress.ts';
import { Janitor } from './jobs/janitor.ts';
import { type Listener, Watchers } from './jobs/watchers.ts';
import type { ExportObserver } from './jobs/work.ts';
import { Worker } from './jobs/worker.ts';

/** The file that a portal user asks for. */
export type ExportRequest = Pick<ExportJob, 'owner' | 'portal' | 'format' | 'view' | 'language' | 'timeZone'>;

/** Exports of companies: made in the background, kept for a day, found by their owner alone. */
export interface Exports {
  /** Begins to work on open exports, and to remove old files. */
  start(): void;
  /** @throws {TooManyExportsError} */
  begin(request: ExportRequest): Promise<ExportJob>;
  /** Newest first. */
  list(owner: PortalUserId): Promise<ExportJob[]>;
  /** @throws {NotFoundError}  no file, or none of this owner. The caller closes it. */
  openFile(ref: ExportRef): Promise<{ job: ExportJob; file: FileHandle; bytes: number }>;
  /** Does nothing to what has ended. @throws {NotFoundError} */
  cancel(ref: ExportRef): Promise<void>;
  /** Goes on with one that waits. @throws {NotFoundError} @throws {TooManyExportsError} */
  resume(ref: ExportRef): Promise<void>;
  /** Record and files. @throws {NotFoundError} */
  forget(ref: ExportRef): Promise<void>;
  /** All exports of a portal user whose access is forgotten. */
  forgetAll(owner: PortalUserId): Promise<void>;
  /** @returns how to stop listening; undefined when this user has too many listeners already, or the process stops */
  watch(owner: PortalUserId, listener: Listener): (() => void) | undefined;
  /** Ends listeners and work; the jobs go on in the next process. */
  stop(): Promise<void>;
}

export interface ExportsOptions {
  store: Store;
  /** The application whose users' exports these are; another application on the same store makes its own. */
  clientId: string;
  dataDir: string;
  portals: Portals;
  logger: Logger;
  retryPolicy?: RetryPolicy | undefined;
  /** Exports leave at least this much of the disk free; 256 MiB when absent. */
  leastFreeBytes?: number | undefined;
  observer?: ExportObserver | undefined;
}

export function createExports({
  store,
  clientId,
  dataDir,
  portals,
  logger,
  retryPolicy,
  leastFreeBytes,
  observer,
}: ExportsOptions): Exports {
  const records = new ExportRecords(store, clientId);
  const files = new ExportFiles(dataDir, leastFreeBytes);
  const worker = new Worker(records, { files, portals, logger, retryPolicy, observer });
  const watchers = new Watchers(records);
  const janitor = new Janitor(files, records, { logger });

  async function find(ref: ExportRef): Promise<ExportJob> {
    const job = /^[\w-]{22}$/.test(ref.id) ? await records.load(ref) : undefined;
    if (job === undefined) throw new NotFoundError('no export of this person has such an id');
    return job;
  }

  return {
    start() {
      worker.start();
      janitor.start();
    },

    async begin(request) {
      const job = newJob(request, await records.now());
      await records.create(job);
      worker.look();
      return job;
    },

    async list(owner) {
      const jobs = await records.list(owner);
      // The process that wrote the record may have died before it listed the job as open.
      for (const job of jobs) if (isOpen(job) && job.lease === null) await records.open(job);
      return jobs;
    },

    async openFile(ref) {
      const job = await find(ref);
      if (job.state !== 'done') throw new NotFoundError('this export has no file');
      try {
        const file = await open(files.path(ref, resultName(job)), 'r');
        return { job, file, bytes: (await file.stat()).size };
      } catch {
        // Removed by another program, or on a volume that this replica does not have.
        throw new NotFoundError('the file of this export is not here');
      }
    },

    async cancel(ref) {
      await find(ref);
      const cancelled = await records.change(ref, (current, now) =>
        isOpen(current) || current.state === 'waiting'
          ? { ...current, state: 'cancelled', secondsLeft: null, endedAt: now, expiresAt: now + KEPT_MS }
          : undefined,
      );
      // A process that works on it breaks off within a second, and removes its files.
      if (cancelled?.lease === null) await files.remove(ref);
    },

    async resume(ref) {
      await find(ref);
      const resumed = await records.change(ref, (current) =>
        current.state === 'waiting'
          ? { ...current, state: 'queued', trouble: null, endedAt: null, expiresAt: null }
          : undefined,
      );
      if (resumed === undefined) return;
      await records.open(ref);
      worker.look();
    },

    async forget(ref) {
      await find(ref);
      await forgetExport({ records, files }, ref);
    },

    async forgetAll(owner) {
      for (const { id } of await records.list(owner)) await forgetExport({ records, files }, { owner, id });
    },

    watch: (owner, listener) => watchers.add(owner, listener),

    async stop() {
      watchers.stop();
      janitor.stop();
      await worker.stop();
    },
  };
}

function newJob(request: ExportRequest, now: number): ExportJob {
  return {
    ...request,
    v: 1,
    // 128 bits: not to be guessed, although a guess alone would not give access.
    id: randomId(16),
    state: 'queued',
    rows: 0,
    total: null,
    checkpoint: NOTHING_YET,
    secondsLeft: null,
    trouble: null,
    createdAt: now,
    endedAt: null,
    expiresAt: null,
    fileBytes: null,
    lease: null,
  };
}
