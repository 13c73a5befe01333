import { describe, expect, it } from '@jest/globals';
import { KnownTokens } from '../../src/vault/known-tokens.ts';
import { anOwner, someStoredTokens } from '../support/token-builders.ts';

const OWNER = anOwner();
const generation = (number: number, chain = 'chain') =>
  someStoredTokens({ chain, generation: number, expiresAt: new Date(0) });

describe('KnownTokens', () => {
  it('when an older generation is remembered after a newer one › the newer one stays', () => {
    const known = new KnownTokens();
    known.remember(OWNER, generation(3));
    known.remember(OWNER, generation(2));

    expect(known.newerThan(OWNER, generation(1))).toEqual(generation(3));
  });

  it('when the store shows the same generation, a later one, or another chain › knows nothing newer', () => {
    const known = new KnownTokens();
    known.remember(OWNER, generation(3));

    const shown = [generation(3), generation(4), generation(1, 'other')];

    expect(shown.map((stored) => known.newerThan(OWNER, stored))).toEqual([undefined, undefined, undefined]);
  });

  it('when another chain begins › it replaces what was known', () => {
    const known = new KnownTokens();
    known.remember(OWNER, generation(3));
    known.remember(OWNER, generation(1, 'new'));

    expect(known.all()).toEqual([{ owner: OWNER, tokens: generation(1, 'new') }]);
  });

  it('when there are too many › those that were used longest ago are dropped, and the others come in that order', () => {
    const known = new KnownTokens(2);
    const [first, second, third] = [anOwner(), anOwner(), anOwner()];
    for (const owner of [first, second, first, third]) known.remember(owner, generation(1));

    expect(known.all().map(({ owner }) => owner)).toEqual([third, first]);
  });

  it('when a portal user is forgotten › nothing is known of them', () => {
    const known = new KnownTokens();
    known.remember(OWNER, generation(3));
    known.forget(OWNER);

    expect(known.newerThan(OWNER, generation(1))).toBe(undefined);
  });
});
