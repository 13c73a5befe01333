import { describe, expect, it } from '@jest/globals';
import {
  type Bucket,
  EMPTY_BUCKET,
  fullBucket,
  queueUp,
  type RequestLimit,
  sinceReset,
  takeTurn,
} from '../../../src/bitrix24/limits/request-bucket.ts';

/** What the cloud grants (protocol 5). */
const CLOUD: RequestLimit = { burst: 50, perSecond: 2 };
const NOW = 1_790_000_000_000;
const AT_ONCE = { maxWaitMs: 0, reserve: 0 };
const PATIENT = { maxWaitMs: 3_000, reserve: 0 };

const aBucket = (level: number, at = NOW): Bucket => ({ level, at });

/** Takes one turn after the other at the same instant: how long each of them has to wait, or would have. */
function takeTurns(count: number, limit: RequestLimit, options: { maxWaitMs: number; reserve: number }) {
  let bucket = EMPTY_BUCKET;
  return Array.from({ length: count }, () => {
    const turn = takeTurn(bucket, limit, NOW, options);
    if ('bucket' in turn) bucket = turn.bucket;
    return 'bucket' in turn ? turn.startsInMs : `come back in ${turn.retryAfterMs}`;
  });
}

describe('takeTurn()', () => {
  it('when no request came for long › the request leaves now, and is counted', () => {
    const turn = takeTurn(EMPTY_BUCKET, CLOUD, NOW, AT_ONCE);

    expect(turn).toEqual({ startsInMs: 0, bucket: { level: 1, at: NOW } });
  });

  it('when many ask at once › one less leaves than the portal allows', () => {
    const turns = takeTurns(50, CLOUD, AT_ONCE);

    expect(turns).toEqual([...Array(49).fill(0), 'come back in 500']);
  });

  it('when the bucket is full and requests may wait › places are given out one after the other', () => {
    const turns = takeTurns(56, CLOUD, PATIENT);

    expect(turns.slice(48)).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 'come back in 3500']);
  });

  it('when a request is turned away › the next one gets the place that it did not take', () => {
    const turns = takeTurns(58, CLOUD, PATIENT);

    expect(turns.slice(55)).toEqual(Array(3).fill('come back in 3500'));
  });

  it('when places are left for others › so many fewer leave at once', () => {
    const turns = takeTurns(45, CLOUD, { maxWaitMs: 0, reserve: 5 });

    expect(turns).toEqual([...Array(44).fill(0), 'come back in 500']);
  });

  it('when the others come › they find the places that were left for them', () => {
    const turn = takeTurn(aBucket(44), CLOUD, NOW, AT_ONCE);

    expect(turn).toEqual({ startsInMs: 0, bucket: aBucket(45) });
  });

  it.each([
    [0, 50],
    [250, 49.5],
    [1_000, 48],
    [24_500, 1],
    [25_000, 1],
    [3_600_000, 1],
  ])('when a full bucket has drained for %d ms › is at %d with the next request', (ms, level) => {
    const turn = takeTurn(aBucket(49), CLOUD, NOW + ms, { maxWaitMs: 1_000, reserve: 0 });

    expect(turn).toMatchObject({ bucket: aBucket(level, NOW + ms) });
  });

  it('when the clock went back › no request waits for it', () => {
    const bucket = sinceReset(aBucket(52), NOW - 300_000);

    expect(bucket).toEqual(EMPTY_BUCKET);
    expect(sinceReset(aBucket(52), NOW - 800)).toEqual(aBucket(52));
  });

  it('when a replica that read the clock later wrote meanwhile › no time drains twice', () => {
    const turn = takeTurn(aBucket(40), CLOUD, NOW - 800, AT_ONCE);

    expect(turn).toEqual({ startsInMs: 0, bucket: { level: 41, at: NOW } });
  });

  it.each([
    ['the burst is one', { burst: 1, perSecond: 2 }, 0],
    ['more is left for others than there is', { burst: 4, perSecond: 2 }, 9],
  ])('when %s › one may leave all the same', (_, limit, reserve) => {
    const turns = takeTurns(2, limit, { maxWaitMs: 0, reserve });

    expect(turns).toEqual([0, 'come back in 500']);
  });

  it('when there is less than one place a second › the wait is as much longer', () => {
    const turn = takeTurn(aBucket(4), { burst: 5, perSecond: 0.25 }, NOW, { maxWaitMs: 4_000, reserve: 0 });

    expect(turn).toEqual({ startsInMs: 4_000, bucket: aBucket(5) });
  });
});

describe('fullBucket()', () => {
  it('when the portal has refused › no request leaves before there is a place and the spare one', () => {
    const bucket = fullBucket(EMPTY_BUCKET, CLOUD, NOW);

    expect(bucket).toEqual(aBucket(50));
    expect(takeTurn(bucket, CLOUD, NOW, AT_ONCE)).toEqual({ retryAfterMs: 1_000 });
    expect(takeTurn(bucket, CLOUD, NOW + 750, AT_ONCE)).toEqual({ retryAfterMs: 250 });
    expect(takeTurn(bucket, CLOUD, NOW + 1_000, AT_ONCE)).toMatchObject({ startsInMs: 0 });
  });
});

describe('queueUp()', () => {
  it('when no person was turned away before › the moment is that of the next place', () => {
    const { retryAfterMs, queue } = queueUp(EMPTY_BUCKET, CLOUD, NOW, 3_500);

    expect(retryAfterMs).toBe(3_500);
    expect(queue).toEqual(aBucket(1));
  });

  it('when others were turned away just now › the moment is after all of theirs', () => {
    const { retryAfterMs, queue } = queueUp(aBucket(7), CLOUD, NOW, 3_500);

    expect(retryAfterMs).toBe(3_500 + 7 * 500);
    expect(queue).toEqual(aBucket(8));
  });

  it('when some of them have had their moment › they are not counted any more', () => {
    const { retryAfterMs, queue } = queueUp(aBucket(7), CLOUD, NOW + 2_000, 3_500);

    expect(retryAfterMs).toBe(3_500 + 3 * 500);
    expect(queue).toEqual(aBucket(4, NOW + 2_000));
  });

  it('when a whole crowd is turned away › each is sent away for two minutes more at most', () => {
    const { retryAfterMs, queue } = queueUp(aBucket(5_000), CLOUD, NOW, 3_500);

    expect(retryAfterMs).toBe(123_500);
    expect(queue).toEqual(aBucket(241));
  });

  it('when the queue is as long as it may be › the next one is told the same moment', () => {
    const first = queueUp(aBucket(240), CLOUD, NOW, 3_500);

    const second = queueUp(first.queue, CLOUD, NOW, 3_500);

    expect([first.retryAfterMs, second.retryAfterMs]).toEqual([123_500, 123_500]);
    expect(second.queue).toEqual(first.queue);
  });
});
