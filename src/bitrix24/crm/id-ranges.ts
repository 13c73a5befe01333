import { PAGE_SIZE } from '../rest/pages.ts';

/** Companies whose ids are above `after`, and not above `to`. */
export interface Range {
  after: number;
  to: number;
  /** The last one goes on past `to`: what is added meanwhile belongs to it. */
  isOpen: boolean;
  /** How many companies there are for each id, as far as is known. */
  density: number;
}

/** From this density on, no id counts as missing. */
const DENSE = 0.95;
/** Where ids are missing, a range is made a little narrower than it might be: one that overflows costs another request. */
const CAUTION = 0.9;
/** How much thinner companies may suddenly be: a gap says little about what comes after it. */
const SLOWLY = 4;

/**
 * Cuts the ids of a list into ranges that fill about one batch each. Ids are dense in a young portal and full of gaps in an
 * old one, or where a filter lets few through; how many there are is learnt from what was read.
 */
export class IdRanges {
  readonly #last: number;
  readonly #rowsAtOnce: number;
  #after: number | undefined;
  #density: number;

  /**
   * @param options.after    ids up to this one are read already
   * @param options.last     the greatest there is
   * @param options.density  companies for each id in what was read; 1 if none is missing
   */
  constructor(options: { after: number; last: number; density: number; pagesAtOnce: number }) {
    this.#after = options.after;
    this.#last = options.last;
    this.#rowsAtOnce = options.pagesAtOnce * PAGE_SIZE;
    this.#density = clamp(options.density);
  }

  next(): Range | undefined {
    const after = this.#after;
    if (after === undefined) return undefined;
    const density = this.#density;
    const rows = density >= DENSE ? this.#rowsAtOnce : (this.#rowsAtOnce * CAUTION) / density;
    const to = after + Math.floor(rows);
    const isOpen = to >= this.#last;
    this.#after = isOpen ? undefined : to;
    return { after, to: isOpen ? Math.max(after, this.#last) : to, isOpen, density };
  }

  /** How many rows a range has turned out to hold. */
  learn({ after, to, isOpen }: Range, rows: number): void {
    if (isOpen) return;
    this.#density = clamp(Math.max(rows / (to - after), this.#density / SLOWLY));
  }
}

/** How many pages to ask for. Not too many: a page past the end costs the portal as much as a full one. */
export function pagesIn({ after, to, isOpen, density }: Range): number {
  const ids = Math.max(0, to - after);
  const expected = density >= DENSE ? ids : (ids * density) / CAUTION;
  // That an open range is over, only a page that is not full can tell.
  return Math.max(1, Math.ceil(expected / PAGE_SIZE) + (isOpen ? 1 : 0));
}

function clamp(density: number): number {
  return Math.min(1, Math.max(density, 1e-7));
}
