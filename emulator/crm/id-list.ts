/**
 * A sorted list of IDs.
 *
 * Consecutive IDs, as of generated companies, are stored as two numbers. When an ID is removed, or added anywhere but
 * at the end, the list becomes an array with eight bytes per ID.
 */
export class IdList {
  readonly #first: number;
  #length: number;
  #listed: number[] | undefined;

  constructor(ids: { first: number; count: number } | Iterable<number>) {
    if ('first' in ids) {
      this.#first = ids.first;
      this.#length = ids.count;
    } else {
      this.#listed = [...new Set(ids)].sort((a, b) => a - b);
      this.#first = this.#listed[0] ?? 1;
      this.#length = this.#listed.length;
    }
  }

  get length(): number {
    return this.#length;
  }

  at(position: number): number | undefined {
    if (this.#listed) return this.#listed[position];
    return position >= 0 && position < this.#length ? this.#first + position : undefined;
  }

  has(id: number): boolean {
    return this.at(this.countBelow(id)) === id;
  }

  /** Number of IDs below this one, which is also the position of the first ID that is not below. */
  countBelow(id: number): number {
    if (!this.#listed) return Math.min(Math.max(Math.ceil(id) - this.#first, 0), this.#length);
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#listed[middle] ?? id) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(id: number): void {
    if (this.has(id)) return;
    const isNext = id === this.#first + this.#length;
    if (this.#listed || !isNext) this.#materialize().splice(this.countBelow(id), 0, id);
    this.#length += 1;
  }

  remove(id: number): void {
    if (!this.has(id)) return;
    this.#materialize().splice(this.countBelow(id), 1);
    this.#length -= 1;
  }

  #materialize(): number[] {
    this.#listed ??= Array.from({ length: this.#length }, (_, position) => this.#first + position);
    return this.#listed;
  }
}
