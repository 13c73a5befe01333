import { z } from 'zod';
import type { PortalUserId } from '../portal-user.ts';
import { instant } from '../store/records.ts';
import { KEY_PREFIX } from '../store/store.ts';

/** Where all token records begin. */
export const TOKEN_KEY_PREFIX = `${KEY_PREFIX}tokens:`;

/** The braces are the Cluster hash tag: all that is kept about one portal shares a slot. */
export function tokenKey(owner: PortalUserId): string {
  return `${TOKEN_KEY_PREFIX}{${owner.memberId}}:${owner.clientId}:${owner.userId}`;
}

/** @returns nothing for a key that is not of a token record */
export function parseTokenKey(key: string): PortalUserId | undefined {
  const parts = /^b24:tokens:\{([^}]+)\}:([^:]+):(\d+)$/.exec(key);
  const [, memberId, clientId, userId] = parts ?? [];
  if (memberId === undefined || clientId === undefined) return undefined;
  return { memberId, clientId, userId: Number(userId) };
}

/**
 * The stored form; its fields are described in docs/decisions/0005-token-record.md. Instants are by the store's clock unless
 * said otherwise; 0 is never.
 */
const TokenRecord = z.object({
  v: z.literal(1),
  chain: z.string(),
  gen: z.number().int().positive(),
  pair: z.string(),
  /** By our own clock. */
  exp: instant,
  ep: z.string(),
  as: z.string(),
  iid: z.string().nullable(),
  idl: instant,
  /** The owner of the intent said that no answer will come any more. */
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

/** @returns nothing for what is not a record of ours, or one of another format */
export function parseRecord(text: string | null): TokenRecord | undefined {
  if (text === null) return undefined;
  try {
    return TokenRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Where a pair is sealed for: it opens in this record and generation only. */
export function sealContext(key: string, record: Pick<TokenRecord, 'chain' | 'gen'>): string {
  return `${key}:${record.chain}:${record.gen}`;
}
