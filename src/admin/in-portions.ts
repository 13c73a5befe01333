/** Gathers items into lists of at most `size`, which are worked on together: memory stays the same however many there are. */
export async function* inPortions<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let portion: T[] = [];
  for await (const item of items) {
    portion.push(item);
    if (portion.length < size) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}

/** As many requests to the store as are sent together. */
export const AT_ONCE = 50;
