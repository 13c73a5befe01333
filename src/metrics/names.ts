/** Prefix of our metrics; those of the process keep the usual names of prom-client. */
export const PREFIX = 'bitrix24_companies_';

/** Prometheus counts time in seconds. */
export function seconds(ms: number): number {
  return ms / 1000;
}
