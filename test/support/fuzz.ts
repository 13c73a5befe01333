import { jest } from '@jest/globals';

/** Of each property: few with `npm test`, a thousand with `npm run test:all`; `npm run test:fuzz` asks for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? (process.env.TEST_ALL === undefined ? 25 : 1_000));
/**
 * That of a failure, to see it again. Whoever asks for more runs gets new ones each time; beside other tests it is always the
 * same, so that a change does not fail for what it has not done.
 */
const SEED = process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS === undefined ? '20261126' : undefined);
/** Far more than a run takes. */
const MS_PER_RUN = 60;

// What one seed has found, a second try with another would pass over.
jest.retryTimes(0);
jest.setTimeout(60_000 + RUNS * MS_PER_RUN);

export interface FuzzParameters {
  numRuns: number;
  seed?: number;
}

/** How `fc.assert` runs a property that costs next to nothing. A failure prints the seed and the counterexample. */
export const EACH = times(1);

/** As `EACH`, for one that tries several at a time. @param share  of the runs, at least one */
export function times(share: number): FuzzParameters {
  const numRuns = Math.max(1, Math.round(RUNS * share));
  return { numRuns, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
}

type ErrorKind = abstract new (...args: never[]) => Error;

/** What there may be instead of a value. */
export interface Refusal {
  refusal: Error;
}

/**
 * What comes of it: a value, or one of the errors that may be thrown.
 *
 * @param documented  any other error is a finding, and is thrown on
 */
export function outcomeOf<T>(work: () => T, documented: ErrorKind[]): { value: T } | Refusal {
  try {
    return { value: work() };
  } catch (error) {
    return asRefusal(error, documented);
  }
}

/** As `outcomeOf`, for what takes a while. */
export async function outcomeOfAsync<T>(
  work: () => Promise<T>,
  documented: ErrorKind[],
): Promise<{ value: T } | Refusal> {
  try {
    return { value: await work() };
  } catch (error) {
    return asRefusal(error, documented);
  }
}

function asRefusal(error: unknown, documented: ErrorKind[]): Refusal {
  if (documented.some((kind) => error instanceof kind)) return { refusal: error as Error };
  throw error;
}
