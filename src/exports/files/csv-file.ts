import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { Company } from '../../bitrix24/crm/company.ts';
import { withoutExponent } from '../../i18n/exact-number.ts';
import type { ExportJob } from '../jobs/export-job.ts';
import { type Cell, createCellReader } from './cells.ts';
import { asLiteral, asPhoneText } from './literal-text.ts';

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
  const asText = isRussian ? (digits: string) => digits.replace('.', ',') : (digits: string) => digits;
  const dialect = {
    delimiter: isRussian ? ';' : ',',
    record_delimiter: '\r\n',
    // A lone carriage return or line feed is a line break as well.
    quoted_match: /[\r\n]/,
  };
  // Without a BOM, Excel on Windows reads UTF-8 as the code page of the country.
  yield Buffer.from(stringify([job.view.header.map(asLiteral)], { ...dialect, bom: true }));
  const cellsOf = createCellReader(job);
  for await (const companies of batches) {
    const rows = companies.map((company) =>
      cellsOf(withPhoneTexts(company)).map((cell) => asCsvCell(cell, asText)),
    );
    yield Buffer.from(stringify(rows, dialect));
  }
}

/** A cell of a CSV file has no type, so a spreadsheet would make a number of a phone, or calculate it. */
function withPhoneTexts(company: Company): Company {
  return company.phones.length === 0 ? company : { ...company, phones: company.phones.map(asPhoneText) };
}

function asCsvCell(cell: Cell, asText: (digits: string) => string): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return asLiteral(cell);
  if (typeof cell === 'number') return asText(withoutExponent(String(cell)));
  if (cell instanceof Date) return cell.toISOString().slice(0, 19).replace('T', ' ');
  return asText(cell.digits);
}
