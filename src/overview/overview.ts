import { setTimeout as sleep } from 'node:timers/promises';
import { countByKind } from '../bitrix24/crm/company-counts.ts';
import type { RestClient } from '../bitrix24/rest/rest-types.ts';
import { AppError, traitsOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { PortalUser, PortalUserId } from '../portal-user.ts';
import { portalUserKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import {
  CLAIM_MS,
  type CountFailure,
  type CountRecord,
  createCountRecords,
  type KeptCounts,
  MAX_AGE_MS,
} from './count-records.ts';
import { periodsToCount, type StartOfDay } from './months.ts';

/** The portal user whose companies are counted. */
export interface OverviewUser extends PortalUser {
  name: string | null;
  /** When they signed in, ISO 8601: what was counted before is not shown. */
  since: string;
}

/** What the page shows. */
export interface OverviewState {
  kept: KeptCounts | null;
  /** When the counting that is under way has begun; null when there is none. */
  countingSince: number | null;
  /** Why there are no newer counts, if no counting is under way. */
  failure: CountFailure | null;
}

export interface Overview {
  /**
   * The last counts; if they are old, a new counting begins in the background.
   *
   * @throws {CountingRefusedError}  the portal does not let this user count
   */
  read(user: OverviewUser, startOfDay: StartOfDay): Promise<OverviewState>;
  /** Removes all counts of the user; called at a sign-out. */
  forget(user: PortalUserId): Promise<void>;
}

export interface OverviewDependencies {
  store: Store;
  /** Calls the portal as background work that waits for its limits, until the signal ends it. */
  clientFor: (user: OverviewUser, signal: AbortSignal) => RestClient;
  logger: Logger;
  now: () => number;
}

/** The portal has refused to count, or the sign-in is over: as wherever companies are read. */
export class CountingRefusedError extends AppError {
  constructor({ code, reason, httpStatus: status }: CountFailure) {
    super(`counting was refused: ${code}`, { code, status, ...(reason === null ? {} : { reason }) });
  }
}

/** Counts up to this age are not renewed. */
const FRESH_MS = 3600_000;
/** After a failure that does not say when to ask again. */
const USUAL_PAUSE_MS = 15_000;
/** After a refusal. An administrator may have changed the user's rights. */
const REFUSAL_PAUSE_MS = 5_000;
/** By then a small portal has counted, and any portal has refused: the visitor sees that instead of "being counted". */
const MOMENT_MS = 300;
/** A counting ends then, however long the portal's limits make it wait. */
const LONGEST_MS = 30 * 60_000;

/** Counts companies in the background, once for all requests of a user at the same time, and keeps the result. */
export function createOverview(dependencies: OverviewDependencies): Overview {
  const { clientFor, logger, now } = dependencies;
  const records = createCountRecords(dependencies.store);
  /** The countings of this process. */
  const underWay = new Map<string, { ending: AbortController; ended: Promise<void> }>();
  const keyOf = (user: PortalUserId) => portalUserKey('overview', user);

  async function read(user: OverviewUser, startOfDay: StartOfDay): Promise<OverviewState> {
    const record = await records.load(user);
    if (isNeeded(record, user)) {
      const claim = await records.claim(user, (latest) => isNeeded(latest, user));
      if (claim !== undefined) begin(user, claim, startOfDay);
    }
    const counting = underWay.get(keyOf(user));
    if (counting && !keptIn(record, user)) await Promise.race([counting.ended, moment()]);
    return stateOf(await records.load(user), user);
  }

  function isNeeded(record: CountRecord, user: OverviewUser): boolean {
    const kept = keptIn(record, user);
    const isFresh = kept !== null && now() - kept.countedAt < FRESH_MS;
    return !isFresh && failureIn(record, user) === null;
  }

  function keptIn({ kept }: CountRecord, user: OverviewUser): KeptCounts | null {
    const isUsable =
      kept !== null && now() - kept.countedAt < MAX_AGE_MS && kept.countedAt >= Date.parse(user.since);
    return isUsable ? kept : null;
  }

  /** A failure prevents another try for a while, unless the user has signed in since. */
  function failureIn({ failure }: CountRecord, user: OverviewUser): CountFailure | null {
    if (failure === null || failure.at < Date.parse(user.since)) return null;
    const { retryAfterSeconds, code } = failure;
    const usualMs = traitsOf(code).endsAccess ? REFUSAL_PAUSE_MS : USUAL_PAUSE_MS;
    const pauseMs = retryAfterSeconds === null ? usualMs : retryAfterSeconds * 1000;
    return now() - failure.at < pauseMs ? failure : null;
  }

  function stateOf(record: CountRecord, user: OverviewUser): OverviewState {
    const failure = failureIn(record, user);
    if (failure && traitsOf(failure.code).endsAccess) throw new CountingRefusedError(failure);
    const countingSince = isNeeded(record, user) ? (record.claim?.begunAt ?? now()) : null;
    return { kept: keptIn(record, user), countingSince, failure };
  }

  function begin(user: OverviewUser, claim: string, startOfDay: StartOfDay): void {
    const key = keyOf(user);
    // The counting before has lost its claim.
    underWay.get(key)?.ending.abort();
    const ending = new AbortController();
    const ended = countAndKeep(user, claim, startOfDay, ending)
      .catch((error: unknown) => logger.warn({ ...fieldsOf(user), err: error }, 'counts could not be kept'))
      .finally(() => {
        if (underWay.get(key)?.ending === ending) underWay.delete(key);
      });
    underWay.set(key, { ending, ended });
  }

  async function countAndKeep(
    user: OverviewUser,
    claim: string,
    startOfDay: StartOfDay,
    ending: AbortController,
  ): Promise<void> {
    const countedAt = now();
    const stopRenewing = keepClaim(user, claim, ending);
    try {
      const self = { id: user.userId, name: user.name };
      const periods = periodsToCount(countedAt, startOfDay);
      const counts = await countByKind(clientFor(user, ending.signal), self, periods);
      await records.finish(user, claim, { kept: { counts, countedAt } });
    } catch (error) {
      if (ending.signal.aborted && !(ending.signal.reason instanceof AppError)) return;
      await records.finish(user, claim, describeFailure(user, ending.signal.reason ?? error));
    } finally {
      stopRenewing();
    }
  }

  /** Renews the claim, so that another replica takes over only when this process has died; ends a counting that takes too long. */
  function keepClaim(user: OverviewUser, claim: string, ending: AbortController): () => void {
    const renewing = setInterval(() => {
      records.renew(user, claim).then(
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

  function describeFailure(user: OverviewUser, error: unknown) {
    const known =
      error instanceof AppError ? error : new AppError('unexpected', { code: 'internal_error', status: 500 });
    const { code, reason = null, status, retryAfterSeconds = null } = known;
    const fields = { ...fieldsOf(user), errorCode: code, reason };
    if (known === error) logger.info({ ...fields, why: known.message }, 'counting companies failed');
    else logger.error({ ...fields, err: error }, 'counting companies failed');
    const failure = { code, reason, httpStatus: status, retryAfterSeconds, at: now() };
    return { failure, isRefusal: traitsOf(code).endsAccess };
  }

  return {
    read,
    async forget(user) {
      underWay.get(keyOf(user))?.ending.abort();
      await records.forget(user);
    },
  };
}

function fieldsOf({ memberId, userId }: PortalUserId) {
  return { memberId, userId };
}

function moment(): Promise<void> {
  return sleep(MOMENT_MS, undefined, { ref: false });
}
