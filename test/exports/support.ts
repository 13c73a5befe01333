import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CompanyRow, DEMO_CLIENT, type Emulator, startEmulator } from '../../emulator/index.ts';
import type { Company } from '../../src/bitrix24/crm/company.ts';
import { ALL_COMPANIES } from '../../src/bitrix24/crm/company-filter.ts';
import { createRateLimiter } from '../../src/bitrix24/limits/rate-limiter.ts';
import { JOB, type RetryPolicy } from '../../src/bitrix24/rest/retry-policy.ts';
import {
  createExports,
  type ExportRequest,
  type Exports,
  type ExportsOptions,
} from '../../src/exports/exports.ts';
import { EXPORT_COLUMNS, type ExportJob } from '../../src/exports/jobs/export-job.ts';
import type { Portals } from '../../src/exports/jobs/gathering-progress.ts';
import { createHttpClient, type HttpClient } from '../../src/http-client/http-client.ts';
import { createLogger } from '../../src/log.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import type { Store } from '../../src/store/store.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { NO_LIMITS, portalsWith } from '../support/export-portals.ts';
import { newDataDir } from '../support/start-app.ts';
import { readCsv, readSheet, readZip } from './read-files.ts';

/** A portal, and exports of it as one of its people wants them, of an application that no other world has. */
export interface ExportWorld {
  clientId: string;
  emulator: Emulator;
  portals: Portals;
  /** As another process would run them: on the same store and the same files unless told otherwise. */
  exportsOn(
    store: Store,
    options?: Pick<ExportsOptions, 'observer' | 'leastFreeBytes'> & {
      dataDir?: string;
      retryPolicy?: RetryPolicy | undefined;
      portals?: Partial<Portals>;
    },
  ): Exports;
  request(overrides?: Partial<ExportRequest>, view?: Partial<ExportRequest['view']>): ExportRequest;
  dataDir: string;
  stop(): Promise<void>;
}

export async function startExportWorld(companies: CompanyRow[] | { count: number }): Promise<ExportWorld> {
  const clientId = newClientId();
  const emulator = await startEmulator({
    portals: [aPortal({ companies })],
    clients: [{ ...DEMO_CLIENT, clientId }],
  });
  const http = createHttpClient({ mayBePrivate: () => true });
  const portals = portalsOf(emulator, http, clientId);
  const dataDir = newDataDir();
  const [portal] = emulator.portals;
  return {
    clientId,
    emulator,
    portals,
    dataDir,
    exportsOn: (store, options = {}) =>
      createExports({
        store,
        clientId,
        dataDir: options.dataDir ?? dataDir,
        portals: { ...portals, ...options.portals },
        logger: createLogger({ level: 'silent', isPretty: false }),
        retryPolicy: options.retryPolicy ?? { ...JOB, firstPauseMs: 20, longestPauseMs: 100 },
        observer: options.observer,
        leastFreeBytes: options.leastFreeBytes,
      }),
    request: (overrides, view) =>
      aRequest(
        {
          owner: anOwner({ clientId, memberId: portal?.memberId ?? '' }),
          portal: portal?.origin ?? '',
          ...overrides,
        },
        view,
      ),
    async stop() {
      http.close();
      await emulator.stop();
    },
  };
}

export function portalsOf(emulator: Emulator, http: HttpClient, clientId = DEMO_CLIENT.clientId): Portals {
  const limiter = createRateLimiter(NO_LIMITS);
  return portalsWith({
    http,
    limiter,
    accessOf(userId) {
      const access = emulator.portals[0]?.issueTokens({ clientId, userId });
      if (access === undefined) throw new Error('there is no portal');
      return access;
    },
  });
}

/** The processes of one application look for its exports alone, so tests that share a store do not meet. */
export function newClientId(): string {
  return `local.${randomBytes(7).toString('hex')}.00000000`;
}

export function anOwner(overrides: Partial<PortalUserId> = {}): PortalUserId {
  return { memberId: 'a portal', clientId: DEMO_CLIENT.clientId, userId: 1, ...overrides };
}

export function aRequest(
  overrides: Partial<ExportRequest> = {},
  view: Partial<ExportRequest['view']> = {},
): ExportRequest {
  return {
    owner: anOwner(),
    portal: 'http://localhost',
    format: 'csv',
    view: {
      filter: ALL_COMPANIES,
      sort: 'id',
      order: 'asc',
      columns: [...EXPORT_COLUMNS],
      header: [...EXPORT_COLUMNS],
      title: 'Companies',
      description: '',
      ...view,
    },
    language: 'en',
    timeZone: null,
    ...overrides,
  };
}

export function aReadCompany(overrides: Partial<Company> = {}): Company {
  return {
    id: 1,
    title: 'Alpha',
    type: null,
    industry: null,
    employees: null,
    phones: [],
    emails: [],
    revenue: null,
    currency: null,
    responsible: null,
    created: null,
    modified: null,
    ...overrides,
  };
}

/** The text in every field that can hold one. */
export function hostileCompany(id: number, text: string): Company {
  const value = { id: 'X', name: text };
  return aReadCompany({
    id,
    title: text,
    type: value,
    industry: value,
    employees: value,
    phones: [text],
    emails: [text],
    responsible: { id: 1, name: text },
    currency: text,
  });
}

export function manyCompanies(count: number): CompanyRow[] {
  return Array.from({ length: count }, (_, index) => aCompany({ ID: String(index + 1) }));
}

/** Waits until a job is as wanted. */
export async function untilJob(
  exports: Exports,
  { owner, id }: Pick<ExportJob, 'owner' | 'id'>,
  isRight: (job: ExportJob) => boolean,
  withinMs = 30_000,
): Promise<ExportJob> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const job = (await exports.list(owner)).find((each) => each.id === id);
    if (job && isRight(job)) return job;
    if (Date.now() > deadline) throw new Error(`the export got no further than ${JSON.stringify(job)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const isDone = ({ state }: ExportJob) => state === 'done';

/** The whole file, as its owner gets it. */
export async function readResult(exports: Exports, job: Pick<ExportJob, 'owner' | 'id'>): Promise<Buffer> {
  const { file } = await exports.openFile(job);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The ids that a file has in its first column, in its order. */
export function idsIn(file: Buffer, format: 'csv' | 'xlsx'): number[] {
  const rows =
    format === 'csv'
      ? readCsv(file.toString()).map(([id]) => id)
      : readSheet(readZip(file).get('xl/worksheets/sheet1.xml')?.toString() ?? '').map(
          ([cell]) => cell?.value,
        );
  return rows.slice(1).map(Number);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Names of the files of all exports below a folder. */
export function filesBelow(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'exports'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** As they come from the rows of a job. */
export async function* inBatches<T>(items: T[]): AsyncGenerator<T[]> {
  for (let from = 0; from < items.length; from += 7) yield items.slice(from, from + 7);
}
