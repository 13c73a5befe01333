import { describe, expect, it } from '@jest/globals';
import { randomId } from '../src/random-id.ts';

describe('randomId()', () => {
  it.each([
    [6, 8],
    [9, 12],
    [16, 22],
    [24, 32],
    [32, 43],
  ])('when %i bytes are wanted › gives %i characters that need no escaping', (bytes, characters) => {
    expect(randomId(bytes)).toMatch(new RegExp(`^[\\w-]{${characters}}$`));
  });

  it('when many of different lengths are wanted › none is given out twice, not even a part of it', () => {
    const lengths = [6, 9, 12, 16, 18, 24, 32];
    const ids = Array.from({ length: 20_000 }, (_, index) => randomId(lengths[index % lengths.length] ?? 6));

    // The first 48 bits of two agree once in 1.4 million such runs.
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(ids.length);
  });

  it('when many are looked at › every bit is as often 1 as 0', () => {
    const ones = new Array<number>(72).fill(0);
    const count = 20_000;
    for (let made = 0; made < count; made += 1) {
      const bytes = Buffer.from(randomId(9), 'base64url');
      for (let bit = 0; bit < 72; bit += 1) {
        ones[bit] = (ones[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
      }
    }

    // Seven standard deviations.
    for (const number of ones) expect(Math.abs(number - count / 2)).toBeLessThan(500);
  });
});
