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

/** When a request may leave: now, or in a while; or else when to ask again. */
export type Turn = { startsInMs: number; bucket: Bucket } | { retryAfterMs: number };

export const EMPTY_BUCKET: Bucket = { level: 0, at: 0 };

/**
 * One request less than the portal allows: those that leave evenly may arrive bunched, and the portal's bucket starts to
 * drain a little later than ours.
 */
const SPARE = 1;

/**
 * Takes a place in the bucket. A request that may wait takes a place that is not free yet, so that all requests leave in the
 * order in which they came, on all replicas.
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
  return { startsInMs, bucket: { level, at: notBefore(bucket, now) } };
}

/** The latest moment at which people are told to come back, also when the queue is longer. */
const LONGEST_QUEUE_MS = 120_000;

/**
 * Counts a person who was turned away. Each is told a moment of their own, one after the other, so that a crowd does not come
 * back at once only to be turned away again.
 *
 * @param queue         those who were turned away and have not had their moment yet
 * @param retryAfterMs  how long a request would have to wait if the queue were empty
 */
export function queueUp(
  queue: Bucket,
  limit: RequestLimit,
  now: number,
  retryAfterMs: number,
): { retryAfterMs: number; queue: Bucket } {
  const longest = (LONGEST_QUEUE_MS / 1000) * limit.perSecond;
  const level = Math.min(levelAt(queue, limit, now), longest);
  return {
    retryAfterMs: retryAfterMs + (level / limit.perSecond) * 1000,
    queue: { level: level + 1, at: notBefore(queue, now) },
  };
}

/** A bucket without a free place, as a refusal of the portal shows. Places that were taken ahead stay taken. */
export function fullBucket(bucket: Bucket, limit: RequestLimit, now: number): Bucket {
  return { level: Math.max(limit.burst, levelAt(bucket, limit, now)), at: notBefore(bucket, now) };
}

/** How many requests may leave at once. */
export function placesLeft(bucket: Bucket, limit: RequestLimit, now: number): number {
  return Math.max(0, Math.floor(limit.burst - SPARE - levelAt(bucket, limit, now)));
}

/** A larger difference is no late writer: the store's clock went back, and counts from there. */
const LATE_MS = 10_000;

/** A replica that read the clock earlier and wrote later must not let the same time drain twice. */
function notBefore({ at }: Bucket, now: number): number {
  return Math.max(at, now);
}

/** After the clock went back it is unknown how full a bucket is: it counts as empty, and the portal refuses if it is not. */
export function sinceReset(bucket: Bucket, now: number): Bucket {
  return bucket.at - now > LATE_MS ? EMPTY_BUCKET : bucket;
}

function levelAt({ level, at }: Bucket, { perSecond }: RequestLimit, now: number): number {
  // A clock that went back leaves the bucket as full as it was.
  return Math.max(0, level - (Math.max(0, now - at) / 1000) * perSecond);
}
