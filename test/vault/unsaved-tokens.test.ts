import { beforeEach, describe, expect, it } from '@jest/globals';
import { UnsavedTokens } from '../../src/vault/unsaved-tokens.ts';
import { createMovableClock, type MovableClock } from '../support/movable-clock.ts';
import { anOwner, someStoredTokens } from '../support/token-builders.ts';

const OWNER = anOwner();
const PAIR = someStoredTokens({ generation: 2 });

let clock: MovableClock;
let unsaved: UnsavedTokens;
/** When the pair was offered to the store, in milliseconds from the beginning. */
let triedAt: number[];
beforeEach(() => {
  clock = createMovableClock();
  unsaved = new UnsavedTokens(clock);
  triedAt = [];
});

/** The store refuses so many times. */
function holdThrough(failures: number): Promise<void> {
  const startedAt = clock.now();
  return unsaved.hold(OWNER, PAIR, async () => {
    triedAt.push(clock.now() - startedAt);
    if (triedAt.length <= failures) throw new Error('away');
    unsaved.drop(OWNER);
  });
}

describe('hold()', () => {
  it('when the store refuses › serves the pair and tries again, each pause 100 ms longer, at most one second', async () => {
    const held = holdThrough(12);

    await clock.pass(100);
    expect([unsaved.isEmpty, unsaved.of(OWNER)]).toEqual([false, PAIR]);
    await clock.passUntil(held);

    const pauses = triedAt.map((at, index) => at - (triedAt[index - 1] ?? 0));
    expect(pauses).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_000, 1_000, 1_000]);
    expect([unsaved.isEmpty, unsaved.of(OWNER)]).toEqual([true, undefined]);
  });

  it('when a pair is held › nothing is held for another portal user', () => {
    holdThrough(0);

    expect(unsaved.of({ ...OWNER, userId: 8 })).toBe(undefined);
  });
});

describe('saved()', () => {
  it('when pairs are held › resolves when the store has taken them', async () => {
    holdThrough(1);

    expect(await clock.passUntil(unsaved.saved())).toBe(300);

    expect(unsaved.isEmpty).toBe(true);
  });

  it('when none is held › resolves at once', async () => {
    expect(await clock.passUntil(unsaved.saved())).toBe(0);
  });
});
