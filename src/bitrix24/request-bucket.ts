/** `burst` requests at once, and so many more each second (protocol 5): the portal refuses what does not fit. */
export interface RequestLimit {
  burst: number;
  perSecond: number;
}

/** How full the leaky bucket of a portal is. */
export interface Bucket {
  level: number;
  /** When it was this full, in milliseconds since the epoch. */
  at: number;
}

/** When a request may leave: now, in a while, or not before somebody should ask again. */
export type Turn = { startsInMs: number; bucket: Bucket } | { retryAfterMs: number };

export const EMPTY_BUCKET: Bucket = { level: 0, at: 0 };

/**
 * One request less than the portal allows: those that leave evenly may arrive bunched, and the portal's bucket starts to
 * drain a little later than ours.
 */
const SPARE = 1;

/**
 * Takes a place in the bucket. Whoever may wait takes a place that is not free yet, so that all of them leave in the order
 * in which they came, on whatever replica.
 *
 * @param options.maxWaitMs  how far ahead a place may be taken
 * @param options.reserve    places that are left for others
 */
export function takeTurn(
  bucket: Bucket,
  limit: RequestLimit,
  now: number,
  options: { maxWaitMs: number; reserve: number },
): Turn {
  const level = levelAt(bucket, limit, now) + 1;
  const capacity = Math.max(1, limit.burst - SPARE - options.reserve);
  const startsInMs = Math.max(0, ((level - capacity) / limit.perSecond) * 1000);
  if (startsInMs > options.maxWaitMs) return { retryAfterMs: startsInMs };
  return { startsInMs, bucket: { level, at: now } };
}

/** What the portal has just told us: there is no place at all. */
export function fullBucket(limit: RequestLimit, now: number): Bucket {
  return { level: limit.burst, at: now };
}

function levelAt({ level, at }: Bucket, { perSecond }: RequestLimit, now: number): number {
  // A clock that went back leaves the bucket as full as it was.
  return Math.max(0, level - (Math.max(0, now - at) / 1000) * perSecond);
}
