import { z } from 'zod';
import { AdminError } from './admin-error.ts';
import { isKept } from './kept-kinds.ts';

/**
 * A backup is one file of lines of JSON: a header, a record on each line, an end with the checksum.
 *
 * The header is written last, into room that is left for it, because only then it is known how many records there are. A
 * file whose header is blank, or that has no end, was cut short.
 */
export const FORMAT = 'bitrix24-companies backup';
export const FORMAT_VERSION = 1;
/** The header with its line end; blanks fill it up. */
export const HEADER_BYTES = 4096;

const Count = z.number().int().nonnegative();
const Header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  /** When the copy was begun, ISO 8601. */
  at: z.iso.datetime(),
  /** The version of the application that wrote it. */
  by: z.string(),
  records: Count,
  kinds: z.record(z.string(), Count),
});
export type BackupHeader = z.infer<typeof Header>;

/** Of all bytes before this line, in the order records, header. It finds accidents; a person who forges a file can make a new one. */
const End = z.object({ end: z.literal(true), sha256: z.string().regex(/^[\da-f]{64}$/) });
export type BackupEnd = z.infer<typeof End>;

/** A record as the store has it. Values stay sealed. */
export interface BackupRecord {
  key: string;
  /** By the clock of the store, milliseconds since the epoch; null for a record that never expires. */
  expiresAt: number | null;
  value: string;
}
const RecordLine = z.tuple([z.string().refine(isKept), z.number().nullable(), z.string()]);

export function formatHeader(header: BackupHeader): Buffer {
  const text = JSON.stringify(header);
  if (Buffer.byteLength(text) >= HEADER_BYTES)
    throw new Error('there are more kinds of records than a header holds');
  // JSON that was parsed from foreign kinds may hold letters of several bytes.
  return Buffer.from(`${text}${' '.repeat(HEADER_BYTES - 1 - Buffer.byteLength(text))}\n`);
}

export function formatRecord({ key, expiresAt, value }: BackupRecord): string {
  return `${JSON.stringify([key, expiresAt, value])}\n`;
}

export function formatEnd(sha256: string): string {
  return `${JSON.stringify({ end: true, sha256 } satisfies BackupEnd)}\n`;
}

/** @throws {AdminError} */
export function parseHeader(bytes: Buffer, file: string): BackupHeader {
  const text = bytes.toString('utf8').trim();
  if (text === '' && bytes.length > 0) throw new AdminError(cutShort(file));
  const found = parse(z.looseObject({ format: z.literal(FORMAT), version: z.number() }), text);
  if (found === undefined) {
    throw new AdminError(
      `${file} is not a backup that this program wrote: name the file that \`backup\` made`,
    );
  }
  if (found.version !== FORMAT_VERSION) {
    throw new AdminError(
      `${file} has format ${found.version}, and this version reads format ${FORMAT_VERSION}: use the version of the application that wrote it (${found.by})`,
    );
  }
  const header = parse(Header, text);
  if (header === undefined) throw new AdminError(altered(file));
  return header;
}

/** @returns undefined for what is not a record that a backup holds */
export function parseRecordLine(line: string): BackupRecord | undefined {
  const [key, expiresAt, value] = parse(RecordLine, line) ?? [];
  return key === undefined || value === undefined ? undefined : { key, expiresAt: expiresAt ?? null, value };
}

export function parseEnd(line: string): BackupEnd | undefined {
  return parse(End, line);
}

export function cutShort(file: string): string {
  return `${file} is cut short: the backup was not finished or not copied whole. Use another copy`;
}

export function altered(file: string): string {
  return `${file} was altered or damaged: its checksum does not fit what is in it. Use another copy`;
}

function parse<T>(shape: z.ZodType<T>, text: string): T | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
