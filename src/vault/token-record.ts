import { z } from 'zod';
import type { PortalUserId } from '../portal-user.ts';
import { instant, parsePortalUserKey, parseRecord, portalUserKey } from '../store/records.ts';
import { KEY_PREFIX } from '../store/store.ts';

const KIND = 'tokens';
/** The beginning of the keys of all token records. */
export const TOKEN_KEY_PREFIX = `${KEY_PREFIX}${KIND}:`;

export function tokenKey(owner: PortalUserId): string {
  return portalUserKey(KIND, owner);
}

/** @returns undefined for a key that is not of a token record */
export function parseTokenKey(key: string): PortalUserId | undefined {
  const parsed = parsePortalUserKey(KIND, key);
  return parsed?.more.length === 0 ? parsed.user : undefined;
}

/**
 * The stored form; its fields are described in docs/decisions/0005-token-record.md. Instants are by the store's clock unless
 * said otherwise; 0 is never.
 */
export const TokenRecord = z.object({
  v: z.literal(1),
  chain: z.string(),
  gen: z.number().int().positive(),
  pair: z.string(),
  /** By the clock of the process that stored the pair. */
  exp: instant,
  ep: z.string(),
  as: z.string(),
  iid: z.string().nullable(),
  idl: instant,
  /** The owner of the intent said that no answer will arrive any more. */
  over: z.boolean().default(false),
  prev: z.string().nullable(),
  prev_until: instant.default(0),
  tries: z.number().int().default(0),
  tries_since: instant.default(0),
  last: z.string().nullable(),
  state: z.enum(['ok', 'suspect', 'reauth']),
  why: z.string().nullable(),
  at_state: instant,
  since: instant.default(0),
  renewed: instant.default(0),
  err: z.string().nullable().default(null),
  err_at: instant.default(0),
});
export type TokenRecord = z.infer<typeof TokenRecord>;

/** @returns undefined for what is not a token record, or one of another format */
export function parseTokenRecord(text: string | null): TokenRecord | undefined {
  return parseRecord(TokenRecord, text);
}

/** The place that a pair is sealed for: it opens in this record and generation only. */
export function sealContext(key: string, record: Pick<TokenRecord, 'chain' | 'gen'>): string {
  return `${key}:${record.chain}:${record.gen}`;
}
