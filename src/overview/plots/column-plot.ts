import { scaleBand, scaleLinear } from 'd3-scale';
import type { PlotRow } from './bars.ts';

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
  /** Shows its number however narrow the plot is. */
  isKey: boolean;
  /** Not over yet. */
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
const LEAST_HEIGHT = 2;

/** Columns in the order of time; those that could not be counted leave a gap. */
export function layOutColumns(rows: MonthRow[]): ColumnPlot {
  const most = Math.max(...rows.map(({ count }) => count ?? 0), 1);
  const x = scaleBand()
    .domain(rows.map(({ firstDay }) => firstDay))
    .range([0, 100])
    .paddingInner(0.3)
    .paddingOuter(0.15);
  const y = scaleLinear().domain([0, most]).range([BASELINE, TOP]);
  const mostAt = rows.findIndex(({ count }) => count === most);
  const columns = rows.flatMap((row, index): Column[] => {
    const { count, firstDay } = row;
    if (count === null) return [];
    const height = count === 0 ? 0 : Math.max(LEAST_HEIGHT, BASELINE - y(count));
    const left = x(firstDay) ?? 0;
    const isFirstOfYear = firstDay.slice(5, 7) === '01';
    return [
      {
        ...row,
        count,
        year: isFirstOfYear || index === 0 ? firstDay.slice(0, 4) : null,
        x: rounded(left),
        middle: rounded(left + x.bandwidth() / 2),
        width: rounded(x.bandwidth()),
        step: rounded(x.step()),
        y: rounded(BASELINE - height),
        height: rounded(height),
        isKey: index === mostAt || index === rows.length - 1,
      },
    ];
  });
  return { height: HEIGHT, baseline: BASELINE, columns };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
