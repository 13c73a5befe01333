import { startRedisServer } from '../test/support/redis-server.ts';
import type { ExportReport, ExportTask } from './export-process.ts';
import { median, withSpread } from './figures.ts';
import { runReader, startEmulatorProcess } from './process.ts';
import type { ReadingReport } from './readers/reading.ts';

/**
 * Compares an export of all companies with reading them without an export, which is the lower bound. Emulator, Redis
 * and the measured process are separate processes; each run starts new ones with a full request limit.
 */
const ROUNDS = 3;
const LATENCY_MS = 100;
const LIMIT = { burst: 50, perSecond: 2 };
const COMPANIES = 100_000;
/** Enough for live objects, little for garbage. */
const SMALL_HEAP = ['--max-old-space-size=64', '--max-semi-space-size=4'];
const WARM_UP_BATCHES = 20;
const USERS = [
  { id: 1, login: 'admin', password: 'demo', name: 'Ada', lastName: 'Admin', admin: true, crm: 'all' },
] as const;

type ExportRequest = Pick<ExportTask, 'format' | 'sort' | 'order'>;

const EXPORTS: [name: string, request: ExportRequest][] = [
  ['CSV in order of reading', { format: 'csv', sort: 'id', order: 'asc' }],
  ['CSV by title', { format: 'csv', sort: 'title', order: 'asc' }],
  ['XLSX in order of reading', { format: 'xlsx', sort: 'id', order: 'asc' }],
  ['XLSX by title', { format: 'xlsx', sort: 'title', order: 'asc' }],
];

/** @returns  lines of Markdown */
export async function benchExport(): Promise<string[]> {
  const bare: ReadingReport[] = [];
  const exports = new Map<string, ExportReport[]>(EXPORTS.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await run<ReadingReport>('bench/readers/ours.ts'));
    for (const [name, request] of EXPORTS) {
      exports.get(name)?.push(await run<ExportReport>('bench/export-process.ts', request));
    }
  }
  const bareSeconds = median(bare.map(({ seconds }) => seconds));
  return [
    `${COMPANIES.toLocaleString('en')} companies, ${LATENCY_MS} ms an answer, a bucket of ${LIMIT.burst} + ${LIMIT.perSecond}/s, a heap of 64 MB (\`node ${SMALL_HEAP.join(' ')}\`); ${ROUNDS} runs each in turn; median (least–most):`,
    '',
    '| | seconds | of these reading | ratio to reading alone | memory growth, MB | file, MB |',
    '|---|---|---|---|---|---|',
    `| reading alone | ${withSpread(
      bare.map(({ seconds }) => seconds),
      2,
    )} | | 1.00 | ${withSpread(bare.map(({ grownMegabytes }) => grownMegabytes))} | |`,
    ...[...exports].map(([name, runs]) => row(name, runs, bareSeconds)),
  ];
}

function row(name: string, runs: ExportReport[], bareSeconds: number): string {
  const seconds = runs.map((one) => one.seconds);
  return [
    `| ${name}`,
    withSpread(seconds, 2),
    withSpread(
      runs.map(({ gatheringSeconds }) => gatheringSeconds),
      2,
    ),
    (median(seconds) / bareSeconds).toFixed(2),
    withSpread(runs.map(({ grownMegabytes }) => grownMegabytes)),
    `${median(runs.map(({ megabytes }) => megabytes)).toFixed(1)} |`,
  ].join(' | ');
}

async function run<T extends { rows: number }>(
  file: string,
  request: Partial<ExportRequest> = {},
): Promise<T> {
  const redis = await startRedisServer();
  const emulator = await startEmulatorProcess({
    latencyMs: LATENCY_MS,
    requestLimit: LIMIT,
    portals: ['127.0.0.1', '127.0.0.2'].map((host) => ({
      host,
      users: [...USERS],
      companies: { count: COMPANIES, seed: 4 },
    })),
  });
  try {
    const { clientId, clientSecret, memberId, authorizationServer } = emulator;
    const tokens = await emulator.tokens(1);
    await emulator.warmUp(WARM_UP_BATCHES);
    const task = {
      ...tokens,
      clientId,
      clientSecret,
      memberId,
      authorizationServer,
      redisUrl: redis.url,
      limits: `127.0.0.1=${LIMIT.burst}/${LIMIT.perSecond}`,
      ...request,
    };
    const report = await runReader<T>(file, task, SMALL_HEAP);
    if (report.rows !== COMPANIES) throw new Error(`${file} got ${report.rows} of ${COMPANIES} companies`);
    return report;
  } finally {
    await Promise.all([emulator.stop(), redis.stop()]);
  }
}
