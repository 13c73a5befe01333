import type { RequestHandler, Response } from 'express';
import { requireSignIn } from '../auth/current-user.ts';
import { AppError, traitsOf } from '../errors.ts';
import type { TimeZone } from '../i18n/time-zone.ts';
import { prefersJson } from '../web/negotiate.ts';
import type { CountFailure } from './count-records.ts';
import type { StartOfDay } from './months.ts';
import type { Overview, OverviewState } from './overview.ts';
import { drawOverview } from './plots/draw-overview.ts';
import { headlineFigures } from './plots/figures.ts';
import { PANELS } from './plots/panels.ts';
import type { PlotLocale } from './plots/plot-words.ts';

export interface OverviewPageDependencies {
  overview: Overview;
  now: () => number;
}

/** How often a page that waits for its counts reloads: soon at first, since most portals are quick. */
const RELOAD_AFTER_SECONDS = 2;
const LATER_RELOAD_AFTER_SECONDS = 5;
const SOON_MS = 20_000;

/** Why there are no counts; for callers that want JSON. */
class CountingFailedError extends AppError {
  constructor({ code, reason, httpStatus: status, retryAfterSeconds }: CountFailure) {
    super(`counting failed: ${code}`, {
      code,
      status,
      ...(reason === null ? {} : { reason }),
      ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
    });
  }
}

/** `GET /overview`: how many companies there are of each kind, as plots or as JSON. */
export function showOverview(dependencies: OverviewPageDependencies): RequestHandler {
  const { overview, now } = dependencies;
  return async (req, res) => {
    const user = requireSignIn(req);
    const state = await overview.read(user, startOfDayOf(res));
    const { kept, countingSince, failure } = state;
    if (prefersJson(req)) return void res.json(asJson(state));
    const isWaiting = kept === null && countingSince !== null;
    if (isWaiting) res.setHeader('Refresh', reloadDelay(now() - countingSince));
    res.render('overview', {
      isWaiting,
      failure: kept === null && failure ? textOf(failure) : undefined,
      age: kept
        ? { ...describeAge(state), iso: new Date(kept.countedAt).toISOString(), now: now() }
        : undefined,
      total: kept?.counts.total,
      figures: kept ? headlineFigures(kept.counts, readerOf(res)) : [],
      panels: kept ? drawOverview(kept.counts, readerOf(res)) : [],
      panelNames: PANELS,
    });
  };
}

function readerOf(res: Response): PlotLocale {
  return res.locals as unknown as PlotLocale;
}

/** Months begin in the time zone of the portal user, as in the filters of the list; if it is unknown, in the portal's own. */
function startOfDayOf(res: Response): StartOfDay {
  const zone = res.locals.zone as TimeZone | undefined;
  return (day) => zone?.startOf(day) ?? `${day}T00:00:00`;
}

function reloadDelay(countingForMs: number): number {
  return countingForMs < SOON_MS ? RELOAD_AFTER_SECONDS : LATER_RELOAD_AFTER_SECONDS;
}

/** Why the counts are not newer; undefined for fresh ones. */
function describeAge({ countingSince, failure }: OverviewState): { why: string | undefined } {
  if (failure) return { why: traitsOf(failure.code).isLimit ? 'limited' : 'away' };
  return { why: countingSince === null ? undefined : 'renewing' };
}

/** Keys of the catalogue, the most precise first. */
function textOf({ code, reason, retryAfterSeconds }: CountFailure) {
  // This page does not reload itself.
  const usual = code === 'reconnecting' ? 'stuck' : 'default';
  const keys = (part: string) => [
    `errors.${code}.${reason ?? usual}.${part}`,
    `errors.${code}.default.${part}`,
    `errors.internal_error.default.${part}`,
  ];
  return { title: keys('title'), text: keys('text'), retryAfterSeconds };
}

/** @throws {CountingFailedError}  there are no counts, and the last counting failed */
function asJson({ kept, countingSince, failure }: OverviewState) {
  const isCounting = countingSince !== null;
  if (kept === null) {
    if (failure) throw new CountingFailedError(failure);
    return { asOf: null, isCounting, plots: null };
  }
  const { total, withoutPhone, withoutEmail, sameDaysBefore, ...plots } = kept.counts;
  const asOf = new Date(kept.countedAt).toISOString();
  return { asOf, isCounting, total, withoutPhone, withoutEmail, sameDaysBefore, plots };
}
