import { residentMegabytes } from '../process.ts';

/** What a reader of a whole list is told. */
export interface ReadingTask {
  clientEndpoint: string;
  accessToken: string;
  refreshToken: string;
  clientId: string;
  clientSecret: string;
  memberId: string;
  authorizationServer: string;
  redisUrl: string;
  /** As BITRIX24_LIMITS has it; empty for none. */
  limits: string;
  operating?: { budgetSeconds: number; windowSeconds: number };
  /** Of how many companies; those who read one page a request read no more. */
  most?: number;
}

/** How it went. */
export interface ReadingReport {
  seconds: number;
  rows: number;
  /** Sum of all ids, which tells whether each was read once. */
  idSum: number;
  /** Whether each id was greater than the one before. */
  isOrdered: boolean;
  /** Resident memory above what it was before the first request, at its highest. */
  grownMegabytes: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

const SAMPLE_EVERY_MS = 10;

/** Measures `read`, which tells the id of every company it has got, in the order in which it gets them. */
export async function report(read: (take: (id: number) => void) => Promise<void>): Promise<void> {
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

/** The fields that both sides ask for: what a list shows. */
export { COMPANY_SELECT as SELECT } from '../../src/bitrix24/crm/company.ts';
