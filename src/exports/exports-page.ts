import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { requireSignIn } from '../auth/current-user.ts';
import type { SignedInUser } from '../auth/signed-in-user.ts';
import {
  COLUMN_NAMES,
  type ColumnName,
  type CompanySort,
  type FileColumn,
} from '../bitrix24/crm/company-columns.ts';
import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import { InvalidRequestError } from '../errors.ts';
import { findTimeZone } from '../i18n/time-zone.ts';
import type { Translate } from '../i18n/translate.ts';
import { idOf } from '../portal-user.ts';
import { languageOf, localeOf, translate } from '../web/language.ts';
import { prefersJson } from '../web/negotiate.ts';
import { logOf } from '../web/request-log.ts';
import { attachmentHeader } from './attachment.ts';
import { asJson, presentExport } from './export-rows.ts';
import type { Exports } from './exports.ts';
import {
  asExportColumns,
  EXPORT_FORMATS,
  type ExportJob,
  type ExportRef,
  isOpen,
} from './jobs/export-job.ts';

/** A view of the list, read from the query of its address. */
export interface ListedView {
  filter: CompanyFilter;
  sort: CompanySort;
  order: 'asc' | 'desc';
  /** Names of the columns of the list. */
  columns: string[];
  /** In the reader's words; empty for one that leaves nothing out. */
  description: string;
}

/** Reads a view from the query of its address. @throws {InvalidRequestError} */
export type ReadView = (search: string, user: SignedInUser, res: Response) => Promise<ListedView>;

/** A browser that runs no scripts loads the page again this often. */
const RELOAD_AFTER_SECONDS = 5;
const MAX_NAME = 100;

const ExportForm = z.object({ view: z.string().max(4_000).default(''), format: z.enum(EXPORT_FORMATS) });

/** `GET /exports`: the user's exports, those under way and those that are done, as a page or as JSON. */
export function showExports({ exports, now }: { exports: Exports; now: () => number }): RequestHandler {
  return async (req, res) => {
    const jobs = await exports.list(requireSignIn(req));
    if (prefersJson(req)) return void res.json({ exports: jobs.map(asJson) });
    const rows = jobs.map((job) => presentExport(job, localeOf(res), now()));
    res.render('exports', { rows, reloadAfterSeconds: jobs.some(isOpen) ? RELOAD_AFTER_SECONDS : undefined });
  };
}

/** `POST /exports`: begins an export of a view of the list. */
export function startExport({ exports, readView }: { exports: Exports; readView: ReadView }): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    const { view, format } = readRequest(req.body);
    const { columns: names, ...listed } = await readView(view.replace(/^\?/, ''), user, res);
    const columns = asExportColumns(names);
    const t = translate(res);
    const job = await exports.begin({
      owner: idOf(user),
      portal: user.portal,
      format,
      view: {
        ...listed,
        columns,
        header: columns.map((column) => labelOf(column, t)),
        title: t('list.title'),
      },
      language: languageOf(res),
      timeZone: user.timeZone,
    });
    logOf(req).info({ exportId: job.id, format }, 'export begun');
    if (prefersJson(req)) return void res.status(201).json(asJson(job));
    res.redirect(303, '/exports');
  };
}

/**
 * `GET /exports/:id/file`
 *
 * @param options.requireAccess  asks the portal whether it still lets the user read companies; throws an AppError if not
 */
export function sendExportFile({
  exports,
  requireAccess,
}: {
  exports: Exports;
  requireAccess: (user: SignedInUser) => Promise<void>;
}): RequestHandler {
  return async (req, res) => {
    const user = requireSignIn(req);
    await requireAccess(user);
    const { job, file, bytes } = await exports.openFile(refOf(user, req));
    const { name, fallback } = namesOfFile(job);
    res.setHeader('Content-Disposition', attachmentHeader(name, fallback));
    res.type(job.format === 'csv' ? 'text/csv; charset=utf-8' : 'xlsx');
    res.setHeader('Content-Length', bytes);
    // A browser that leaves before the end is no failure of ours.
    await pipeline(file.createReadStream(), res).catch(() => res.destroy());
  };
}

/** `POST /exports/:id/cancel` */
export function cancelExport(exports: Exports): RequestHandler {
  return changing((ref) => exports.cancel(ref));
}

/** `POST /exports/:id/resume` */
export function resumeExport(exports: Exports): RequestHandler {
  return changing((ref) => exports.resume(ref));
}

/** `POST /exports/:id/forget` */
export function forgetExport(exports: Exports): RequestHandler {
  return changing((ref) => exports.forget(ref));
}

function changing(change: (ref: ExportRef) => Promise<void>): RequestHandler {
  return async (req, res) => {
    await change(refOf(requireSignIn(req), req));
    if (prefersJson(req)) return void res.sendStatus(204);
    res.redirect(303, '/exports');
  };
}

/** Only among the user's own exports: another user's is as unknown as one that never was. */
function refOf(user: SignedInUser, req: Request): ExportRef {
  return { owner: idOf(user), id: String(req.params.id) };
}

function readRequest(body: unknown): z.infer<typeof ExportForm> {
  const result = ExportForm.safeParse(body ?? {});
  if (result.success) return result.data;
  throw new InvalidRequestError(`the field ${String(result.error.issues[0]?.path[0])} cannot be used`);
}

/** Columns that the list shows inside another one have a text of their own. */
function labelOf(column: FileColumn, t: Translate): string {
  const isOfList = COLUMN_NAMES.includes(column as ColumnName);
  return t(`${isOfList ? 'list' : 'exports'}.columns.${column}`);
}

/** What it is, of what, and of which day of the reader's; nothing that a file system dislikes. */
function namesOfFile({ view, format, timeZone, endedAt, createdAt }: ExportJob) {
  const iso = new Date(endedAt ?? createdAt).toISOString();
  const day = (findTimeZone(timeZone)?.shift(iso) ?? iso).slice(0, 10);
  const name = [view.title, view.description, day].filter(Boolean).join(' ');
  const tame = name.replace(/[\p{C}\\/:*?"<>|%]+/gu, ' ').replace(/\s+/g, ' ');
  // By letters: half an emoji is no text that a header could hold.
  const short = [...tame].slice(0, MAX_NAME).join('').trim();
  return { name: `${short}.${format}`, fallback: `companies-${day}.${format}` };
}
