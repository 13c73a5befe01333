import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AdminError } from './admin-error.ts';
import {
  altered,
  type BackupHeader,
  type BackupRecord,
  cutShort,
  HEADER_BYTES,
  parseEnd,
  parseHeader,
  parseRecordLine,
} from './backup-format.ts';
import { type Counts, countOne, kindOf } from './kept-kinds.ts';

const BLOCK = 256 * 1024;
/** Far more than a record may have; a damaged file without line ends must not fill the memory. */
const LONGEST_LINE = 32 * 1024 * 1024;
const LINE_END = 0x0a;

/**
 * Reads the whole file and compares it with its header and checksum.
 *
 * @throws {AdminError}  it is cut short, altered, or no backup
 */
export async function verifyBackup(file: string): Promise<BackupHeader> {
  const reading = readBackup(file);
  for (let next = await reading.next(); ; next = await reading.next()) if (next.done) return next.value;
}

/**
 * The records of a backup, one after the other. What is wrong with a file may show only at its end: a caller that must not act
 * on a damaged one verifies it first.
 *
 * @returns the header
 * @throws {AdminError}
 */
export async function* readBackup(file: string): AsyncGenerator<BackupRecord, BackupHeader> {
  const handle = await open(file, 'r');
  try {
    const headerBytes = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(headerBytes, 0, HEADER_BYTES, 0);
    const header = parseHeader(headerBytes.subarray(0, bytesRead), file);
    const hash = createHash('sha256');
    const kinds: Counts = {};
    let records = 0;
    let end: string | undefined;
    for await (const line of linesOf(
      handle.createReadStream({ start: HEADER_BYTES, highWaterMark: BLOCK, autoClose: false }),
      file,
    )) {
      if (end !== undefined) throw new AdminError(altered(file));
      const text = line.toString('utf8');
      const record = parseRecordLine(text);
      if (record === undefined) {
        end = parseEnd(text)?.sha256;
        if (end === undefined) throw new AdminError(altered(file));
        continue;
      }
      hash.update(line);
      records += 1;
      countOne(kinds, kindOf(record.key));
      yield record;
    }
    if (end === undefined) throw new AdminError(cutShort(file));
    const isWhole =
      hash.update(headerBytes).digest('hex') === end &&
      records === header.records &&
      Object.entries(kinds).every(([kind, count]) => header.kinds[kind] === count);
    if (!isWhole) throw new AdminError(altered(file));
    return header;
  } finally {
    await handle.close();
  }
}

/** Lines with their line ends. Values may hold any letter, so only the byte itself ends a line. */
async function* linesOf(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
      const piece = chunk.subarray(from, at + 1);
      yield rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      restBytes = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LONGEST_LINE) throw new AdminError(altered(file));
  }
  if (rest.length > 0) throw new AdminError(cutShort(file));
}
