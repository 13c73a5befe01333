/** Metrics of ours begin so; those of the process keep the names that everybody gives them. */
export const PREFIX = 'bitrix24_companies_';

/** Prometheus counts time in seconds. */
export function seconds(ms: number): number {
  return ms / 1000;
}
