/**
 * The IDs of a book, in order.
 *
 * A run of consecutive ones, as made companies have, is two numbers; it is written out, eight bytes an ID, once an ID
 * is taken out of it or added anywhere but at its end.
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

  /** How many are less than this number: also the position of the first that is not. */
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
