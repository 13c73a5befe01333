import type { RequestHandler, Response } from 'express';
import type { CompanyCounts } from '../bitrix24/crm/company-counts.ts';
import { AppError, traitsOf } from '../errors.ts';
import type { CountFailure } from './count-records.ts';
import type { StartOfDay } from './months.ts';
import type { Overview, OverviewState } from './overview.ts';
import type { TimeZone } from '../i18n/time-zone.ts';
import type { CompanyReader } from '../companies/company-reader.ts';
import { prefersJson } from '../web/negotiate.ts';
import { headlineFigures } from './plots/figures.ts';
import { PANELS } from './plots/panels.ts';
import type { PlotReader } from './plots/plot-words.ts';
import { requireSignIn } from '../web/protect.ts';
import type { SignedIn } from '../auth/session.ts';

export interface OverviewPageDependencies {
  overview: Overview<SignedIn>;
  now: () => number;
}

/** A page that waits for its numbers looks for them this often: soon at first, since most portals are quick. */
const RELOAD_AFTER_SECONDS = 2;
const LATER_RELOAD_AFTER_SECONDS = 5;
const SOON_MS = 20_000;

/** What keeps us from newer counts, for programs. */
class CountingFailedError extends AppError {
  constructor({ code, reason, status, retryAfterSeconds }: CountFailure) {
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
    const person = requireSignIn(req, now());
    const state = await overview.read(person, startOfDayOf(res));
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
      panels: kept ? await draw(kept.counts, res) : [],
      panelNames: PANELS,
    });
  };
}

/** A reader that tells the overview of refusals and sign-outs: what a person may not see is shown by no other page either. */
export function forgettingOverview(reader: CompanyReader, overview: Overview<SignedIn>): CompanyReader {
  const noticing =
    <Question, T>(read: (person: SignedIn, question: Question) => Promise<T>) =>
    async (person: SignedIn, question: Question): Promise<T> => {
      try {
        return await read(person, question);
      } catch (error) {
        const isRefusal = error instanceof AppError && error.endsAccess;
        // What the store says of it matters less than the refusal.
        if (isRefusal) await overview.forget(person).catch(() => {});
        throw error;
      }
    };
  return {
    ...reader,
    list: noticing(reader.list),
    listSoon: noticing(reader.listSoon),
    count: noticing(reader.count),
    card: noticing(reader.card),
    async forget(person) {
      await Promise.all([reader.forget(person), overview.forget(person)]);
    },
  };
}

/** The plots are drawn by a library that nobody else needs, so it is loaded with the first of them. */
async function draw(counts: CompanyCounts, res: Response) {
  const { drawOverview } = await import('./plots/draw-overview.ts');
  return drawOverview(counts, readerOf(res));
}

function readerOf(res: Response): PlotReader {
  return res.locals as unknown as PlotReader;
}

/** Months begin by the clock that the reader's filters go by, too; where it is not known, by the portal's own. */
function startOfDayOf(res: Response): StartOfDay {
  const zone = res.locals.zone as TimeZone | undefined;
  return (day) => zone?.startOf(day) ?? `${day}T00:00:00`;
}

function reloadDelay(countingForMs: number): number {
  return countingForMs < SOON_MS ? RELOAD_AFTER_SECONDS : LATER_RELOAD_AFTER_SECONDS;
}

/** Why the counts are not newer; nothing of those that are as good as new. */
function describeAge({ countingSince, failure }: OverviewState): { why: string | undefined } {
  if (failure) return { why: traitsOf(failure.code).isLimit ? 'limited' : 'away' };
  return { why: countingSince === null ? undefined : 'renewing' };
}

/** Keys of the catalogue, the more precise first. */
function textOf({ code, reason, retryAfterSeconds }: CountFailure) {
  // This page asks again when it is asked to, not by itself.
  const usual = code === 'reconnecting' ? 'stuck' : 'default';
  const keys = (part: string) => [
    `errors.${code}.${reason ?? usual}.${part}`,
    `errors.${code}.default.${part}`,
    `errors.internal_error.default.${part}`,
  ];
  return { title: keys('title'), text: keys('text'), retryAfterSeconds };
}

/** @throws {CountingFailedError}  there is nothing to tell */
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
