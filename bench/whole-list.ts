import { startRedisServer } from '../test/support/redis-server.ts';
import { median, withSpread } from './figures.ts';
import { type EmulatorCost, runReader, startEmulatorProcess } from './process.ts';
import type { ReadingReport } from './readers/reading.ts';

/**
 * Reads all companies of a portal, compared with the SDK of the vendor: with the request limit of the portal, without
 * request limits for a million, and with an operating time limit. Emulator, Redis and readers are separate processes;
 * each run starts new ones with full limits.
 */
const ROUNDS = 5;
const LATENCY_MS = 100;
const LIMIT = { burst: 50, perSecond: 2 };
const OPERATING = { budgetSeconds: 48, windowSeconds: 60, secondsPerPage: 0.3 };
const PAGE_SIZE = 50;
/** A new emulator process needs twice the CPU time per page, for any reader. */
const WARM_UP_BATCHES = 20;
const USERS = [
  { id: 1, login: 'admin', password: 'demo', name: 'Ada', lastName: 'Admin', admin: true, crm: 'all' },
] as const;

interface Setting {
  companies: number;
  isLimited: boolean;
  hasExecutionTime?: boolean;
  /** Number of companies for readers that send one request per page; they read only a part. */
  most?: number;
  /** Node options that limit the heap. Without them V8 grows the heap and collects garbage rarely. */
  heap?: string[];
}

/** Enough for live objects, little for garbage. */
const SMALL_HEAP = ['--max-old-space-size=48', '--max-semi-space-size=4'];

interface Run extends ReadingReport {
  cost: EmulatorCost;
}

/** @returns  lines of Markdown */
export async function benchWholeList(): Promise<string[]> {
  const limited: Setting = { companies: 100_000, isLimited: true };
  const ours: Run[] = [];
  const small: Run[] = [];
  const sdk: Run[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await run('ours', limited));
    small.push(await run('ours', { ...limited, heap: SMALL_HEAP }));
    sdk.push(await run('b24jssdk', limited, { way: 'batchByChunk' }));
  }
  const part: Setting = { ...limited, most: 5_000 };
  const slow = [
    ['callList', await run('b24jssdk', part, { way: 'callList' })],
    ['fetchList', await run('b24jssdk', part, { way: 'fetchList' })],
  ] as const;
  const ratio = median(sdk.map(seconds)) / median(ours.map(seconds));
  const costs = [ours, sdk].map((runs) => median(runs.map(({ cost }) => cost.cpuMsPerPage)));
  const apart = (Math.max(...costs) / Math.min(...costs) - 1) * 100;
  return [
    `100,000 companies, ${LATENCY_MS} ms an answer, a bucket of ${LIMIT.burst} + ${LIMIT.perSecond}/s, no operating time limit; ${ROUNDS} runs each in turn; median (least–most):`,
    '',
    '| | seconds | memory growth, MB | CPU of the emulator per page, ms | refused |',
    '|---|---|---|---|---|',
    row('ours, Redis for the limits', ours),
    row(`ours with a heap of 48 MB (\`node ${SMALL_HEAP.join(' ')}\`)`, small),
    row('@bitrix24/b24jssdk batchByChunk', sdk),
    ...slow.map(([way, one]) => row(`${way}, of 5,000 only (one run)`, [one])),
    '',
    `Ours is ${ratio.toFixed(2)} times as fast as \`batchByChunk\`. CPU of the emulator per page differs by ${apart.toFixed(0)} % between the two.`,
  ];
}

/** @returns  lines of Markdown */
export async function benchMillion(): Promise<string[]> {
  const small: Run[] = [];
  const large: Run[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    small.push(await run('ours', { companies: 100_000, isLimited: false, heap: SMALL_HEAP }));
    large.push(await run('ours', { companies: 1_000_000, isLimited: false, heap: SMALL_HEAP }));
  }
  const ratio = median(large.map(rowsPerSecond)) / median(small.map(rowsPerSecond));
  return [
    `Ours with a heap of 48 MB, request limits off in both, ${LATENCY_MS} ms an answer; ${ROUNDS} runs each in turn; median (least–most):`,
    '',
    '| companies | seconds | rows a second | memory growth, MB | CPU of the emulator per page, ms |',
    '|---|---|---|---|---|',
    ...[small, large].map(
      (runs) =>
        `| ${runs[0]?.rows.toLocaleString('en')} | ${withSpread(runs.map(seconds), 2)} | ${withSpread(runs.map(rowsPerSecond))} | ${withSpread(runs.map(grown))} | ${withSpread(runs.map(cpuPerPage), 2)} |`,
    ),
    '',
    `Rows a second with a million companies: ${ratio.toFixed(2)} times those with 100,000.`,
  ];
}

/** @returns  lines of Markdown */
export async function benchOperating(): Promise<string[]> {
  const runs: Run[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs.push(await run('ours', { companies: 20_000, isLimited: true, hasExecutionTime: true }));
  }
  const shares = runs.map((one) => one.seconds / earliestFinish(one));
  return [
    `20,000 companies, ${OPERATING.secondsPerPage} s of operating time a page, ${OPERATING.budgetSeconds} s in a window of ${OPERATING.windowSeconds} s; ${ROUNDS} runs:`,
    '',
    '| | |',
    '|---|---|',
    `| seconds | ${withSpread(runs.map(seconds), 1)} |`,
    `| earliest finish that the budget allows, from the start of each run | ${withSpread(runs.map(earliestFinish), 1)} |`,
    `| ratio | ${withSpread(shares, 3)} |`,
    `| refusals by the portal | ${runs.reduce((sum, one) => sum + refused(one), 0)} |`,
  ];
}

/**
 * The earliest time at which all rows can be read, in seconds from the start: the reader uses the whole budget as
 * soon as it is available. The portal releases tenths of the window, at multiples of a tenth on the clock.
 */
function earliestFinish({ startedAt, rows }: Run): number {
  const { budgetSeconds, windowSeconds, secondsPerPage } = OPERATING;
  const pagesAtOnce = Math.floor(budgetSeconds / secondsPerPage + 1e-9);
  const windows = Math.ceil(rows / PAGE_SIZE / pagesAtOnce) - 1;
  const partMs = windowSeconds * 100;
  return ((Math.floor(startedAt / partMs) + windows * 10) * partMs - startedAt) / 1000;
}

async function run(reader: 'ours' | 'b24jssdk', setting: Setting, more: object = {}): Promise<Run> {
  const { companies, isLimited, hasExecutionTime = false, most, heap = [] } = setting;
  const redis = await startRedisServer();
  const emulator = await startEmulatorProcess({
    latencyMs: LATENCY_MS,
    requestLimit: isLimited ? LIMIT : null,
    operatingLimit: hasExecutionTime
      ? {
          thresholdSeconds: OPERATING.budgetSeconds,
          windowSeconds: OPERATING.windowSeconds,
          secondsPerCall: OPERATING.secondsPerPage,
        }
      : null,
    portals: ['127.0.0.1', '127.0.0.2'].map((host) => ({
      host,
      users: [...USERS],
      companies: { count: companies, seed: 4 },
    })),
  });
  const { clientId, clientSecret, memberId, authorizationServer } = emulator;
  const tokens = await emulator.tokens(1);
  await emulator.warmUp(WARM_UP_BATCHES);
  await emulator.resetCost();
  const task = {
    ...tokens,
    clientId,
    clientSecret,
    memberId,
    authorizationServer,
    redisUrl: redis.url,
    limits: isLimited ? `127.0.0.1=${LIMIT.burst}/${LIMIT.perSecond}` : '',
    ...(hasExecutionTime ? { operating: OPERATING } : {}),
    ...(most === undefined ? {} : { most }),
    ...more,
  };
  const report = await runReader<ReadingReport>(`bench/readers/${reader}.ts`, task, heap);
  const result = { ...report, cost: await emulator.cost() };
  await Promise.all([emulator.stop(), redis.stop()]);
  const expected = most ?? companies;
  if (report.rows !== expected || report.idSum !== (expected * (expected + 1)) / 2 || !report.isOrdered) {
    throw new Error(`${reader} read ${report.rows} of ${expected} companies, or not in order`);
  }
  return result;
}

const seconds = (one: Run) => one.seconds;
const grown = (one: Run) => one.grownMegabytes;
const rowsPerSecond = (one: Run) => one.rows / one.seconds;
const cpuPerPage = ({ cost }: Run) => cost.cpuMsPerPage;
const refused = ({ cost }: Run) => Object.values(cost.refusals).reduce((sum, count) => sum + count, 0);

function row(name: string, runs: Run[]): string {
  const refusals = runs.reduce((sum, one) => sum + refused(one), 0);
  return `| ${name} | ${withSpread(runs.map(seconds), 2)} | ${withSpread(runs.map(grown))} | ${withSpread(runs.map(cpuPerPage), 2)} | ${refusals} |`;
}
