import { z } from 'zod';
import { UnexpectedResponseError } from '../http-client/transport-errors.ts';

/** What Bitrix24 grants: a pair of tokens, whose they are, and where they work. */
export interface TokenSet {
  accessToken: string;
  refreshToken: string;
  /** Our estimate of the access token's end, on the cautious side. */
  expiresAt: Date;
  memberId: string;
  /** The portal user the token acts as. The documents' sample of the code exchange lacks it (protocol 2.3). */
  userId: number | undefined;
  /** As the authorization server said; unchecked until `parseClientEndpoint`. */
  clientEndpoint: string;
}

// By patterns: for `min` and `max` zod compares the `length` of whatever came, and an object's own may not be comparable.
const token = z.string().regex(/^.{1,2048}$/s);
/** Events write numbers as text (protocol 9.1), so both count; anything else that JavaScript can make a number of does not. */
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/** Wire shape of protocol 2.3. `scope`, `status`, `domain` decide nothing here and are not read. */
const TokenResponse = z.object({
  access_token: token,
  refresh_token: token,
  expires_in: number.pipe(z.number().int().min(1).max(604_800)),
  client_endpoint: z.string().regex(/^.{0,500}$/s),
  // Part of a storage key, so its shape is checked rather than trusted; documented as 32 hex digits.
  member_id: z.string().regex(/^[\da-z]{1,64}$/i),
  user_id: number.pipe(z.number().int().positive()).optional(),
});

/**
 * Reads a token response.
 *
 * @param requestedAt  the moment before the request went out: counting from the answer would overestimate the life
 * @throws {UnexpectedResponseError}  names the first field that is not as documented
 */
export function parseTokenSet(body: unknown, requestedAt: Date): TokenSet {
  const result = TokenResponse.safeParse(body);
  if (!result.success) {
    const field = String(result.error.issues[0]?.path[0] ?? 'body');
    throw new UnexpectedResponseError(field, `the token response has no usable ${field}`);
  }
  const response = result.data;
  const lifetimeMs = response.expires_in * 1000;
  const marginMs = Math.min(60_000, lifetimeMs / 10);
  return {
    accessToken: response.access_token,
    refreshToken: response.refresh_token,
    expiresAt: new Date(requestedAt.getTime() + lifetimeMs - marginMs),
    memberId: response.member_id,
    userId: response.user_id,
    clientEndpoint: response.client_endpoint,
  };
}
