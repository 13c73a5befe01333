/**
 * A pseudo-random number generator with a seed, so that demo data is the same at every start and screenshots stay
 * equal.
 *
 * Mulberry32: 32 bits of state, enough for demo data.
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

  /** A whole number; `from` and `to` are included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.next() * items.length)] ?? items[0];
  }

  /** true with this probability (0 to 1). */
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/** A different seed for each row. The finalizer of MurmurHash3 makes neighbouring rows independent of each other. */
export function seedOfRow(seed: number, row: number): number {
  let mixed = (Math.imul(row, 0x9e3779b1) + Math.imul(seed, 0x85ebca6b)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
