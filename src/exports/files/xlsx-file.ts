import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import type { Company } from '../../bitrix24/crm/company.ts';
import type { ExportJob } from '../jobs/export-job.ts';
import { createCellReader } from './cells.ts';
import { buildSheetEnd, buildSheetRow, buildSheetStart, MOST_ROWS } from './sheet-xml.ts';
import {
  buildContentTypes,
  buildStyles,
  buildWorkbook,
  buildWorkbookParts,
  PACKAGE_PARTS,
} from './workbook-xml.ts';

/** Little is won by packing harder, and it takes three times as long. */
const COMPRESSION = 3;

/**
 * Writes an XLSX file while rows come in. Libraries that write workbooks hold all of them in memory, or show `_x0041_` as
 * another text than it is; a sheet is XML in a ZIP, and the ZIP comes from a library.
 *
 * @param job  its `rows` will come: when they are more than a sheet can hold, there are several
 * @param sheetRows  rows of a sheet, but for its header
 */
export async function writeXlsx(
  path: string,
  batches: AsyncIterable<Company[]>,
  job: Pick<ExportJob, 'view' | 'timeZone' | 'rows' | 'language'>,
  signal: AbortSignal,
  sheetRows = MOST_ROWS,
): Promise<void> {
  const sheets = Math.max(1, Math.ceil(job.rows / sheetRows));
  const zip = new yazl.ZipFile();
  const add = (name: string, xml: string) => zip.addBuffer(Buffer.from(xml), name);
  add('[Content_Types].xml', buildContentTypes(sheets));
  add('_rels/.rels', PACKAGE_PARTS);
  add('xl/workbook.xml', buildWorkbook(sheets, job.view.title));
  add('xl/_rels/workbook.xml.rels', buildWorkbookParts(sheets));
  add('xl/styles.xml', buildStyles(job.language));
  const rows = new Batches(batches);
  const failed = new AbortController();
  for (let sheet = 1; sheet <= sheets; sheet += 1) {
    zip.addReadStreamLazy(`xl/worksheets/sheet${sheet}.xml`, { compressionLevel: COMPRESSION }, (ready) => {
      const stream = Readable.from(sheetXml(rows, job, sheetRows), { objectMode: false });
      // The library does not pass on what goes wrong here.
      stream.once('error', (error) => failed.abort(error));
      ready(null, stream);
    });
  }
  zip.end();
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  const either = AbortSignal.any([signal, failed.signal]);
  try {
    await pipeline(zip.outputStream, file, { signal: either });
  } catch (error) {
    throw either.aborted ? either.reason : error;
  }
}

async function* sheetXml(
  rows: Batches,
  job: Pick<ExportJob, 'view' | 'timeZone' | 'language'>,
  sheetRows: number,
) {
  const cellsOf = createCellReader(job);
  yield Buffer.from(buildSheetStart(job.view));
  let row = 1;
  while (row <= sheetRows) {
    const companies = await rows.take(sheetRows + 1 - row);
    if (companies.length === 0) break;
    const xml = companies.map((company) => {
      row += 1;
      return buildSheetRow(row, cellsOf(company));
    });
    yield Buffer.from(xml.join(''));
  }
  yield Buffer.from(buildSheetEnd(job.view, row));
}

/** Batches of rows, cut where a sheet ends. */
class Batches {
  readonly #batches: AsyncIterator<Company[]>;
  #rest: Company[] = [];

  constructor(batches: AsyncIterable<Company[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** @returns up to `most`, none at the end */
  async take(most: number): Promise<Company[]> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#batches.next();
      if (done) return [];
      this.#rest = value;
    }
    const taken = this.#rest.slice(0, most);
    this.#rest = this.#rest.slice(most);
    return taken;
  }
}
