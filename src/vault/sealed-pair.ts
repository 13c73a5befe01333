import { z } from 'zod';
import type { Cipher } from './cipher.ts';
import type { NewTokens } from './stored-tokens.ts';
import { sealContext, type TokenRecord } from './token-record.ts';

const Pair = z.object({ at: z.string(), rt: z.string() });
/** Access and refresh token as they are sealed together. */
export type Pair = z.infer<typeof Pair>;

/** Seals a pair for one record and generation; elsewhere it does not open. */
export function sealPair(
  cipher: Cipher,
  key: string,
  position: Pick<TokenRecord, 'chain' | 'gen'>,
  pair: Pair,
): Promise<string> {
  return cipher.seal(JSON.stringify(pair), sealContext(key, position));
}

/** @returns undefined when the pair does not open with our keys, or was sealed for another record or generation */
export async function openPair(cipher: Cipher, key: string, record: TokenRecord): Promise<Pair | undefined> {
  try {
    return Pair.parse(JSON.parse(await cipher.open(record.pair, sealContext(key, record))));
  } catch {
    return undefined;
  }
}

export function pairOf(tokens: NewTokens): Pair {
  return { at: tokens.accessToken, rt: tokens.refreshToken };
}
