import type { FileHandle } from 'node:fs/promises';
import TinyQueue from 'tinyqueue';
import type { Company } from '../../bitrix24/crm/company.ts';
import type { ExportJob, ExportView } from '../jobs/export-job.ts';
import { parseRow, readLines } from '../jobs/gathered-rows.ts';
import { personName } from './cells.ts';

/** A run is sorted in one go, during which the process answers no page. */
const LEAST_RUN_ROWS = 2_000;
const MOST_RUN_ROWS = 20_000;
/** Each has a buffer while they are merged. */
const MOST_RUNS = 256;
const BUFFER_BYTES = 32 * 1024;
const BATCH_ROWS = 500;

type Key = string | number | null;
type Compare = (a: { key: Key; id: number }, b: { key: Key; id: number }) => number;
interface Keyed {
  key: Key;
  id: number;
}

/** Rows come from a portal in this order, and need no sorting then. */
export function isGatheredOrder({ sort, order }: ExportView): boolean {
  return sort === 'id' && order === 'asc';
}

/**
 * Puts any number of rows in the order of the view, in constant memory: sorted runs go to a file, which is then read from
 * as many places at once.
 *
 * @param file  empty, for the runs
 */
export async function* sortRows(
  lines: AsyncIterable<string[]>,
  job: Pick<ExportJob, 'view' | 'language' | 'rows'>,
  file: FileHandle,
): AsyncGenerator<Company[]> {
  const keyOf = keyReader(job);
  const compare = comparison(job);
  const runs = await writeRuns(lines, { keyOf, compare, file, runRows: runRowsFor(job.rows) });
  yield* mergeRuns(runs, { keyOf, compare, file });
}

export function runRowsFor(rows: number): number {
  return Math.min(MOST_RUN_ROWS, Math.max(LEAST_RUN_ROWS, Math.ceil(rows / MOST_RUNS)));
}

/** As the list sorts: equal rows by id in the same direction; but what is absent comes last either way. */
export function comparison({ view, language }: Pick<ExportJob, 'view' | 'language'>): Compare {
  const collator = new Intl.Collator(language);
  const sign = view.order === 'asc' ? 1 : -1;
  const compareKeys = (a: Key, b: Key) => {
    if (typeof a === 'string' && typeof b === 'string') return sign * collator.compare(a, b);
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
    return a === b ? 0 : a < b ? -sign : sign;
  };
  return (a, b) => compareKeys(a.key, b.key) || sign * (a.id - b.id);
}

export function keyReader({
  view,
  language,
}: Pick<ExportJob, 'view' | 'language'>): (company: Company) => Key {
  const { sort } = view;
  if (sort === 'title') return ({ title }) => title || null;
  if (sort === 'created' || sort === 'modified') return (company) => instantOf(company[sort]);
  if (sort === 'id' || sort === 'revenue') return (company) => company[sort];
  // By the text in the file: the portal sorts by an order of its own, which it does not tell.
  if (sort === 'responsible') return (company) => personName(company[sort], language);
  return (company) => company[sort] && (company[sort].name ?? company[sort].id);
}

function instantOf(iso: string | null): number | null {
  const at = iso === null ? Number.NaN : Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

interface Sorting {
  keyOf: (company: Company) => Key;
  compare: Compare;
  file: FileHandle;
}

async function writeRuns(
  lines: AsyncIterable<string[]>,
  { keyOf, compare, file, runRows }: Sorting & { runRows: number },
): Promise<{ from: number; to: number }[]> {
  const runs: { from: number; to: number }[] = [];
  let run: (Keyed & { line: string })[] = [];
  let end = 0;
  const writeRun = async () => {
    const bytes = Buffer.from(
      run
        .sort(compare)
        .map(({ line }) => `${line}\n`)
        .join(''),
    );
    await file.appendFile(bytes);
    runs.push({ from: end, to: end + bytes.length });
    end += bytes.length;
    run = [];
  };
  for await (const some of lines) {
    for (const line of some) {
      const company = parseRow(line);
      run.push({ key: keyOf(company), id: company.id, line });
      if (run.length === runRows) await writeRun();
    }
  }
  if (run.length > 0) await writeRun();
  return runs;
}

/** The next row of a run, and how to get those after it. */
interface Cursor extends Keyed {
  company: Company;
  lines: string[];
  index: number;
  more: AsyncGenerator<string[]>;
}

async function* mergeRuns(
  runs: { from: number; to: number }[],
  { keyOf, compare, file }: Sorting,
): AsyncGenerator<Company[]> {
  const step = (cursor: Cursor): void => {
    cursor.index += 1;
    cursor.company = parseRow(cursor.lines[cursor.index] ?? '');
    cursor.key = keyOf(cursor.company);
    cursor.id = cursor.company.id;
  };
  /** @returns whether there are more rows in this run */
  const readOn = async (cursor: Cursor): Promise<boolean> => {
    const { value, done } = await cursor.more.next();
    Object.assign(cursor, { lines: value ?? [], index: -1 });
    return done !== true;
  };
  const queue = new TinyQueue<Cursor>([], compare);
  for (const run of runs) {
    const more = readLines(file, run, BUFFER_BYTES);
    const cursor: Cursor = { key: null, id: 0, company: {} as Company, lines: [], index: -1, more };
    await readOn(cursor);
    step(cursor);
    queue.push(cursor);
  }
  let batch: Company[] = [];
  for (let first = queue.pop(); first !== undefined; first = queue.pop()) {
    batch.push(first.company);
    if (batch.length === BATCH_ROWS) {
      yield batch;
      batch = [];
    }
    // Only at the end of a chunk is there something to wait for.
    if (first.index + 1 === first.lines.length && !(await readOn(first))) continue;
    step(first);
    queue.push(first);
  }
  if (batch.length > 0) yield batch;
}
