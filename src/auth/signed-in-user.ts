import { z } from 'zod';
import type { PortalUser } from '../portal-user.ts';

/** A portal user who is signed in with this browser. Holds no token: the vault keeps those. */
export interface SignedInUser extends PortalUser {
  /** Random; valid only while the record of this user's sign-ins lists it (sign-ins.ts). */
  id: string;
  /** Null when the portal did not tell it. */
  name: string | null;
  /** IANA name of the user's time zone; null when the portal did not tell it. */
  timeZone: string | null;
  /** When the user signed in, ISO 8601. */
  since: string;
}

/** As the session holds it. The application is that of the process, so its id is not stored. */
export const StoredUser = z.object({
  // Not `min`: see token-set.ts.
  id: z.string().regex(/./s),
  memberId: z.string().regex(/./s),
  userId: z.number().int().positive(),
  portal: z.url(),
  name: z.string().nullable(),
  timeZone: z.string().nullable().default(null),
  since: z.iso.datetime(),
});
export type StoredUser = z.infer<typeof StoredUser>;

/** A sign-in ends after this long, however often it is used. */
export const ABSOLUTE_LIFETIME_MS = 30 * 24 * 3600_000;

export function hasLapsed({ since }: SignedInUser, now: number): boolean {
  return now - Date.parse(since) > ABSOLUTE_LIFETIME_MS;
}

export function toStoredUser({ clientId: _clientId, ...stored }: SignedInUser): StoredUser {
  return stored;
}
