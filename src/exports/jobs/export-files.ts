import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExportJob, type ExportRef, jobKey, parseJobKey } from './export-job.ts';

/** The file in a folder that holds the key of its job, for the janitor. */
const LABEL = 'job';
/** Far more than the store writes in a day. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
const FOLDER = /^[\w-]{22}$/;

/** The files of exports: a folder each below `DATA_DIR/exports`, readable by the process's own user only. */
export class ExportFiles {
  readonly #root: string;
  readonly #leastFreeBytes: number;

  /** @param leastFreeBytes  exports leave at least this much of the disk free */
  constructor(dataDir: string, leastFreeBytes = LEAST_FREE_BYTES) {
    this.#root = join(dataDir, 'exports');
    this.#leastFreeBytes = leastFreeBytes;
  }

  /**
   * New tokens are stored on the same disk, and cannot be had again: an export ends before the disk is full.
   *
   * @throws {NodeJS.ErrnoException}  ENOSPC
   */
  async requireRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#root);
    if (bavail * bsize >= this.#leastFreeBytes) return;
    throw Object.assign(new Error('little of the disk is left'), { code: 'ENOSPC' });
  }

  /** Makes the folder of a job if there is none. */
  async prepare(ref: ExportRef): Promise<void> {
    await mkdir(this.#folder(ref), { recursive: true, mode: 0o700 });
    await writeFile(join(this.#folder(ref), LABEL), jobKey(ref), { mode: 0o600 });
  }

  path(ref: ExportRef, name: string): string {
    return join(this.#folder(ref), name);
  }

  /** A name that no process has used before. */
  freshName(kind: 'rows' | 'runs' | 'part'): string {
    return `${kind}-${randomBytes(6).toString('hex')}`;
  }

  /** Creates a file; fails where there is one. */
  create(ref: ExportRef, name: string): Promise<FileHandle> {
    return open(this.path(ref, name), 'wx+', 0o600);
  }

  /** Whether a file exists with at least so many bytes. */
  async has(ref: ExportRef, name: string, bytes: number): Promise<boolean> {
    try {
      return (await stat(this.path(ref, name))).size >= bytes;
    } catch {
      return false;
    }
  }

  /** Renames the finished part, so that the result appears whole, and removes the files it was made from. */
  async finish(job: ExportJob, part: string): Promise<void> {
    const name = resultName(job);
    await rename(this.path(job, part), this.path(job, name));
    const names = await readdir(this.#folder(job));
    const spent = names.filter((each) => each !== name && each !== LABEL);
    await Promise.all(spent.map((each) => rm(this.path(job, each), { force: true })));
  }

  async remove(ref: ExportRef): Promise<void> {
    await rm(this.#folder(ref), { recursive: true, force: true });
  }

  /** Every folder, with the job that its label names, and how long no file in it was created or removed. */
  async *folders(): AsyncGenerator<{
    ref: ExportRef | undefined;
    untouchedMs: number;
    remove(): Promise<void>;
  }> {
    const names = await readdir(this.#root).catch(() => []);
    for (const name of names.filter((each) => FOLDER.test(each))) {
      const folder = join(this.#root, name);
      const label = await readFile(join(folder, LABEL), 'utf8').catch(() => '');
      const ref = parseJobKey(label);
      const touched = await stat(folder).catch(() => undefined);
      if (touched === undefined) continue;
      yield {
        ref: ref?.id === name ? ref : undefined,
        untouchedMs: Date.now() - touched.mtimeMs,
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    }
  }

  #folder({ id }: ExportRef): string {
    // Ids come from URLs, too.
    if (!FOLDER.test(id)) throw new RangeError('not an id of an export');
    return join(this.#root, id);
  }
}

/** The name of the file that the owner downloads. */
export function resultName({ format }: Pick<ExportJob, 'format'>): string {
  return `companies.${format}`;
}
