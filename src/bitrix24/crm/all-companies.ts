import type { RestClient } from '../rest/rest-types.ts';
import { COMMAND, retry } from '../rest/retry-policy.ts';
import { ALL_COMPANIES, buildWireFilter, type CompanyFilter } from './company-filter.ts';
import { type Chunk, type ListPart, PartReader } from './company-parts.ts';
import { resolveFilter } from './company-search.ts';
import type { IdRanges, Range } from './id-ranges.ts';
import { readResumeToken, writeResumeToken } from './resume-token.ts';

export interface WholeListOptions {
  /** @param signal  ends the calls; their priority should be that of background work, which waits for the portal's limits */
  clientFor: (signal: AbortSignal) => RestClient;
  filter?: CompanyFilter;
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
 * are chained in one request by references (page-chain.ts). Several ranges of ids are read at once (id-ranges.ts); their
 * companies are handed out in order. A company that is removed meanwhile loses or repeats no other; companies that are
 * added at the end are found.
 *
 * @throws {RestError} @throws {TransportError} @throws {UnexpectedResponseError}  what no repetition could heal; the last
 *         part's `resumeToken` still holds
 */
export async function* readWholeList(options: WholeListOptions): AsyncGenerator<ListPart, void, undefined> {
  const { filter = ALL_COMPANIES, resumeToken } = options;
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const client = options.clientFor(signal);
  // A search may find other ids when the reading goes on: the token is of what was searched for.
  const list = buildWireFilter(filter);
  const after = readResumeToken(resumeToken, list);
  try {
    const found = await retry(COMMAND, signal, () => resolveFilter(client, filter));
    if (found === null) {
      yield { companies: [], resumeToken: writeResumeToken(after, list), strangeRows: 0 };
      return;
    }
    const reader = new PartReader(client, { list, found }, signal);
    const { part, ranges } = await reader.readFirst(after);
    yield part;
    if (ranges) yield* readRanges(reader, ranges);
  } catch (error) {
    // A call that the caller's signal broke off fails as cancelled; the caller gets the reason that was given.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    ending.abort();
  }
}

async function* readRanges(reader: PartReader, ranges: IdRanges): AsyncGenerator<ListPart, void, undefined> {
  const underWay: RangeReading[] = [];
  for (;;) {
    while (underWay.length < AT_ONCE) {
      const range = ranges.next();
      if (range === undefined) break;
      underWay.push(new RangeReading(reader, range));
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
class RangeReading {
  readonly range: Range;
  /** Read so far. */
  rows = 0;
  readonly #reader: PartReader;
  #chunk: Promise<Chunk>;

  constructor(reader: PartReader, range: Range) {
    this.range = range;
    this.#reader = reader;
    this.#chunk = this.#ask(range);
  }

  /** The next chunk; the one after it is asked for meanwhile. */
  async next(): Promise<Chunk> {
    const chunk = await this.#chunk;
    this.rows += chunk.rows;
    if (!chunk.isLast) this.#chunk = this.#ask({ ...this.range, after: chunk.lastId });
    return chunk;
  }

  #ask(rest: Range): Promise<Chunk> {
    const chunk = this.#reader.read(rest);
    // Another range may fail first: then no caller awaits this one, and this avoids an unhandledRejection.
    chunk.catch(() => {});
    return chunk;
  }
}
