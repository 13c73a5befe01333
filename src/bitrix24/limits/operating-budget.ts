import type { OperatingReport } from './operating-report.ts';

/**
 * The execution time a portal grants to one application and method (protocol 5).
 *
 * An example, with 420 seconds in a window of 600. The portal counts in ten parts of 60 seconds, and forgets the oldest
 * part as a whole:
 *
 * 1. Nothing is known of `crm.company.list`, so a call is taken to cost 0.5 seconds (`FIRST_GUESS_SECONDS`). A batch of
 *    50 reserves 25 seconds, which leaves 395 for others (`reserveCalls`).
 * 2. Its answer says `operating: 40`. Nothing stays reserved; 40 seconds are spent until the portal's reset of this part,
 *    at most 600 seconds from now, and a call costs 0.8 seconds: the difference of two commands' `operating` (`settleCalls`).
 * 3. After nine more such batches 400 seconds are spent and 20 are free: `fitCalls` allows 25 calls (20 / 0.8).
 * 4. After those, a call has to wait. `fitCalls` answers when enough has fallen out of the window: at the reset of the
 *    oldest part, and `MARGIN_MS` more. Background work counts with 0.96 of the 420 seconds, so it waits earlier.
 * 5. Another replica of the application used 10 seconds that this record did not book: the next answer says `operating: 410`
 *    where 400 were counted. The portal is right, so 10 seconds are added; where it says less, the oldest are removed.
 * 6. If the portal refuses with OPERATION_TIME_LIMIT although only 300 seconds were counted, its budget is lower than
 *    documented: for ten minutes it is taken to be 294 (`LESSON`), and the method waits until its oldest part falls out.
 */
export interface OperatingLimit {
  budgetSeconds: number;
  /** In ten equal parts; the oldest falls out as a whole. */
  windowSeconds: number;
}

/** Documents say 480, the code of a self-hosted portal 420: the smaller one is within both. */
export const OPERATING_LIMIT: OperatingLimit = { budgetSeconds: 420, windowSeconds: 600 };

/** What we know of one method. Instants are milliseconds since the epoch on the store's clock. */
export interface MethodUse {
  /** Seconds that were used, each until the portal forgets them. */
  spent: { seconds: number; until: number }[];
  /** Calls under way: what they are expected to cost. A call that never reports back is forgotten at `until`. */
  reserved: { id: string; seconds: number; until: number }[];
  /** Of one call, as far as it is known. */
  costSeconds: number | null;
  /** The portal refused the method, and refuses it until then. */
  blockedUntil: number;
  /** Lower than documented, as a refusal has shown. */
  budgetSeconds: number | null;
  /** When the newest report was made, in seconds by the portal's clock. */
  toldAt: number | null;
}

export const UNUSED: MethodUse = {
  spent: [],
  reserved: [],
  costSeconds: null,
  blockedUntil: 0,
  budgetSeconds: null,
  toldAt: null,
};

/** What a call may cost before the first answer tells. */
const FIRST_GUESS_SECONDS = 0.5;
/** A single call does not show its cost, only what was used in all, perhaps by others. */
const MOST_FOR_ONE_SECONDS = 2;
/** Longer than any call lasts. */
const RESERVED_MS = 90_000;
/** Portals forget in steps of a tenth of the window; asked a moment too early, they refuse. */
const MARGIN_MS = 250;
/** So close to its end, a part may or may not have fallen out on the portal when it answered. */
const ROLLING_MS = 1_000;
/** A request that waits for calls under way asks again after this. */
const LOOK_AGAIN_MS = 200;
/** A later reset is taken for a mistake of the portal. */
const LONGEST_WINDOW_MS = 3600_000;
/** How long a budget that was learnt from a refusal holds. */
const LEARNT_MS = 10 * 60_000;
/** A refusal shows that the budget is lower than the seconds we had counted: by this factor. */
const LESSON = 0.98;

/** Forgets what has fallen out of the window. */
export function refreshUse(use: MethodUse, now: number): MethodUse {
  return {
    ...use,
    spent: use.spent.filter(({ until }) => until + MARGIN_MS > now),
    reserved: use.reserved.filter(({ until }) => until > now),
    budgetSeconds: use.blockedUntil + LEARNT_MS > now ? use.budgetSeconds : null,
  };
}

/**
 * How many calls fit now.
 *
 * @param options.needed  fewer calls than this are of no use to the caller
 * @param options.share   of the budget that may be used: background work leaves a part to people
 * @returns  how many, at most `wanted`; when fewer than needed fit, after how many milliseconds those might
 */
export function fitCalls(
  use: MethodUse,
  limit: OperatingLimit,
  now: number,
  options: { wanted: number; needed?: number; share: number },
): { calls: number; waitMs: number } {
  if (use.blockedUntil > now) return { calls: 0, waitMs: use.blockedUntil - now };
  const budget = (use.budgetSeconds ?? limit.budgetSeconds) * options.share;
  const cost = costOf(use);
  if (cost === 0) return { calls: options.wanted, waitMs: 0 };
  const free = budget - sum(use.spent) - sum(use.reserved);
  // Sums of tenths are not exact; a budget is not missed by a rounding error.
  const calls = Math.min(options.wanted, Math.floor(free / cost + 1e-6));
  const { needed = 1 } = options;
  // A cost above the whole budget would block the method for ever, and only a call can correct it.
  if (use.spent.length + use.reserved.length === 0) return { calls: Math.max(calls, needed), waitMs: 0 };
  if (calls >= needed) return { calls, waitMs: 0 };
  return { calls: 0, waitMs: waitFor(cost * needed - free, use, now) };
}

/** Books calls that are about to leave. */
export function reserveCalls(use: MethodUse, id: string, calls: number, now: number): MethodUse {
  const seconds = calls * costOf(use);
  if (seconds === 0) return use;
  return { ...use, reserved: [...use.reserved, { id, seconds, until: now + RESERVED_MS }] };
}

/** Takes in what the portal reports after `calls` calls. Its count is right, and ours follows. */
export function settleCalls(
  use: MethodUse,
  limit: OperatingLimit,
  now: number,
  { id, calls, report }: { id: string; calls: number; report: OperatingReport | undefined },
): MethodUse {
  const reserved = use.reserved.filter((each) => each.id !== id);
  if (report === undefined) return { ...use, reserved };
  const { operating, toldAt } = report;
  if (operating === null) return { ...use, reserved, costSeconds: use.costSeconds ?? 0 };
  const difference = operating - sum(use.spent);
  if (isOutdated(use, toldAt, difference)) {
    return { ...use, reserved, costSeconds: learnCost(use, report.costSeconds) };
  }
  // While a part of the window is falling out, a difference does not show what the call has used.
  const isRolling = difference < 0 || use.spent.some(({ until }) => until < now + ROLLING_MS);
  const seen = isRolling ? null : Math.min(MOST_FOR_ONE_SECONDS, difference / calls);
  const partMs = limit.windowSeconds * 100;
  return {
    ...use,
    reserved,
    toldAt,
    costSeconds: learnCost(use, report.costSeconds ?? seen),
    spent: correct(use.spent, difference, endOfPart(report, limit, now), partMs),
  };
}

/** Answers overtake each other by less than this. A portal's clock that goes back further was set back, and counts. */
const OVERTAKEN_SECONDS = 90;

/** Whether a newer answer came before this one: then a lower count does not mean that time has fallen out. */
function isOutdated({ toldAt: before }: MethodUse, toldAt: number | null, difference: number): boolean {
  if (before === null || toldAt === null || before - toldAt > OVERTAKEN_SECONDS) return false;
  return toldAt < before || (toldAt === before && difference < 0);
}

function learnCost(use: MethodUse, seen: number | null): number | null {
  return seen === null ? use.costSeconds : smooth(use.costSeconds, seen);
}

/** The portal refused the method: it counts more than we do, or allows less. */
export function blockMethod(use: MethodUse, limit: OperatingLimit, now: number): MethodUse {
  const used = sum(use.spent);
  const oldest = Math.min(...use.spent.map(({ until }) => until));
  const budget = use.budgetSeconds ?? limit.budgetSeconds;
  return {
    ...use,
    blockedUntil: (Number.isFinite(oldest) ? oldest : now + (limit.windowSeconds * 1000) / 10) + MARGIN_MS,
    budgetSeconds: used > budget / 2 && used < budget ? used * LESSON : use.budgetSeconds,
  };
}

/** What a portal still allows one method. */
export interface OperatingForecast {
  /** Of one call. */
  costSeconds: number;
  /** Left in this window. */
  freeSeconds: number;
  /** In each whole window. */
  budgetSeconds: number;
  windowSeconds: number;
}

/** @param share  of the budget that may be used. @returns nothing while the portal has not told what calls cost */
export function forecastUse(use: MethodUse, limit: OperatingLimit, share: number): OperatingForecast | null {
  if (use.costSeconds === null) return null;
  const budgetSeconds = (use.budgetSeconds ?? limit.budgetSeconds) * share;
  const { costSeconds } = use;
  return {
    costSeconds,
    freeSeconds: Math.max(0, budgetSeconds - sum(use.spent) - sum(use.reserved)),
    budgetSeconds,
    windowSeconds: limit.windowSeconds,
  };
}

/** Seconds that a method may still use now; 0 while the portal refuses it. */
export function secondsLeft(use: MethodUse, limit: OperatingLimit, now: number): number {
  const { blockedUntil, budgetSeconds, spent, reserved } = refreshUse(use, now);
  if (blockedUntil > now) return 0;
  return Math.max(0, (budgetSeconds ?? limit.budgetSeconds) - sum(spent) - sum(reserved));
}

/** What a call costs, or is expected to. */
export function costOf({ costSeconds }: MethodUse): number {
  return costSeconds ?? FIRST_GUESS_SECONDS;
}

/** Follows a rising cost at once and a falling one slowly: an overrun budget costs more than an unused rest. */
function smooth(before: number | null, seen: number): number {
  return before === null || seen >= before ? seen : before * 0.7 + seen * 0.3;
}

/** Seconds that the portal counts above ours were used by this call; seconds that it counts less have fallen out. */
function correct(
  spent: MethodUse['spent'],
  difference: number,
  until: number,
  partMs: number,
): MethodUse['spent'] {
  if (Math.abs(difference) < 1e-6) return spent;
  if (difference > 0) return add(spent, difference, until, partMs);
  let excess = -difference;
  return spent.flatMap((each) => {
    const taken = Math.min(excess, each.seconds);
    excess -= taken;
    return each.seconds - taken > 1e-6 ? [{ ...each, seconds: each.seconds - taken }] : [];
  });
}

/** Instants of one part differ by the milliseconds that answers were on their way; the latest is the safe one. */
function add(spent: MethodUse['spent'], seconds: number, until: number, partMs: number): MethodUse['spent'] {
  const index = spent.findIndex((each) => Math.abs(each.until - until) < partMs / 2);
  const same = spent[index];
  if (same === undefined) return [...spent, { seconds, until }];
  return spent.with(index, { seconds: same.seconds + seconds, until: Math.max(same.until, until) });
}

/** When what a call used falls out of the window. The reset of the oldest part tells where parts begin. */
function endOfPart(
  { resetInMs, agoMs }: OperatingReport,
  { windowSeconds }: OperatingLimit,
  now: number,
): number {
  const partMs = windowSeconds * 100;
  const resetAt = now + Math.min(resetInMs, LONGEST_WINDOW_MS);
  const partsAhead = Math.floor((now - agoMs - (resetAt - windowSeconds * 1000)) / partMs);
  return resetAt + Math.max(0, Math.min(9, partsAhead)) * partMs;
}

/** How long until so many seconds have fallen out, or an answer shows that they were not used. */
function waitFor(seconds: number, { spent, reserved }: MethodUse, now: number): number {
  // Calls under way may turn out to cost less, and their answers come soon.
  if (seconds <= sum(reserved)) return LOOK_AGAIN_MS;
  let missing = seconds;
  for (const each of [...spent].sort((a, b) => a.until - b.until)) {
    missing -= each.seconds;
    if (missing <= 1e-6) return each.until + MARGIN_MS - now;
  }
  return reserved.length > 0 ? LOOK_AGAIN_MS : 1_000;
}

function sum(parts: { seconds: number }[]): number {
  return parts.reduce((total, { seconds }) => total + seconds, 0);
}
