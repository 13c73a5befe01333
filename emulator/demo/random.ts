/**
 * Numbers that look random and are the same at every start: demo data must not change under a screenshot.
 *
 * Mulberry32: 32 bits of state, plenty for company names.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than 1. */
  next(): number {
    const state = (this.#state + 0x6d2b79f5) >>> 0;
    this.#state = state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both ends included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.next() * items.length)] ?? items[0];
  }

  /** true in so many cases of one. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/** A seed of its own for each row, no two alike: rows next to each other must not look related (MurmurHash3's end). */
export function seedOfRow(seed: number, row: number): number {
  let mixed = (Math.imul(row, 0x9e3779b1) + Math.imul(seed, 0x85ebca6b)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
