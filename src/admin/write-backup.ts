import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { AdminError } from './admin-error.ts';
import {
  type BackupHeader,
  type BackupRecord,
  FORMAT,
  FORMAT_VERSION,
  formatEnd,
  formatHeader,
  formatRecord,
  HEADER_BYTES,
} from './backup-format.ts';
import { type Counts, countOne, kindOf } from './kept-kinds.ts';

/** Bytes that are written together. */
const BLOCK = 256 * 1024;

/**
 * Writes records to a new file, mode 600, and returns its header. The file is on the disk when this resolves; a file that
 * could not be finished is removed.
 *
 * @throws {AdminError}  there is such a file already, or it holds no record
 */
export async function writeBackup(
  file: string,
  { at, by }: Pick<BackupHeader, 'at' | 'by'>,
  records: AsyncIterable<BackupRecord>,
): Promise<BackupHeader> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const kinds: Counts = {};
    let count = 0;
    let block = '';
    const writeBlock = async () => {
      hash.update(block);
      await handle.writeFile(block);
      block = '';
    };
    await handle.writeFile(`${' '.repeat(HEADER_BYTES - 1)}\n`);
    for await (const record of records) {
      block += formatRecord(record);
      count += 1;
      countOne(kinds, kindOf(record.key));
      if (block.length >= BLOCK) await writeBlock();
    }
    await writeBlock();
    if (count === 0) throw new AdminError(NOTHING_THERE);
    const header = { format: FORMAT, version: FORMAT_VERSION, at, by, records: count, kinds } as const;
    const bytes = formatHeader(header);
    await handle.writeFile(formatEnd(hash.update(bytes).digest('hex')));
    await handle.sync();
    // Last, so that a file with a header is a whole one.
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.sync();
    await handle.close();
    return header;
  } catch (error) {
    await handle.close().catch(() => {});
    // Ours: `wx` has made it.
    await rm(file, { force: true });
    throw error;
  }
}

/** A mistyped address leads to an empty store more often than people have nothing to keep. */
export const NOTHING_THERE =
  'The store holds no tokens and no saved views, so no backup was made: see whether REDIS_URL and DATA_DIR are those of the application';
