import { countByKind } from '../bitrix24/crm/company-counts.ts';
import type { RestClient } from '../bitrix24/rest/rest-client.ts';
import { AppError, traitsOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import {
  CLAIM_MS,
  type CountFailure,
  type CountOwner,
  type CountRecord,
  createCountRecords,
  type KeptCounts,
  MAX_AGE_MS,
} from './count-records.ts';
import { periodsToCount, type StartOfDay } from './months.ts';

/** Who looks at the overview. */
export interface OverviewPerson extends CountOwner {
  name: string | null;
  /** When they signed in, ISO 8601: what was counted before is not shown. */
  since: string;
}

/** What there is to show. */
export interface OverviewState {
  kept: KeptCounts | null;
  /** When the counting that is under way has begun; null when there is none. */
  countingSince: number | null;
  /** What keeps us from newer counts, if nobody counts just now. */
  failure: CountFailure | null;
}

export interface Overview<Person extends OverviewPerson> {
  /**
   * What was counted last, and a new counting in the background if that is old.
   *
   * @throws {CountingRefusedError}  the portal does not let this person count
   */
  read(person: Person, startOfDay: StartOfDay): Promise<OverviewState>;
  /** Nothing that was counted so far is shown any more: a sign-out. */
  forget(person: CountOwner): Promise<void>;
}

export interface OverviewDependencies<Person extends OverviewPerson> {
  store: Store;
  clientId: string;
  /** Calls the portal as background work that waits for its limits, until the signal ends it. */
  clientFor: (person: Person, signal: AbortSignal) => RestClient;
  logger: Logger;
  now: () => number;
}

/** The portal has refused to count, or the sign-in is over: as wherever companies are read. */
export class CountingRefusedError extends AppError {
  constructor({ code, reason, status }: CountFailure) {
    super(`counting was refused: ${code}`, { code, status, ...(reason === null ? {} : { reason }) });
  }
}

/** Counts up to this age are as good as new ones. */
const FRESH_MS = 3600_000;
/** After a failure that does not say when to ask again. */
const USUAL_PAUSE_MS = 15_000;
/** After a refusal somebody may have changed the person's rights. */
const REFUSAL_PAUSE_MS = 5_000;
/** A small portal has counted, and any has refused, before a page that says "being counted" would be read. */
const MOMENT_MS = 300;
/** However long the portal's limits make it wait, some time it is enough. */
const LONGEST_MS = 30 * 60_000;

/** Counts companies for people in the background, once for all who ask at the same time, and keeps what came out. */
export function createOverview<Person extends OverviewPerson>(
  dependencies: OverviewDependencies<Person>,
): Overview<Person> {
  const { clientFor, logger, now } = dependencies;
  const records = createCountRecords(dependencies.store, dependencies.clientId);
  /** What this process counts just now. */
  const underWay = new Map<string, { ending: AbortController; ended: Promise<void> }>();
  const keyOf = ({ memberId, userId }: CountOwner) => `${memberId}:${userId}`;

  async function read(person: Person, startOfDay: StartOfDay): Promise<OverviewState> {
    const record = await records.load(person);
    if (isNeeded(record, person)) {
      const claim = await records.claim(person, (latest) => isNeeded(latest, person));
      if (claim !== undefined) begin(person, claim, startOfDay);
    }
    const counting = underWay.get(keyOf(person));
    if (counting && !keptIn(record, person)) await Promise.race([counting.ended, moment()]);
    return stateOf(await records.load(person), person);
  }

  function isNeeded(record: CountRecord, person: Person): boolean {
    const kept = keptIn(record, person);
    const isFresh = kept !== null && now() - kept.countedAt < FRESH_MS;
    return !isFresh && failureIn(record, person) === null;
  }

  function keptIn({ kept }: CountRecord, person: Person): KeptCounts | null {
    const isUsable =
      kept !== null && now() - kept.countedAt < MAX_AGE_MS && kept.countedAt >= Date.parse(person.since);
    return isUsable ? kept : null;
  }

  /** A failure keeps from another try for a while, but not those who have signed in since. */
  function failureIn({ failure }: CountRecord, person: Person): CountFailure | null {
    if (failure === null || failure.at < Date.parse(person.since)) return null;
    const { retryAfterSeconds, code } = failure;
    const usualMs = traitsOf(code).endsAccess ? REFUSAL_PAUSE_MS : USUAL_PAUSE_MS;
    const pauseMs = retryAfterSeconds === null ? usualMs : retryAfterSeconds * 1000;
    return now() - failure.at < pauseMs ? failure : null;
  }

  function stateOf(record: CountRecord, person: Person): OverviewState {
    const failure = failureIn(record, person);
    if (failure && traitsOf(failure.code).endsAccess) throw new CountingRefusedError(failure);
    const countingSince = isNeeded(record, person) ? (record.claim?.begunAt ?? now()) : null;
    return { kept: keptIn(record, person), countingSince, failure };
  }

  function begin(person: Person, claim: string, startOfDay: StartOfDay): void {
    const key = keyOf(person);
    // Whoever has lost the claim has nothing to count any more.
    underWay.get(key)?.ending.abort();
    const ending = new AbortController();
    const ended = countAndKeep(person, claim, startOfDay, ending)
      .catch((error: unknown) => logger.warn({ ...ownerOf(person), err: error }, 'counts could not be kept'))
      .finally(() => {
        if (underWay.get(key)?.ending === ending) underWay.delete(key);
      });
    underWay.set(key, { ending, ended });
  }

  async function countAndKeep(
    person: Person,
    claim: string,
    startOfDay: StartOfDay,
    ending: AbortController,
  ): Promise<void> {
    const countedAt = now();
    const stopRenewing = keepClaim(person, claim, ending);
    try {
      const self = { id: person.userId, name: person.name };
      const periods = periodsToCount(countedAt, startOfDay);
      const counts = await countByKind(clientFor(person, ending.signal), self, periods);
      await records.finish(person, claim, { kept: { counts, countedAt } });
    } catch (error) {
      if (ending.signal.aborted && !(ending.signal.reason instanceof AppError)) return;
      await records.finish(person, claim, describeFailure(person, ending.signal.reason ?? error));
    } finally {
      stopRenewing();
    }
  }

  /** Others may count when this process has died, but not before; and nobody counts for ever. */
  function keepClaim(person: Person, claim: string, ending: AbortController): () => void {
    const renewing = setInterval(() => {
      records.renew(person, claim).then(
        (isMine) => isMine || ending.abort(),
        // A store that is away may be back in time.
        () => {},
      );
    }, CLAIM_MS / 3);
    const tooLong = new AppError('counting took too long', { code: 'portal_timeout', status: 504 });
    const limit = setTimeout(() => ending.abort(tooLong), LONGEST_MS);
    for (const timer of [renewing, limit]) timer.unref();
    return () => {
      clearInterval(renewing);
      clearTimeout(limit);
    };
  }

  function describeFailure(person: Person, error: unknown) {
    const known =
      error instanceof AppError ? error : new AppError('unexpected', { code: 'internal_error', status: 500 });
    const { code, reason = null, status, retryAfterSeconds = null } = known;
    const fields = { ...ownerOf(person), errorCode: code, reason };
    if (known === error) logger.info({ ...fields, why: known.message }, 'counting companies failed');
    else logger.error({ ...fields, err: error }, 'counting companies failed');
    const failure = { code, reason, status, retryAfterSeconds, at: now() };
    return { failure, isRefusal: traitsOf(code).endsAccess };
  }

  return {
    read,
    async forget(person) {
      underWay.get(keyOf(person))?.ending.abort();
      await records.forget(person);
    },
  };
}

function ownerOf({ memberId, userId }: CountOwner): CountOwner {
  return { memberId, userId };
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, MOMENT_MS).unref());
}
