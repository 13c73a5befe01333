import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { Company } from '../../bitrix24/crm/company.ts';
import type { ExportJob } from '../jobs/export-job.ts';
import { type Cell, createCellReader } from './cells.ts';

/** What spreadsheets take for the beginning of a formula, the full-width forms of East Asian input included. */
const FORMULA = /^[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]/;
/** One or several phone numbers, as a portal has them. An apostrophe before them would be copied into a dialler. */
const PHONES = /^\+[\d ()\u00a0-]+(?:, ?\+?[\d()-][\d ()\u00a0-]*)*$/;

/** Writes a CSV file as RFC 4180 has it, in the dialect that the reader's Excel opens with a double click. */
export async function writeCsv(
  path: string,
  batches: AsyncIterable<Company[]>,
  job: Pick<ExportJob, 'view' | 'timeZone' | 'language'>,
  signal: AbortSignal,
): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(Readable.from(csvChunks(batches, job), { objectMode: false }), file, { signal });
}

/** A batch of rows at a time: a stream chunk per row would cost more than its text. */
async function* csvChunks(
  batches: AsyncIterable<Company[]>,
  job: Pick<ExportJob, 'view' | 'timeZone' | 'language'>,
): AsyncGenerator<Buffer> {
  const isRussian = job.language === 'ru';
  const asText = isRussian ? (number: number) => String(number).replace('.', ',') : String;
  const dialect = {
    delimiter: isRussian ? ';' : ',',
    record_delimiter: '\r\n',
    // A lone carriage return or line feed is a line break as well.
    quoted_match: /[\r\n]/,
  };
  yield Buffer.from(stringify([job.view.header.map(asLiteral)], { ...dialect, bom: isRussian }));
  const cellsOf = createCellReader(job);
  for await (const companies of batches) {
    const rows = companies.map((company) => cellsOf(company).map((cell) => asCsvCell(cell, asText)));
    yield Buffer.from(stringify(rows, dialect));
  }
}

function asCsvCell(cell: Cell, asText: (number: number) => string): string {
  if (typeof cell === 'number') return asText(cell);
  if (cell instanceof Date) return cell.toISOString().slice(0, 19).replace('T', ' ');
  return cell === null ? '' : asLiteral(cell);
}

/** The text, marked with an apostrophe where a spreadsheet would run it as a formula. */
export function asLiteral(text: string): string {
  return FORMULA.test(text) && !PHONES.test(text) ? `'${text}` : text;
}
