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

/** Life of an access token (protocol 2.3). */
const DOCUMENTED_SECONDS = 3_600;
/** No estimate is longer. */
const LONGEST_SECONDS = 604_800;

/** Wire shape of protocol 2.3. `scope`, `status`, `domain` decide nothing here and are not read. */
const TokenResponse = z.object({
  access_token: token,
  refresh_token: token,
  // Only an estimate for us: a good pair is never thrown away for it.
  expires_in: number.optional().catch(undefined),
  client_endpoint: z
    .string()
    .regex(/^.{0,500}$/s)
    .optional()
    .catch(undefined),
  // Part of a storage key, so its shape is checked rather than trusted; documented as 32 hex digits.
  member_id: z.string().regex(/^[\da-z]{1,64}$/i),
  user_id: number.pipe(z.number().int().positive()).optional(),
});

/**
 * Reads a token response.
 *
 * @param requestedAt     the moment before the request went out: counting from the answer would overestimate the life
 * @param endpointBefore  what stands in for a `client_endpoint` that cannot be read; absent at a sign-in, which needs one
 * @throws {UnexpectedResponseError}  names the first field that is not as documented
 */
export function parseTokenSet(body: unknown, requestedAt: Date, endpointBefore?: string): TokenSet {
  const result = TokenResponse.safeParse(body);
  if (!result.success) {
    const field = String(result.error.issues[0]?.path[0] ?? 'body');
    throw new UnexpectedResponseError(field, `the token response has no usable ${field}`);
  }
  const response = result.data;
  const clientEndpoint = response.client_endpoint ?? endpointBefore;
  if (clientEndpoint === undefined) {
    throw new UnexpectedResponseError('client_endpoint', 'the token response has no usable client_endpoint');
  }
  const lifetimeMs = lifetimeSeconds(response.expires_in) * 1000;
  const marginMs = Math.min(60_000, lifetimeMs / 10);
  return {
    accessToken: response.access_token,
    refreshToken: response.refresh_token,
    expiresAt: new Date(requestedAt.getTime() + lifetimeMs - marginMs),
    memberId: response.member_id,
    userId: response.user_id,
    clientEndpoint,
  };
}

/**
 * How long we take the access token to live. Where the answer does not say so in sensible words, it is as long as the documents
 * say: a portal that disagrees answers `expired_token`, while an estimate of no time would mean a refresh before every call.
 */
function lifetimeSeconds(expiresIn: number | undefined): number {
  if (expiresIn === undefined || !(expiresIn >= 1)) return DOCUMENTED_SECONDS;
  return Math.min(Math.floor(expiresIn), LONGEST_SECONDS);
}
