import { z } from 'zod';
import {
  COLUMN_NAMES,
  COMPANY_SORTS,
  type ColumnName,
  FILE_WIDTHS,
  type FileColumn,
  rowOf,
} from '../../bitrix24/crm/company-columns.ts';
import { CompanyFilter } from '../../bitrix24/crm/company-filter.ts';
import type { PortalUserId } from '../../portal-user.ts';
import { instant, parsePortalUserKey, portalUserKey } from '../../store/records.ts';

/** What a file can hold, in the order of a list that chooses nothing. */
export const EXPORT_COLUMNS = Object.keys(FILE_WIDTHS) as [FileColumn, ...FileColumn[]];

export const EXPORT_FORMATS = ['csv', 'xlsx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How long a file is there for its owner, from the end of the work on. */
export const KEPT_MS = 24 * 3600_000;
/** Work that nobody has touched for so long is given up. */
export const UNTOUCHED_MS = 7 * 24 * 3600_000;

/** Whose export. No other portal user finds it, and it is read with this one's rights. */
const Owner = z.object({
  memberId: z.string(),
  clientId: z.string(),
  userId: z.number().int().positive(),
}) satisfies z.ZodType<PortalUserId>;
/** Part of the gathered rows, in a file of its own; what lies behind `bytes` does not count. */
const Segment = z.object({ name: z.string().regex(/^[\w.-]{1,60}$/), bytes: z.number().int() });

/** Up to where the rows are safe on the disk. */
const Checkpoint = z.object({
  resumeToken: z.string().nullable(),
  rows: z.number().int(),
  segments: z.array(Segment),
  /** Nothing comes after it. */
  isWhole: z.boolean(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const NOTHING_YET: Checkpoint = { resumeToken: null, rows: 0, segments: [], isWhole: false };

const View = z.object({
  filter: CompanyFilter,
  sort: z.enum(COMPANY_SORTS),
  order: z.enum(['asc', 'desc']),
  columns: z.array(z.enum(EXPORT_COLUMNS)),
  /** Names of the columns, as the reader knows them. */
  header: z.array(z.string()),
  /** What it is about, in the reader's words: the name of the file and of its sheet. */
  title: z.string(),
  /** The view in the reader's words; empty for one that leaves nothing out. */
  description: z.string(),
});
/** What was on the screen, and how its reader reads. */
export type ExportView = z.infer<typeof View>;

export const ExportJob = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[\w-]{22}$/),
  owner: Owner,
  /** Origin. */
  portal: z.string(),
  format: z.enum(EXPORT_FORMATS),
  view: View,
  language: z.enum(['en', 'ru']),
  /** IANA; null is the portal's own clock. */
  timeZone: z.string().nullable(),
  state: z.enum(['queued', 'running', 'finishing', 'done', 'failed', 'cancelled', 'waiting']),
  /** Gathered so far. */
  rows: z.number().int(),
  /** All there will be, as the portal has counted; null before. */
  total: z.number().int().nullable(),
  checkpoint: Checkpoint,
  secondsLeft: z.number().nullable(),
  /** Why it failed, waits, or does not get on just now: a code and reason of an AppError, or `disk_full`. */
  trouble: z.object({ code: z.string(), reason: z.string().nullable() }).nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
  expiresAt: instant.nullable(),
  fileBytes: z.number().int().nullable(),
  /** The process that works on it, and until when no other one does. */
  lease: z.object({ holder: z.string(), until: instant }).nullable(),
});
/** One export, from the request to the file. Instants are milliseconds by the store's clock. */
export type ExportJob = z.infer<typeof ExportJob>;

/** The owner and the id of an export. */
export type ExportRef = Pick<ExportJob, 'owner' | 'id'>;

/** Whether a process works on it, or one is to take it. */
export function isOpen({ state }: ExportJob): boolean {
  return state === 'queued' || state === 'running' || state === 'finishing';
}

const JOB_ID = /^[\w-]{22}$/;

export function jobKey({ owner, id }: ExportRef): string {
  return portalUserKey('export', owner, id);
}

/** @returns undefined for a key that is not of a job */
export function parseJobKey(key: string): ExportRef | undefined {
  const { user, more: [id = '', ...rest] = [] } = parsePortalUserKey('export', key) ?? {};
  return user && JOB_ID.test(id) && rest.length === 0 ? { owner: user, id } : undefined;
}

/** The columns of a list as columns of a file: what a list shows in one cell, a table sorts by. */
export function asExportColumns(names: readonly string[]): FileColumn[] {
  const columns = names.filter((name): name is ColumnName => COLUMN_NAMES.includes(name as ColumnName));
  const ofFile = columns.flatMap((name) => Object.keys(rowOf(name).files) as FileColumn[]);
  return ofFile.length === 0 ? [...EXPORT_COLUMNS] : [...new Set(ofFile)];
}
