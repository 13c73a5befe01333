import type { Locale } from '../i18n/locale.ts';
import type { ExportJob } from './jobs/export-job.ts';

/** An export as its owner sees it: texts in their language, null where there is nothing to say. */
export interface ExportRow {
  id: string;
  format: string;
  state: ExportJob['state'];
  stateText: string;
  what: string;
  /** Of what is still being made: how much is there, from 0 to 1; null while the total is unknown. */
  share: number | null;
  progress: string | null;
  left: string | null;
  /** What is wrong, and what to do about it. */
  trouble: string | null;
  needsSignIn: boolean;
  begun: { iso: string; text: string };
  kept: string | null;
  size: string | null;
  canCancel: boolean;
  canResume: boolean;
  canForget: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** @param now  milliseconds since the epoch */
export function presentExport(job: ExportJob, { t, format }: Locale, now: number): ExportRow {
  const { state, rows, total, secondsLeft, expiresAt, fileBytes } = job;
  const isMaking = state === 'queued' || state === 'running' || state === 'finishing';
  const createdAt = new Date(job.createdAt).toISOString();
  return {
    id: job.id,
    format: job.format.toUpperCase(),
    state,
    stateText: t(`exports.states.${state}`),
    what: job.view.description || t('exports.everything'),
    share: isMaking && total ? Math.min(1, rows / total) : null,
    progress: describeRows(job, { t, format }),
    left:
      state === 'running' && secondsLeft !== null ? describeSecondsLeft(secondsLeft, { t, format }) : null,
    trouble: describeTrouble(job, { t, format }),
    needsSignIn: state === 'waiting' && job.trouble?.code === 'sign_in_required',
    begun: { iso: createdAt, text: t('exports.begun', { ago: format.ago(createdAt, now) }) },
    kept: state === 'done' && expiresAt !== null ? describeKept(expiresAt - now, { t, format }) : null,
    size: state === 'done' && fileBytes !== null ? describeBytes(fileBytes, { t, format }) : null,
    canCancel: isMaking || state === 'waiting',
    canResume: state === 'waiting',
    canForget: state === 'done' || state === 'failed' || state === 'cancelled',
  };
}

/** The export as programs get it. */
export function asJson(job: ExportJob) {
  const instant = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    id: job.id,
    format: job.format,
    state: job.state,
    view: job.view.description,
    rows: job.rows,
    total: job.total,
    secondsLeft: job.secondsLeft,
    trouble: job.trouble,
    created: instant(job.createdAt),
    ended: instant(job.endedAt),
    expires: instant(job.expiresAt),
    bytes: job.fileBytes,
  };
}

function describeRows({ state, rows, total }: ExportJob, { t, format }: Locale): string | null {
  const formatted = format.number(rows);
  if (state === 'done') return t('exports.companies', { count: rows, formatted });
  if (rows === 0 || state === 'failed' || state === 'cancelled') return null;
  if (total === null || total <= rows) return t('exports.soFar', { count: rows, formatted });
  return t('exports.progress', { rows: formatted, total: format.number(total) });
}

function describeSecondsLeft(seconds: number, { t }: Locale): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return t('exports.left.soon');
  if (minutes < 90) return t('exports.left.minutes', { count: minutes });
  return t('exports.left.hours', { count: Math.round(minutes / 60) });
}

function describeTrouble({ state, trouble }: ExportJob, { t }: Locale): string | null {
  if (trouble === null) return null;
  const what = t([`exports.trouble.${trouble.code}`, 'exports.trouble.default']);
  if (state === 'failed') return what;
  const isGrant = trouble.code === 'sign_in_required';
  const then = state === 'waiting' ? (isGrant ? 'signInFirst' : 'goOn') : 'trying';
  return `${what} ${t(`exports.trouble.${then}`)}`;
}

function describeKept(ms: number, { t }: Locale): string {
  return ms < HOUR_MS ? t('exports.kept.soon') : t('exports.kept.hours', { count: Math.round(ms / HOUR_MS) });
}

function describeBytes(bytes: number, { t, format }: Locale): string {
  if (bytes < 1_000) return t('exports.size.bytes', { size: format.number(bytes) });
  if (bytes < 1_000_000)
    return t('exports.size.kilobytes', { size: format.number(Math.round(bytes / 1_000)) });
  return t('exports.size.megabytes', { size: format.number(Math.round(bytes / 100_000) / 10) });
}
