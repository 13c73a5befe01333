import type { OperatingForecast } from '../../bitrix24/limits/operating-budget.ts';
import { PAGE_SIZE } from '../../bitrix24/rest/pages.ts';

const LOOK_BACK_MS = 60_000;
/** Over a shorter time the pace would be too uncertain. */
const LEAST_MS = 2_000;

/** How fast rows have come in the last minute. */
export class Pace {
  readonly #samples: { at: number; rows: number }[] = [];

  /** @param at  milliseconds of a clock that never goes back */
  note(at: number, rows: number): void {
    this.#samples.push({ at, rows });
    while ((this.#samples[0]?.at ?? at) < at - LOOK_BACK_MS) this.#samples.shift();
  }

  /** @returns undefined before there is enough to tell */
  rowsPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
    return ((last.rows - first.rows) / (last.at - first.at)) * 1000;
  }
}

/**
 * How long the rows that are missing will take, by their pace and by the execution time that the portal allows: a portal
 * that is quick for a minute makes background work wait for ten when the budget is used up.
 *
 * @returns seconds; null when there is nothing to estimate them by
 */
export function estimateSecondsLeft(
  rowsLeft: number,
  rowsPerSecond: number | undefined,
  forecast: OperatingForecast | null,
): number | null {
  if (rowsLeft <= 0) return 0;
  const byBudget = forecast === null ? 0 : waitForBudget(rowsLeft, forecast);
  if (!rowsPerSecond) return byBudget > 0 ? Math.round(byBudget) : null;
  return Math.round(Math.max(rowsLeft / rowsPerSecond, byBudget));
}

function waitForBudget(rowsLeft: number, forecast: OperatingForecast): number {
  const { costSeconds, freeSeconds, budgetSeconds, windowSeconds } = forecast;
  const missing = Math.ceil(rowsLeft / PAGE_SIZE) * costSeconds - Math.max(0, freeSeconds);
  return missing <= 0 || budgetSeconds <= 0 ? 0 : (missing / budgetSeconds) * windowSeconds;
}
