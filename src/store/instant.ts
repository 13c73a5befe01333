import { z } from 'zod';

/** As far as a `Date` goes, in milliseconds either way. */
const FARTHEST = 8.64e15;

/** A moment in a stored record: milliseconds since the epoch, of which a `Date` can be made. */
export const instant = z.number().min(-FARTHEST).max(FARTHEST);
