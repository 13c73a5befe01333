import { type PlotRow, rounded } from './bars.ts';

/** One month. Horizontal places are per cents of the width of the plot, vertical ones pixels from the top. */
export interface Column extends PlotRow {
  count: number;
  short: string;
  /** Where a year begins, and at the first column. */
  year: string | null;
  x: number;
  middle: number;
  width: number;
  step: number;
  y: number;
  height: number;
  /** Shows its number on narrow screens too. */
  isKey: boolean;
  /** The current month. */
  isOpen: boolean;
}

export interface ColumnPlot {
  height: number;
  baseline: number;
  columns: Column[];
}

export interface MonthRow extends PlotRow {
  /** `2026-11-01` */
  firstDay: string;
  short: string;
  isOpen: boolean;
}

const HEIGHT = 248;
/** Room for the numbers above, and for the names of months and years below. */
const [TOP, BASELINE] = [24, 204];
/** Minimum height of a column in pixels, so that a count above 0 stays visible. */
const LEAST_HEIGHT = 2;
/** Share of a step that the column takes; the rest is the gap, half of it on each side. */
const COLUMN_SHARE = 0.7;

/** Columns in the order of time; those that could not be counted leave a gap. */
export function layOutColumns(rows: MonthRow[]): ColumnPlot {
  const most = Math.max(...rows.map(({ count }) => count ?? 0), 1);
  const step = 100 / rows.length;
  const width = step * COLUMN_SHARE;
  const mostAt = rows.findIndex(({ count }) => count === most);
  const columns = rows.flatMap((row, index): Column[] => {
    const { count, firstDay } = row;
    if (count === null) return [];
    const share = count / most;
    const top = BASELINE * (1 - share) + TOP * share;
    const height = count === 0 ? 0 : Math.max(LEAST_HEIGHT, BASELINE - top);
    const left = index * step + (step - width) / 2;
    const isFirstOfYear = firstDay.slice(5, 7) === '01';
    return [
      {
        ...row,
        count,
        year: isFirstOfYear || index === 0 ? firstDay.slice(0, 4) : null,
        x: rounded(left),
        middle: rounded(left + width / 2),
        width: rounded(width),
        step: rounded(step),
        y: rounded(BASELINE - height),
        height: rounded(height),
        isKey: index === mostAt || index === rows.length - 1,
      },
    ];
  });
  return { height: HEIGHT, baseline: BASELINE, columns };
}
