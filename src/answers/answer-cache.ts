import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';

/** What was asked for, with what there is to say about it. */
export interface Answer<T> {
  value: T;
  /** Milliseconds since the epoch. */
  askedAt: number;
  /**
   * `fresh`: young enough. `renewing`: older, and a new one is on its way. Else the error that keeps us from a new one:
   * this is the last known answer.
   */
  state: 'fresh' | 'renewing' | AppError;
}

/** Where an answer belongs: nothing is ever read across owners. */
export interface Place {
  /** Application, portal and user, in one text. */
  owner: string;
  /** What was asked, in one text. */
  question: string;
}

/** Remembers, for all replicas, since when answers that an owner got before may not be shown any more. */
export interface Refusals {
  note(owner: string, at: number): Promise<void>;
  /** Milliseconds since the epoch; nothing when there is no refusal within the last ten minutes. */
  since(owner: string): Promise<number | undefined>;
}

export interface AnswerCache {
  /**
   * The answer that is kept, or a new one. Equal questions under way share one call.
   *
   * @param notBefore  older answers are not shown: the owner had not signed in yet
   * @throws whatever `ask` throws, when there is nothing to show in its place
   */
  read<T>(place: Place, notBefore: number, ask: () => Promise<T>): Promise<Answer<T>>;
  /** Something of the owner's that every read adds to, for as long as an answer may be shown. */
  companion<T extends object>(owner: string, make: () => T): T;
  /** Forgets everything of an owner: a refusal, or a sign-out. Other replicas show none of it either. */
  forget(owner: string): Promise<void>;
}

/** An older answer is not shown to anybody (design.md section 3). */
export const MAX_AGE_MS = 10 * 60_000;
/** Characters of all answers together, as JSON; in memory they take two to four times as many bytes. */
const MAX_CHARACTERS = 12 * 1024 * 1024;
const MAX_OWNERS = 10_000;
/** After a failure that does not say when to ask again. */
const USUAL_PAUSE_MS = 5_000;
/** With these the portal or the authorization server says that the owner may not read any more. */
const REFUSALS = ['sign_in_required', 'access_denied'];

interface Kept {
  value: unknown;
  askedAt: number;
  /** The last try to renew it failed so. */
  failure?: { error: AppError; askAgainAt: number };
}

/**
 * Keeps answers for a while, in the memory of this process only: nothing of it reaches a disk or another person, and a
 * process that ends forgets it (decision 0011).
 *
 * @param options.freshMs  up to this age an answer is as good as new; 0 keeps none
 */
export function createAnswerCache(options: {
  freshMs: number;
  refusals: Refusals;
  now: () => number;
}): AnswerCache {
  const { freshMs, refusals, now } = options;
  const kept = new LRUCache<string, Kept>({ maxSize: MAX_CHARACTERS });
  const companions = new LRUCache<string, { value: object; madeAt: number }>({ max: MAX_OWNERS });
  const underWay = new Map<string, Promise<Kept>>();

  async function read<T>(place: Place, notBefore: number, ask: () => Promise<T>): Promise<Answer<T>> {
    const known = kept.get(keyOf(place));
    const age = known ? now() - known.askedAt : Number.POSITIVE_INFINITY;
    const isUsable = known !== undefined && age < MAX_AGE_MS && known.askedAt >= notBefore;
    if (isUsable && age < freshMs) return asAnswer<T>(known, 'fresh');
    if (isUsable && !(await wasRefused(place.owner, known))) {
      const { failure } = known;
      if (failure && failure.askAgainAt > now()) return asAnswer<T>(known, failure.error);
      renew(place, ask).catch((error: unknown) => noteFailure(known, error));
      return asAnswer<T>(known, failure?.error ?? 'renewing');
    }
    return asAnswer<T>(await renew(place, ask), 'fresh');
  }

  /** Asks, together with whoever has the same question just now. */
  function renew(place: Place, ask: () => Promise<unknown>): Promise<Kept> {
    const key = keyOf(place);
    const asking = underWay.get(key);
    if (asking) return asking;
    const renewing = askAndKeep(place, ask).finally(() => underWay.delete(key));
    underWay.set(key, renewing);
    return renewing;
  }

  async function askAndKeep(place: Place, ask: () => Promise<unknown>): Promise<Kept> {
    const askedAt = now();
    try {
      const answer = { value: await ask(), askedAt };
      if (freshMs > 0) kept.set(keyOf(place), answer, { size: JSON.stringify(answer.value).length + 100 });
      return answer;
    } catch (error) {
      if (error instanceof AppError && REFUSALS.includes(error.code)) await forget(place.owner);
      else if (error instanceof AppError && error.code === 'not_found') kept.delete(keyOf(place));
      throw error;
    }
  }

  /** Another replica may have heard that the owner may not read any more. */
  async function wasRefused(owner: string, { askedAt }: Kept): Promise<boolean> {
    const since = await refusals.since(owner);
    return since !== undefined && since >= askedAt;
  }

  function noteFailure(known: Kept, error: unknown): void {
    if (!(error instanceof AppError)) return;
    const pauseMs = error.retryAfterSeconds === undefined ? USUAL_PAUSE_MS : error.retryAfterSeconds * 1000;
    known.failure = { error, askAgainAt: now() + pauseMs };
  }

  async function forget(owner: string): Promise<void> {
    for (const key of kept.keys()) if (key.startsWith(`${owner} `)) kept.delete(key);
    companions.delete(owner);
    await refusals.note(owner, now());
  }

  return {
    read,
    companion<T extends object>(owner: string, make: () => T): T {
      const known = companions.get(owner);
      if (known && now() - known.madeAt < MAX_AGE_MS) return known.value as T;
      const value = make();
      if (freshMs > 0) companions.set(owner, { value, madeAt: now() });
      return value;
    },
    forget,
  };
}

/** No owner has a blank in it. */
function keyOf({ owner, question }: Place): string {
  return `${owner} ${question}`;
}

function asAnswer<T>({ value, askedAt }: Kept, state: Answer<T>['state']): Answer<T> {
  return { value: value as T, askedAt, state };
}
