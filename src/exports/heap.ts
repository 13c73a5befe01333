/** Hands out the least first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    let index = this.#items.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#isInOrder(parent, index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  removeFirst(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.settleFirst();
  }

  /** The first has become greater: finds its new place. */
  settleFirst(): void {
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const least = right < this.#items.length && !this.#isInOrder(left, right) ? right : left;
      if (least >= this.#items.length || this.#isInOrder(index, least)) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #isInOrder(one: number, other: number): boolean {
    return this.#compare(this.#items[one] as T, this.#items[other] as T) <= 0;
  }

  #swap(one: number, other: number): void {
    const item = this.#items[one] as T;
    this.#items[one] = this.#items[other] as T;
    this.#items[other] = item;
  }
}
