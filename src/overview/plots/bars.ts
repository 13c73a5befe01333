/** One kind of companies, in the language of the reader. */
export interface PlotRow {
  label: string;
  /** Null when the portal would not count it. */
  count: number | null;
  /** The list of these companies, where there is an address for it. */
  href: string | null;
  /** Companies without a value: no kind of their own. */
  isQuiet: boolean;
  /** The remainder of all kinds: drawn to the same scale, it would dwarf them. */
  isRest?: boolean;
}

export interface Bar extends PlotRow {
  count: number;
  /** Pixels from the top. */
  y: number;
  /** Per cent of the width of the plot; null for what has a number but no bar. */
  width: number | null;
}

export interface BarPlot {
  height: number;
  bars: Bar[];
}

/** A line of text with the bar below it. */
const ROW_HEIGHT = 40;
/** Minimum width of a bar in per cent, so that a count above 0 stays visible. */
const LEAST_WIDTH = 0.75;

/** Horizontal bars, each below its label: so any label fits, and the plot fits any width. */
export function layOutBars(rows: (PlotRow & { count: number })[]): BarPlot {
  const most = Math.max(1, ...rows.filter(({ isRest }) => !isRest).map(({ count }) => count));
  const widthOf = ({ count, isRest }: PlotRow & { count: number }) => {
    if (isRest) return null;
    return count === 0 ? 0 : Math.max(LEAST_WIDTH, rounded(100 * (count / most)));
  };
  const bars = rows.map((row, index) => ({ ...row, y: index * ROW_HEIGHT, width: widthOf(row) }));
  return { height: rows.length * ROW_HEIGHT, bars };
}

/** To hundredths, which are enough for pixels and per cents. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
