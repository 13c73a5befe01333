import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Company } from '../../bitrix24/crm/company.ts';
import type { ListPart } from '../../bitrix24/crm/company-parts.ts';
import type { ExportFiles } from './export-files.ts';
import type { Checkpoint, ExportRef } from './export-job.ts';

/** Read at a time. */
const CHUNK_BYTES = 128 * 1024;
const NEW_LINE = 0x0a;

/**
 * Rows on their way from the portal to a file: a line of JSON for each company, as they come.
 *
 * A process that takes over a job begins a segment of its own behind the last checkpoint. A process that was taken for dead
 * may go on writing, but only into its own segment, behind the bytes that count.
 */
export class RowWriter {
  readonly #file: FileHandle;
  #at: Checkpoint;
  #isClosed = false;

  private constructor(file: FileHandle, at: Checkpoint) {
    this.#file = file;
    this.#at = at;
  }

  static async open(files: ExportFiles, ref: ExportRef, after: Checkpoint): Promise<RowWriter> {
    const name = files.freshName('rows');
    const file = await files.create(ref, name);
    const segments = after.segments.filter(({ bytes }) => bytes > 0);
    return new RowWriter(file, { ...after, segments: [...segments, { name, bytes: 0 }] });
  }

  get rows(): number {
    return this.#at.rows;
  }

  get resumeToken(): string | undefined {
    return this.#at.resumeToken ?? undefined;
  }

  async append({ companies, resumeToken }: ListPart): Promise<void> {
    const { segments, rows } = this.#at;
    const own = segments.at(-1) ?? { name: '', bytes: 0 };
    const lines = Buffer.from(companies.map((company) => `${JSON.stringify(company)}\n`).join(''));
    for (let written = 0; written < lines.length; ) {
      const { bytesWritten } = await this.#file.write(
        lines,
        written,
        lines.length - written,
        own.bytes + written,
      );
      written += bytesWritten;
    }
    this.#at = {
      resumeToken,
      rows: rows + companies.length,
      segments: segments.with(-1, { ...own, bytes: own.bytes + lines.length }),
      isWhole: false,
    };
  }

  /** Marks the rows as all there are. */
  complete(): void {
    this.#at = { ...this.#at, isWhole: true };
  }

  /** @returns up to where the rows would survive a power cut */
  async save(): Promise<Checkpoint> {
    const at = this.#at;
    if (!this.#isClosed) await this.#file.datasync();
    return at;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#file.close();
  }
}

/** Whether the files hold all rows of the checkpoint: a volume may have been lost, or is not shared by all replicas. */
export async function hasRows(
  files: ExportFiles,
  ref: ExportRef,
  { segments }: Checkpoint,
): Promise<boolean> {
  const found = await Promise.all(segments.map(({ name, bytes }) => files.has(ref, name, bytes)));
  return found.every(Boolean);
}

/** The lines of all segments in the order in which they were written, some at a time. */
export async function* readRowLines(
  files: ExportFiles,
  ref: ExportRef,
  { segments }: Checkpoint,
): AsyncGenerator<string[]> {
  for (const { name, bytes } of segments) {
    const file = await open(files.path(ref, name), 'r');
    try {
      yield* readLines(file, { from: 0, to: bytes }, CHUNK_BYTES);
    } finally {
      await file.close();
    }
  }
}

/** The whole lines between two places of a file. */
export async function* readLines(
  file: FileHandle,
  { from, to }: { from: number; to: number },
  chunkBytes: number,
): AsyncGenerator<string[]> {
  let rest: Buffer = Buffer.alloc(0);
  let position = from;
  while (position < to) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, to - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw new Error('a file of rows is shorter than it was');
    position += bytesRead;
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(NEW_LINE) + 1;
    rest = bytes.subarray(end);
    if (end > 0) yield bytes.toString('utf8', 0, end - 1).split('\n');
  }
}

/** Unchecked: RowWriter wrote the line. */
export function parseRow(line: string): Company {
  return JSON.parse(line) as Company;
}
