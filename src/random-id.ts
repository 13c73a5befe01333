import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Text that nobody can guess, in base64url.
 *
 * The bytes are fetched many at a time, as node:crypto does for its UUIDs: an id at a time, they cost ten times as much.
 *
 * @param bytes  of randomness, at most 4,096; 16 and more for what lets somebody in
 */
export function randomId(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('base64url', used, used + bytes);
  // Given out once, and not to be found here afterwards.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return text;
}
