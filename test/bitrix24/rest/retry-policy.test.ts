import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readRestError } from '../../../src/bitrix24/rest/rest-error.ts';
import {
  CLOSED_CIRCUIT,
  COMMAND,
  JOB,
  pauseOf,
  REQUEST,
  Retries,
  type RetryPolicy,
  retry,
  WRITING_REQUEST,
} from '../../../src/bitrix24/rest/retry-policy.ts';
import { AppError } from '../../../src/errors.ts';
import {
  CircuitOpenError,
  RedirectedError,
  TransportError,
  UnexpectedResponseError,
} from '../../../src/http-client/transport-errors.ts';

const QUICK: RetryPolicy = {
  tries: 3,
  firstPauseMs: 1,
  longestPauseMs: 2,
  isWorthAnotherTry: (error) => error instanceof Error && error.message === 'momentary',
};
const momentary = new Error('momentary');

let attempts: number;
beforeEach(() => {
  attempts = 0;
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Fails so often, then answers. */
function failing(times: number, error: Error = momentary): () => Promise<string> {
  return async () => {
    attempts += 1;
    if (attempts <= times) throw error;
    return 'answer';
  };
}

describe('retry()', () => {
  it('when an attempt succeeds › returns its answer', async () => {
    expect(await retry(QUICK, undefined, failing(2))).toBe('answer');
    expect(attempts).toBe(3);
  });

  it('when all tries are used up › throws the last error', async () => {
    await expect(retry(QUICK, undefined, failing(9))).rejects.toBe(momentary);
    expect(attempts).toBe(3);
  });

  it('when the policy does not repeat the error › throws at once', async () => {
    await expect(retry(QUICK, undefined, failing(9, new Error('final')))).rejects.toThrow('final');
    expect(attempts).toBe(1);
  });

  it('when the pause would outlast the deadline › throws at once', async () => {
    await expect(retry(QUICK, undefined, failing(9), () => 0)).rejects.toBe(momentary);
    expect(attempts).toBe(1);
  });

  it('when the signal aborts during a pause › throws its reason, and begins no further try', async () => {
    const stop = new AbortController();
    const slow = { ...QUICK, firstPauseMs: 60_000, longestPauseMs: 60_000 };

    const work = retry(slow, stop.signal, failing(9));
    setImmediate(() => stop.abort(new Error('enough')));

    await expect(work).rejects.toThrow('enough');
    expect(attempts).toBe(1);
  });
});

describe('Retries', () => {
  it('after reset() › allows all tries anew', async () => {
    const retries = new Retries(QUICK);
    expect([await retries.pauseAfter(momentary), await retries.pauseAfter(momentary)]).toEqual([true, true]);

    retries.reset();

    expect([
      await retries.pauseAfter(momentary),
      await retries.pauseAfter(momentary),
      await retries.pauseAfter(momentary),
    ]).toEqual([true, true, false]);
  });

  it('after giveUpAfterMs of failures › allows no further try', async () => {
    const retries = new Retries({ ...QUICK, tries: Number.POSITIVE_INFINITY, giveUpAfterMs: 60_000 });
    const now = jest.spyOn(performance, 'now');
    now.mockReturnValue(1_000);
    expect(await retries.pauseAfter(momentary)).toBe(true);

    now.mockReturnValue(62_000);

    expect(await retries.pauseAfter(momentary)).toBe(false);
  });

  it('calls onPause before each pause, and not when it gives up', async () => {
    const paused: unknown[] = [];
    const retries = new Retries({ ...QUICK, tries: 2 }, undefined, (error) => paused.push(error));

    await retries.pauseAfter(momentary);
    await retries.pauseAfter(momentary);

    expect(paused).toEqual([momentary]);
  });
});

describe('pauseOf()', () => {
  it('when twenty callers are refused at once › each waits longer from time to time, and they do not come together', () => {
    jest.spyOn(Math, 'random').mockRestore();
    const pauses = Array.from({ length: 20 }, () =>
      [1, 2, 3].map((failures) => pauseOf(REQUEST, failures, new Error('refused'))),
    );

    const firsts = pauses.map(([first = 0]) => first);
    for (const [first = 0, , third = 0] of pauses) expect(third).toBeGreaterThan(first);
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(30);
  });

  it('doubles from one failure to the next, up to the longest', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);

    expect([1, 2, 3, 4, 5].map((failures) => pauseOf(REQUEST, failures, momentary))).toEqual([
      150, 300, 600, 1_200, 1_200,
    ]);
  });

  it.each([
    ['JOB waits as long as the portal asks', JOB, 5_000],
    ['REQUEST does not, because a person waits for it', REQUEST, 150],
  ])('%s', (_case, policy, pauseMs) => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const limited = new AppError('busy', { code: 'portal_limited', status: 503, retryAfterSeconds: 5 });

    expect(pauseOf(policy, 1, limited)).toBe(pauseMs);
  });
});

describe('the policies', () => {
  const refusal = (error: string, isOfCommand = false) => readRestError('m', { error }, { isOfCommand });
  const failed = (options = {}) =>
    new TransportError('portal', 'x', { timedOut: false, neverSent: false, ...options });

  it.each<[string, unknown, string[]]>([
    [
      'a request that the portal limits',
      refusal('query_limit_exceeded'),
      ['REQUEST', 'WRITING_REQUEST', 'JOB'],
    ],
    ['a command that the portal limits', refusal('query_limit_exceeded', true), ['COMMAND', 'JOB']],
    ['a command without execution time left', refusal('operation_time_limit', true), ['COMMAND', 'JOB']],
    ['a request without execution time left', refusal('operation_time_limit'), ['JOB']],
    ['a missing right', refusal('access_denied', true), []],
    ['a lost connection', failed(), ['REQUEST', 'JOB']],
    ['a connection that was refused', failed({ neverSent: true }), ['REQUEST', 'WRITING_REQUEST', 'JOB']],
    ['a call that was cancelled', failed({ wasCancelled: true }), ['JOB']],
    ['a timeout', failed({ timedOut: true }), ['JOB']],
    ['an open circuit', new CircuitOpenError('portal', failed()), ['CLOSED_CIRCUIT', 'JOB']],
    ['an error page', new UnexpectedResponseError('body', 'x', 502), ['REQUEST', 'JOB']],
    ['an answer in another shape', new UnexpectedResponseError('result', 'x', 200), ['JOB']],
    ['a redirect', new RedirectedError('portal', 302, new URL('https://a.example/')), ['JOB']],
    ['an error of ours', new Error('x'), []],
  ])('%s › is repeated by these alone', (_case, error, expected) => {
    const policies = { REQUEST, WRITING_REQUEST, COMMAND, CLOSED_CIRCUIT, JOB };

    const repeating = Object.entries(policies).filter(([, { isWorthAnotherTry }]) =>
      isWorthAnotherTry(error),
    );

    expect(repeating.map(([name]) => name)).toEqual(expected);
  });
});
