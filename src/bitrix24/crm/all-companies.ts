import {
  CircuitOpenError,
  TransportError,
  UnexpectedResponseError,
} from '../../http-client/transport-errors.ts';
import { MAX_COMMANDS } from '../rest/batch.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import {
  type Command,
  type CommandAnswer,
  mustSucceed,
  type Params,
  type RestClient,
} from '../rest/rest-types.ts';
import { CLOSED_CIRCUIT, COMMAND, retry } from '../rest/retry-policy.ts';
import { type Company, readCompany, responsibleOf } from './company.ts';
import { COMPANY_SELECT } from './company-columns.ts';
import { IdRanges, pagesIn, type Range } from './id-ranges.ts';
import { ListNames } from './list-names.ts';
import { readResumeToken, writeResumeToken } from './resume-token.ts';
import { askForPeople } from './users.ts';
import { readRow } from './values.ts';

/** What comes in one piece: companies in the order of their ids, none of them twice. */
export interface ListPart {
  companies: Company[];
  /** Goes on behind this part: in another process, after a restart, as another request. */
  resumeToken: string;
  /** Rows that nobody could read, left out. */
  strangeRows: number;
}

export interface WholeListOptions {
  /** @param signal  ends what is under way; the calls should wait for the portal's limits as background work does */
  clientFor: (signal: AbortSignal) => RestClient;
  /** As `crm.company.list` takes it, without conditions on `ID`. Unknown fields are ignored by portals (protocol 7.2). */
  filter?: Params;
  /** Where an earlier reading of the same filter stopped. */
  resumeToken?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Ranges that are read at the same time. More would not be faster: the portal is busy then. */
const AT_ONCE = 5;

/**
 * Reads all companies of a filter, however many there are, in constant memory.
 *
 * Pages follow each other by id and without counting, which costs the portal the least (protocol 6.1), and up to 50 of them
 * are chained in one request by references. Several ranges of ids are read at once; what they bring is handed out in order.
 * Companies that are removed meanwhile lose or repeat nothing else; those that are added at the end are found.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}  what no repetition could heal; the last
 *         part's `resumeToken` still holds
 */
export async function* readWholeList(options: WholeListOptions): AsyncGenerator<ListPart, void, undefined> {
  const { filter = {}, resumeToken } = options;
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const reader = new PageReader(options.clientFor(signal), filter, signal);
  try {
    const start = await reader.start(readResumeToken(resumeToken, filter));
    yield start.part;
    if (start.ranges) yield* readRanges(reader, start.ranges);
  } catch (error) {
    // However it was broken off, whoever asked for it hears their own reason.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    ending.abort();
  }
}

async function* readRanges(reader: PageReader, ranges: IdRanges): AsyncGenerator<ListPart, void, undefined> {
  const underWay: Reading[] = [];
  for (;;) {
    while (underWay.length < AT_ONCE) {
      const range = ranges.next();
      if (range === undefined) break;
      underWay.push(new Reading(reader, range));
    }
    const [first] = underWay;
    if (first === undefined) return;
    const chunk = await first.next();
    if (chunk.isLast) {
      underWay.shift();
      ranges.learn(first.range, first.rows);
    }
    yield* chunk.parts;
  }
}

/** One range, read from its beginning to its end by as many batches as it takes. */
class Reading {
  readonly range: Range;
  /** Read so far. */
  rows = 0;
  readonly #reader: PageReader;
  #chunk: Promise<Chunk>;

  constructor(reader: PageReader, range: Range) {
    this.range = range;
    this.#reader = reader;
    this.#chunk = this.#ask(range);
  }

  /** What came next, while what comes after it is on its way. */
  async next(): Promise<Chunk> {
    const chunk = await this.#chunk;
    this.rows += chunk.rows;
    if (!chunk.isLast) this.#chunk = this.#ask({ ...this.range, after: chunk.lastId });
    return chunk;
  }

  #ask(rest: Range): Promise<Chunk> {
    const chunk = this.#reader.read(rest);
    // Another range may fail first; then nobody asks what became of this one.
    chunk.catch(() => {});
    return chunk;
  }
}

/** What one batch has brought. */
interface Chunk {
  parts: ListPart[];
  rows: number;
  lastId: number;
  isLast: boolean;
}

/** Asks for chains of pages, and reads them. */
class PageReader {
  readonly #client: RestClient;
  readonly #filter: Params;
  readonly #signal: AbortSignal;
  readonly #names: ListNames;
  /** Fewer, where answers turned out to be too large or too slow. */
  #pagesAtOnce = MAX_COMMANDS;

  constructor(client: RestClient, filter: Params, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
    this.#filter = filter;
    this.#names = new ListNames(client, signal);
  }

  /** The first page, how far the ids go, and the words of the portal. */
  start(after: number) {
    return retry(COMMAND, this.#signal, () => this.#begin(after));
  }

  async #begin(after: number) {
    const people = Array.from({ length: PAGE_SIZE }, (_, row) => `$result[first][${row}][ASSIGNED_BY_ID]`);
    const answers = await this.#client.batch({
      first: this.#page({ '>ID': after }),
      last: {
        method: 'crm.company.list',
        params: {
          select: ['ID'],
          filter: { ...this.#filter, '>ID': after },
          order: { ID: 'DESC' },
          start: -1,
        },
      },
      people: askForPeople(people),
      ...this.#names.missingCommands(),
    });
    this.#names.learn(answers);
    const page = readPage(mustSucceed(answers.first).result, after);
    const ceiling = readRow(asRows(mustSucceed(answers.last).result)[0])?.id ?? page.lastId;
    await this.#names.complete(responsibleFor([page]));
    const part = this.#asPart(page);
    if (page.isShort) return { part };
    const [first] = page.rows;
    const density = page.rows.length / (page.lastId - (first?.id ?? 0) + 1);
    const ranges = new IdRanges({ after: page.lastId, last: ceiling, density, pagesAtOnce: MAX_COMMANDS });
    return { part, ranges };
  }

  /** The next pages of a range, as many as one batch can bring. */
  async read(range: Range): Promise<Chunk> {
    for (;;) {
      const wanted = Math.min(pagesIn(range), this.#pagesAtOnce);
      try {
        return await retry(CLOSED_CIRCUIT, this.#signal, () =>
          retry(COMMAND, this.#signal, () => this.#readChain(range, wanted)),
        );
      } catch (error) {
        // One page that is too large or too slow will always be.
        if (!isTooMuch(error) || wanted === 1) throw error;
        this.#pagesAtOnce = Math.min(this.#pagesAtOnce, Math.ceil(wanted / 2));
      }
    }
  }

  async #readChain(range: Range, wanted: number): Promise<Chunk> {
    const answers = await this.#client.batchUpTo(this.#chain(range, wanted));
    const { pages, failure } = readChain(answers, range.after);
    // What came before a failure counts; the next chain begins behind it.
    if (pages.length === 0) throw failure;
    return this.#asChunk(pages, range);
  }

  /** Each page begins where the one before it ended, which only the portal knows when it gets there. */
  #chain({ after, to, isOpen }: Range, pages: number): Command[] {
    return Array.from({ length: pages }, (_, index) =>
      this.#page({
        '>ID': index === 0 ? after : `$result[c${index - 1}][${PAGE_SIZE - 1}][ID]`,
        ...(isOpen ? {} : { '<=ID': to }),
      }),
    );
  }

  #page(bounds: Params): Command {
    return {
      method: 'crm.company.list',
      params: {
        select: COMPANY_SELECT,
        filter: { ...this.#filter, ...bounds },
        order: { ID: 'ASC' },
        start: -1,
      },
    };
  }

  async #asChunk(pages: Page[], { to, isOpen }: Range): Promise<Chunk> {
    await this.#names.complete(responsibleFor(pages));
    const last = pages.at(-1);
    const lastId = last?.lastId ?? 0;
    return {
      // At once: rows as they came take much more memory, and would wait for their turn.
      parts: pages
        .filter((page) => page.rows.length + page.strangeRows > 0)
        .map((page) => this.#asPart(page)),
      rows: pages.reduce((sum, page) => sum + page.rows.length, 0),
      lastId,
      isLast: (last?.isShort ?? true) || (!isOpen && lastId >= to),
    };
  }

  #asPart({ rows, lastId, strangeRows }: Page): ListPart {
    return {
      companies: rows.map((row) => readCompany(row, this.#names.referenceData, this.#names.people)),
      resumeToken: writeResumeToken(lastId, this.#filter),
      strangeRows,
    };
  }
}

/** One page as it came. */
interface Page {
  rows: { id: number; fields: Record<string, unknown> }[];
  strangeRows: number;
  lastId: number;
  /** Nothing comes after it. */
  isShort: boolean;
}

function responsibleFor(pages: Page[]): Set<number> {
  const ids = new Set<number>();
  for (const { rows } of pages) {
    for (const { fields } of rows) {
      const id = responsibleOf(fields);
      if (id !== null) ids.add(id);
    }
  }
  return ids;
}

/** The pages up to the first that failed, was short, or does not follow the one before it. */
function readChain(answers: CommandAnswer[], after: number): { pages: Page[]; failure: unknown } {
  const pages: Page[] = [];
  let lastId = after;
  for (const answer of answers) {
    if ('error' in answer) return { pages, failure: answer.error };
    try {
      const page = readPage(answer.result, lastId);
      pages.push(page);
      lastId = page.lastId;
      // What comes after a short page was asked for with a reference that leads nowhere.
      if (page.isShort || page.isCut) return { pages, failure: undefined };
    } catch (failure) {
      return { pages, failure };
    }
  }
  return { pages, failure: undefined };
}

/** @throws {UnexpectedResponseError}  no list, or one that does not go on after `after` */
function readPage(result: unknown, after: number): Page & { isCut: boolean } {
  const raw = asRows(result);
  const rows: Page['rows'] = [];
  let [lastId, isOrdered] = [after, true];
  for (const each of raw) {
    const row = readRow(each);
    if (row === undefined) continue;
    isOrdered &&= row.id > lastId;
    lastId = row.id;
    rows.push(row);
  }
  const isShort = raw.length < PAGE_SIZE;
  if (!isOrdered || (rows.length === 0 && !isShort)) {
    throw new UnexpectedResponseError('result', 'crm.company.list answered companies in another order');
  }
  // Those behind the last readable row come again: the next page begins there.
  const again = isShort ? 0 : raw.length - 1 - raw.findLastIndex((row) => readRow(row) !== undefined);
  return { rows, strangeRows: raw.length - rows.length - again, lastId, isShort, isCut: again > 0 };
}

function asRows(result: unknown): unknown[] {
  if (Array.isArray(result)) return result;
  throw new UnexpectedResponseError('result', 'crm.company.list answered no list of companies');
}

/** The whole batch was more than we read, or took longer than we wait: half of it may do. */
function isTooMuch(error: unknown): boolean {
  if (error instanceof CircuitOpenError) return false;
  if (error instanceof TransportError) return error.isTimeout;
  return (
    error instanceof UnexpectedResponseError && error.field === 'body' && error.answerStatus === undefined
  );
}
