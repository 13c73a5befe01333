import { randomBytes } from 'node:crypto';
import type { PortalUserId } from '../../src/portal-user.ts';
import { type Cipher, UnsealError } from '../../src/vault/cipher.ts';
import type { NewTokens, StoredTokens } from '../../src/vault/stored-tokens.ts';
import { HOUR } from './clock.ts';

/** Somebody nobody else has tokens of. */
export function anOwner(overrides: Partial<PortalUserId> = {}): PortalUserId {
  return {
    memberId: randomBytes(16).toString('hex'),
    clientId: 'local.0123456789abcd.01234567',
    userId: 7,
    ...overrides,
  };
}

export function newTokens(overrides: Partial<NewTokens> = {}): NewTokens {
  return {
    accessToken: 'access 1',
    refreshToken: 'refresh 1',
    expiresAt: new Date(Date.now() + HOUR),
    clientEndpoint: 'https://acme.bitrix24.com/rest/',
    ...overrides,
  };
}

/** What a refresh brings for generation `generation`. */
export function tokensOf(generation: number, overrides: Partial<NewTokens> = {}): NewTokens {
  return newTokens({
    accessToken: `access ${generation}`,
    refreshToken: `refresh ${generation}`,
    ...overrides,
  });
}

/** A grant as somebody else may hold it, of a chain that the vault may not know. */
export function someStoredTokens(overrides: Partial<StoredTokens> = {}): StoredTokens {
  return {
    ...newTokens(),
    chain: 'a chain of long ago',
    generation: 1,
    authorizationServer: 'https://oauth.bitrix.info',
    state: 'ok',
    ...overrides,
  };
}

/** Seals nothing, and waits for nothing but promises: for tests that move the clock. */
export function aPlainCipher(): Cipher {
  return {
    seal: async (text, context) => JSON.stringify({ text, context }),
    async open(sealed, context) {
      const found = JSON.parse(sealed);
      if (found.context !== context) throw new UnsealError('sealed for another place');
      return found.text;
    },
    keyOf: () => 'newest',
  };
}
