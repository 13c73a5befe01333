import { describe, expect, it } from '@jest/globals';
import { keepClaimed, newAttempt } from '../../src/vault/refresh-attempt.ts';
import type { TokenVault } from '../../src/vault/token-vault.ts';
import { createMovableClock } from '../support/movable-clock.ts';
import { anOwner, someStoredTokens } from '../support/token-builders.ts';

describe('keepClaimed()', () => {
  it('when an exchange takes long › prolongs the claim every three seconds until it is stopped', async () => {
    const clock = createMovableClock();
    const attempt = newAttempt(anOwner(), someStoredTokens());
    const prolonged: unknown[] = [];
    const prolongClaim: TokenVault['prolongClaim'] = async (...args) => {
      prolonged.push(args);
      throw new Error('a store that is away must not end the prolonging');
    };
    const vault = { prolongClaim } as TokenVault;

    const stop = keepClaimed({ vault, clock, exclusiveMs: 10_000 }, attempt);
    await clock.pass(9_000);
    stop();
    await clock.pass(60_000);

    expect(prolonged).toEqual(Array(3).fill([attempt.owner, attempt.id, 10_000]));
  });
});
