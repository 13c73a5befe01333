import { residentMegabytes } from '../process.ts';

/** Input of a reader process. */
export interface ReadingTask {
  clientEndpoint: string;
  accessToken: string;
  refreshToken: string;
  clientId: string;
  clientSecret: string;
  memberId: string;
  authorizationServer: string;
  redisUrl: string;
  /** In the format of BITRIX24_LIMITS; empty: no limit. */
  limits: string;
  operating?: { budgetSeconds: number; windowSeconds: number };
  /** Number of companies to read, for readers that send one request per page. */
  most?: number;
}

/** Result of a reader process. */
export interface ReadingReport {
  seconds: number;
  rows: number;
  /** Sum of all ids: shows whether each company was read exactly once. */
  idSum: number;
  /** Whether each id was greater than the previous one. */
  isOrdered: boolean;
  /** Highest resident memory minus resident memory before the first request. */
  grownMegabytes: number;
  /** Milliseconds since 1970. */
  startedAt: number;
}

const SAMPLE_EVERY_MS = 10;

/**
 * Measures `read`, which must call back with the id of each company in the order of reading, and sends the result to
 * the parent process.
 */
export async function report(read: (onId: (id: number) => void) => Promise<void>): Promise<void> {
  const before = residentMegabytes();
  let most = before;
  const sample = () => {
    most = Math.max(most, residentMegabytes());
  };
  const sampling = setInterval(sample, SAMPLE_EVERY_MS);
  let [rows, idSum, lastId, isOrdered] = [0, 0, 0, true];
  const startedAt = Date.now();
  const from = performance.now();
  await read((id) => {
    rows += 1;
    idSum += id;
    isOrdered &&= id > lastId;
    lastId = id;
    if (rows % 2_500 === 0) sample();
  });
  const seconds = (performance.now() - from) / 1000;
  sample();
  clearInterval(sampling);
  const result: ReadingReport = { seconds, rows, idSum, isOrdered, grownMegabytes: most - before, startedAt };
  process.send?.(result, () => process.exit(0));
}

/** Fields that all readers select: those of the list page. */
export { COMPANY_SELECT as SELECT } from '../../src/bitrix24/crm/company-columns.ts';
