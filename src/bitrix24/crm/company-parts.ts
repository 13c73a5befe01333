import {
  CircuitOpenError,
  TransportError,
  UnexpectedResponseError,
} from '../../http-client/transport-errors.ts';
import { MAX_COMMANDS } from '../rest/batch.ts';
import { PAGE_SIZE } from '../rest/pages.ts';
import { mustSucceed, type Params, type RestClient } from '../rest/rest-types.ts';
import { CLOSED_CIRCUIT, COMMAND, retry } from '../rest/retry-policy.ts';
import { type Company, readCompany, responsibleOf } from './company.ts';
import { IdRanges, pagesIn, type Range } from './id-ranges.ts';
import { companyRows } from './list-answer.ts';
import { ListNames } from './list-names.ts';
import { askForChain, askForPage, type CompanyRows, readChain, readPage } from './page-chain.ts';
import { writeResumeToken } from './resume-token.ts';
import { askForPeople } from './users.ts';
import { readRow } from './values.ts';

/** A part of a list: companies in the order of their ids, none of them twice. */
export interface ListPart {
  companies: Company[];
  /** Goes on behind this part: in another process, after a restart, as another request. */
  resumeToken: string;
  /** Rows that cannot be read and are left out. */
  strangeRows: number;
}

/** What one batch has brought of a range. */
export interface Chunk {
  parts: ListPart[];
  rows: number;
  lastId: number;
  /** The range ends here. */
  isLast: boolean;
}

/** As `crm.company.list` takes them. */
export interface ListFilters {
  /** What resume tokens belong to. */
  list: Params;
  /** The same, with the ids that a search has found. Without other conditions on `ID`. */
  found: Params;
}

/** Reads ranges of a list a batch at a time, and names the dictionary values and people of its rows. */
export class PartReader {
  readonly #client: RestClient;
  readonly #filters: ListFilters;
  readonly #signal: AbortSignal;
  readonly #names: ListNames;
  /** Fewer, where answers turned out to be too large or too slow. */
  #pagesAtOnce = MAX_COMMANDS;

  constructor(client: RestClient, filters: ListFilters, signal: AbortSignal) {
    this.#client = client;
    this.#filters = filters;
    this.#signal = signal;
    this.#names = new ListNames(client, signal);
  }

  /**
   * The first page, with the portal's dictionaries.
   *
   * @returns no `ranges` when the first page is the last one
   */
  readFirst(after: number): Promise<{ part: ListPart; ranges?: IdRanges }> {
    return retry(COMMAND, this.#signal, () => this.#tryFirst(after));
  }

  /** The next pages of a range, as many as one batch can bring; half as many where that is too much for the portal. */
  async read(range: Range): Promise<Chunk> {
    for (;;) {
      const wanted = Math.min(pagesIn(range), this.#pagesAtOnce);
      try {
        return await retry(CLOSED_CIRCUIT, this.#signal, () =>
          retry(COMMAND, this.#signal, () => this.#tryChain(range, wanted)),
        );
      } catch (error) {
        // One page that is too large or too slow will always be.
        if (!isTooMuch(error) || wanted === 1) throw error;
        this.#pagesAtOnce = Math.min(this.#pagesAtOnce, Math.ceil(wanted / 2));
      }
    }
  }

  async #tryFirst(after: number): Promise<{ part: ListPart; ranges?: IdRanges }> {
    const people = Array.from({ length: PAGE_SIZE }, (_, row) => `$result[first][${row}][ASSIGNED_BY_ID]`);
    const answers = await this.#client.batch({
      first: askForPage(this.#filters.found, { '>ID': after }),
      last: {
        method: 'crm.company.list',
        params: {
          select: ['ID'],
          filter: { ...this.#filters.found, '>ID': after },
          order: { ID: 'DESC' },
          start: -1,
        },
      },
      people: askForPeople(people),
      ...this.#names.missingCommands(),
    });
    this.#names.learn(answers);
    const page = readPage(mustSucceed(answers.first).result, after);
    const greatestId = readRow(companyRows(mustSucceed(answers.last).result)[0])?.id ?? page.lastId;
    await this.#names.complete(responsibleFor([page]));
    const part = this.#asPart(page);
    return page.isShort ? { part } : { part, ranges: rangesAfter(page, greatestId) };
  }

  async #tryChain(range: Range, wanted: number): Promise<Chunk> {
    const answers = await this.#client.batchUpTo(askForChain(this.#filters.found, range, wanted));
    const { pages, failure } = readChain(answers, range.after);
    // Pages before a failure count; the next chain begins behind them.
    if (pages.length === 0) throw failure;
    await this.#names.complete(responsibleFor(pages));
    const last = pages.at(-1);
    const lastId = last?.lastId ?? 0;
    return {
      // At once: rows as they came take much more memory while they wait to be handed out.
      parts: pages
        .filter((page) => page.rows.length + page.strangeRows > 0)
        .map((page) => this.#asPart(page)),
      rows: pages.reduce((sum, page) => sum + page.rows.length, 0),
      lastId,
      isLast: (last?.isShort ?? true) || (!range.isOpen && lastId >= range.to),
    };
  }

  #asPart({ rows, lastId, strangeRows }: CompanyRows): ListPart {
    return {
      companies: rows.map((row) => readCompany(row, this.#names.referenceData, this.#names.people)),
      resumeToken: writeResumeToken(lastId, this.#filters.list),
      strangeRows,
    };
  }
}

function rangesAfter({ rows, lastId }: CompanyRows, greatestId: number): IdRanges {
  const density = rows.length / (lastId - (rows[0]?.id ?? 0) + 1);
  return new IdRanges({ after: lastId, last: greatestId, density, pagesAtOnce: MAX_COMMANDS });
}

/** Ids of the people who are responsible for these companies. */
function responsibleFor(pages: CompanyRows[]): Set<number> {
  const ids = new Set<number>();
  for (const { rows } of pages) {
    for (const { fields } of rows) {
      const id = responsibleOf(fields);
      if (id !== null) ids.add(id);
    }
  }
  return ids;
}

/** The whole batch was more than we read, or took longer than we wait: half of it may do. */
function isTooMuch(error: unknown): boolean {
  if (error instanceof CircuitOpenError) return false;
  if (error instanceof TransportError) return error.isTimeout;
  return (
    error instanceof UnexpectedResponseError && error.field === 'body' && error.answerStatus === undefined
  );
}
