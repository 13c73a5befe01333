import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { CompanySort } from '../bitrix24/crm/company-list.ts';
import type { CompanyFilter } from '../bitrix24/crm/company-filter.ts';
import { InvalidRequestError } from '../errors.ts';
import {
  asExportColumns,
  EXPORT_FORMATS,
  type ExportColumn,
  type ExportJob,
  type ExportRef,
} from './jobs/export-job.ts';
import type { Exports } from './exports.ts';
import { findTimeZone } from '../i18n/time-zone.ts';
import { asJson, presentExport } from './export-rows.ts';
import type { Language, Translate } from '../web/language.ts';
import { translate } from '../web/language.ts';
import type { Reader } from '../companies/list-rows.ts';
import { prefersJson } from '../web/negotiate.ts';
import { requireSignIn } from '../web/protect.ts';
import { ownerOf } from '../portal-client/portal-client.ts';
import { logOf } from '../web/request-log.ts';
import type { SignedIn } from '../auth/session.ts';

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

export interface ExportsPageDependencies {
  clientId: string;
  exports: Exports;
  /** @throws {InvalidRequestError} */
  readView: (search: string, person: SignedIn, res: Response) => Promise<ListedView>;
  /** @throws {AppError}  the portal does not let them in any more */
  requireAccess: (person: SignedIn) => Promise<void>;
  now: () => number;
}

/** Whoever runs no scripts sees how far it is this often. */
const RELOAD_AFTER_SECONDS = 5;
const MAX_NAME = 100;

const Wish = z.object({ view: z.string().max(4_000).default(''), format: z.enum(EXPORT_FORMATS) });

/** `GET /exports`: what is being made and what is there, as a page or as JSON. */
export function showExports(dependencies: ExportsPageDependencies): RequestHandler {
  const { exports, now } = dependencies;
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const jobs = await exports.list(ownerOf(person, dependencies));
    if (prefersJson(req)) return void res.json({ exports: jobs.map(asJson) });
    const rows = jobs.map((job) => presentExport(job, res.locals as Reader, now()));
    const isBusy = rows.some(
      ({ state }) => state === 'queued' || state === 'running' || state === 'finishing',
    );
    res.render('exports', { rows, reloadAfterSeconds: isBusy ? RELOAD_AFTER_SECONDS : undefined });
  };
}

/** `POST /exports`: begins one of a view of the list. */
export function startExport(dependencies: ExportsPageDependencies): RequestHandler {
  const { exports, readView, now } = dependencies;
  return async (req, res) => {
    const person = requireSignIn(req, now());
    const { view, format } = readWish(req.body);
    const { columns: names, ...listed } = await readView(view.replace(/^\?/, ''), person, res);
    const columns = asExportColumns(names);
    const t = translate(res);
    const job = await exports.begin({
      owner: ownerOf(person, dependencies),
      portal: person.portal,
      format,
      view: {
        ...listed,
        columns,
        header: columns.map((column) => labelOf(column, t)),
        title: t('list.title'),
      },
      language: res.locals.language as Language,
      timeZone: person.timeZone,
    });
    logOf(req).info({ exportId: job.id, format }, 'export begun');
    if (prefersJson(req)) return void res.status(201).json(asJson(job));
    res.redirect(303, '/exports');
  };
}

/** `GET /exports/:id/file` */
export function sendExportFile(dependencies: ExportsPageDependencies): RequestHandler {
  return async (req, res) => {
    const ref = readRef(req, dependencies);
    await dependencies.requireAccess(requireSignIn(req, dependencies.now()));
    const { job, file, bytes } = await dependencies.exports.openFile(ref);
    // Named before its type: `attachment` would guess one.
    res.attachment(nameOfFile(job));
    res.type(job.format === 'csv' ? 'text/csv; charset=utf-8' : 'xlsx');
    res.setHeader('Content-Length', bytes);
    // Whoever leaves before the end has their reasons.
    await pipeline(file.createReadStream(), res).catch(() => res.destroy());
  };
}

/** `POST /exports/:id/cancel` */
export function cancelExport(dependencies: ExportsPageDependencies): RequestHandler {
  return changing(dependencies, (ref) => dependencies.exports.cancel(ref));
}

/** `POST /exports/:id/resume` */
export function resumeExport(dependencies: ExportsPageDependencies): RequestHandler {
  return changing(dependencies, (ref) => dependencies.exports.resume(ref));
}

/** `POST /exports/:id/forget` */
export function forgetExport(dependencies: ExportsPageDependencies): RequestHandler {
  return changing(dependencies, (ref) => dependencies.exports.forget(ref));
}

function changing(
  dependencies: ExportsPageDependencies,
  change: (ref: ExportRef) => Promise<void>,
): RequestHandler {
  return async (req, res) => {
    await change(readRef(req, dependencies));
    if (prefersJson(req)) return void res.sendStatus(204);
    res.redirect(303, '/exports');
  };
}

/** Somebody else's export is as unknown as one that never was: it is looked for among one's own. */
function readRef(req: Request, dependencies: ExportsPageDependencies): ExportRef {
  const person = requireSignIn(req, dependencies.now());
  return { owner: ownerOf(person, dependencies), id: String(req.params.id) };
}

function readWish(body: unknown): z.infer<typeof Wish> {
  const result = Wish.safeParse(body ?? {});
  if (result.success) return result.data;
  throw new InvalidRequestError(`the field ${String(result.error.issues[0]?.path[0])} cannot be used`);
}

/** What a list has no columns of its own for. */
const OWN_LABELS: ExportColumn[] = ['phones', 'emails', 'currency'];

function labelOf(column: ExportColumn, t: Translate): string {
  return t(`${OWN_LABELS.includes(column) ? 'exports' : 'list'}.columns.${column}`);
}

/** What it is, of what, and of which day of the reader's; nothing that a file system dislikes. */
function nameOfFile({ view, format, timeZone, endedAt, createdAt }: ExportJob): string {
  const iso = new Date(endedAt ?? createdAt).toISOString();
  const day = (findTimeZone(timeZone)?.shift(iso) ?? iso).slice(0, 10);
  const name = [view.title, view.description, day].filter(Boolean).join(' ');
  const tame = name.replace(/[\p{C}\\/:*?"<>|%]+/gu, ' ').replace(/\s+/g, ' ');
  // By letters: half an emoji is no text that a header could hold.
  return `${[...tame].slice(0, MAX_NAME).join('').trim()}.${format}`;
}
