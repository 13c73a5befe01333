import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';
import type { PortalUserId } from '../portal-user.ts';

/** An answer of a portal, and how old it is. */
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

/** The key of an answer. It was read with one user's rights, and is shown to no other user. */
export interface Place {
  user: PortalUserId;
  /** What was asked, in one text. */
  question: string;
}

/**
 * The epoch of a portal user, known to all replicas: an answer is shown in the epoch in which it was asked for, and a refusal or
 * a sign-out begins a new one. No clock is compared with another.
 */
export interface Epochs {
  current(user: PortalUserId): Promise<string>;
  /** @returns the new one */
  begin(user: PortalUserId): Promise<string>;
}

/** Told of every read: what the cache had to show. */
export type AnswerObserver = (shown: 'fresh' | 'renewing' | 'last_known' | 'miss') => void;

export interface AnswerCache {
  /**
   * The answer that is kept, or a new one. Equal questions under way share one call.
   *
   * @param notBefore  older answers are not shown: the user had not signed in yet
   * @throws whatever `ask` throws, when there is nothing to show in its place
   */
  read<T>(place: Place, notBefore: number, ask: () => Promise<T>): Promise<Answer<T>>;
  /** An object that all reads of a user share, for as long as an answer may be shown. */
  companion<T extends object>(user: PortalUserId, make: () => T): T;
  /** Forgets all answers of a user, on all replicas: after a refusal or a sign-out. */
  forget(user: PortalUserId): Promise<void>;
}

/** An older answer is never shown (design.md section 3). */
export const MAX_AGE_MS = 10 * 60_000;
/** Characters of all answers together, as JSON; in memory they take two to four times as many bytes. */
const MAX_CHARACTERS = 12 * 1024 * 1024;
const MAX_USERS = 10_000;
const MAX_COMPANIONS = 1_000;
/** After a failure that does not say when to ask again. */
const USUAL_PAUSE_MS = 5_000;
/** An epoch that another replica began is known here within this. */
const EPOCH_KNOWN_MS = 1_000;

interface Kept {
  value: unknown;
  askedAt: number;
  epoch: string;
  /** The last try to renew it failed so. */
  failure?: { error: AppError; askAgainAt: number };
}

/**
 * Keeps answers for a while, in the memory of this process only: no answer reaches a disk or another person, and a
 * process that ends forgets them (decision 0011).
 *
 * @param options.freshMs  up to this age an answer is as good as new; 0 keeps none
 */
export function createAnswerCache(options: {
  freshMs: number;
  epochs: Epochs;
  now: () => number;
  observe?: AnswerObserver | undefined;
  /** Told when a portal has ended what a user could see; a rejection is ignored. */
  onAccessEnded?: ((user: PortalUserId) => Promise<unknown>) | undefined;
}): AnswerCache {
  const { freshMs, epochs, now, observe, onAccessEnded } = options;
  const kept = new LRUCache<string, Kept>({ maxSize: MAX_CHARACTERS });
  const companions = new LRUCache<string, { value: object; madeAt: number }>({ max: MAX_COMPANIONS });
  const underWay = new Map<string, { owner: string; askedAt: number; answer: Promise<Kept> }>();
  const heard = new LRUCache<string, { epoch: Promise<string>; at: number }>({ max: MAX_USERS });

  async function read<T>(place: Place, notBefore: number, ask: () => Promise<T>): Promise<Answer<T>> {
    const known = await findUsable(place, notBefore);
    const answerWith = (known: Kept, state: Answer<T>['state']): Answer<T> => ({
      value: known.value as T,
      askedAt: known.askedAt,
      state,
    });
    if (known === undefined) {
      observe?.('miss');
      return answerWith(await renew(place, notBefore, ask), 'fresh');
    }
    if (now() - known.askedAt < freshMs) {
      observe?.('fresh');
      return answerWith(known, 'fresh');
    }
    const { failure } = known;
    observe?.(failure ? 'last_known' : 'renewing');
    if (failure && failure.askAgainAt > now()) return answerWith(known, failure.error);
    renew(place, notBefore, ask).catch((error: unknown) => noteFailure(known, error));
    return answerWith(known, failure?.error ?? 'renewing');
  }

  async function findUsable(place: Place, notBefore: number): Promise<Kept | undefined> {
    const known = kept.get(keyOf(place));
    if (known === undefined || now() - known.askedAt >= MAX_AGE_MS || known.askedAt < notBefore) return;
    return known.epoch === (await epochOf(place.user)) ? known : undefined;
  }

  /** The epoch as it was at most a second ago. */
  function epochOf(user: PortalUserId): Promise<string> {
    const owner = ownerKey(user);
    const known = heard.get(owner);
    if (known && now() - known.at < EPOCH_KNOWN_MS) return known.epoch;
    const epoch = epochs.current(user);
    epoch.catch(() => heard.delete(owner));
    heard.set(owner, { epoch, at: now() });
    return epoch;
  }

  /** Asks, or joins an equal question that is under way; but not one that was asked before a sign-out. */
  function renew(place: Place, notBefore: number, ask: () => Promise<unknown>): Promise<Kept> {
    const key = keyOf(place);
    const asking = underWay.get(key);
    if (asking && asking.askedAt >= notBefore) return asking.answer;
    const answer = askAndKeep(place, ask).finally(() => {
      if (underWay.get(key)?.answer === answer) underWay.delete(key);
    });
    underWay.set(key, { owner: ownerKey(place.user), askedAt: now(), answer });
    return answer;
  }

  async function askAndKeep(place: Place, ask: () => Promise<unknown>): Promise<Kept> {
    const askedAt = now();
    const epoch = freshMs > 0 ? await epochOf(place.user) : '';
    try {
      const answer: Kept = { value: await ask(), askedAt, epoch };
      if (freshMs > 0) kept.set(keyOf(place), answer, { size: sizeOf(place, answer.value) });
      return answer;
    } catch (error) {
      // A store error must not mask the access error.
      if (error instanceof AppError && error.endsAccess) {
        await Promise.allSettled([forget(place.user), onAccessEnded?.(place.user)]);
      } else if (error instanceof AppError && error.code === 'not_found') kept.delete(keyOf(place));
      throw error;
    }
  }

  function noteFailure(known: Kept, error: unknown): void {
    if (!(error instanceof AppError)) return;
    const pauseMs = error.retryAfterSeconds === undefined ? USUAL_PAUSE_MS : error.retryAfterSeconds * 1000;
    known.failure = { error, askAgainAt: now() + pauseMs };
  }

  async function forget(user: PortalUserId): Promise<void> {
    const owner = ownerKey(user);
    for (const key of kept.keys()) if (key.startsWith(`${owner} `)) kept.delete(key);
    for (const [key, asking] of underWay) if (asking.owner === owner) underWay.delete(key);
    companions.delete(owner);
    if (freshMs === 0) return;
    const epoch = epochs.begin(user);
    // Questions that are under way here were asked before it.
    heard.set(owner, { epoch, at: now() });
    epoch.catch(() => heard.delete(owner));
    await epoch;
  }

  return {
    read,
    companion<T extends object>(user: PortalUserId, make: () => T): T {
      const owner = ownerKey(user);
      const known = companions.get(owner);
      if (known && now() - known.madeAt < MAX_AGE_MS) return known.value as T;
      const value = make();
      if (freshMs > 0) companions.set(owner, { value, madeAt: now() });
      return value;
    },
    forget,
  };
}

/** In characters, with what it costs to keep anything. */
function sizeOf(place: Place, value: unknown): number {
  return JSON.stringify(value).length + keyOf(place).length + 500;
}

function ownerKey({ memberId, clientId, userId }: PortalUserId): string {
  return `${memberId}:${clientId}:${userId}`;
}

/** The owner key contains no spaces, so a space separates. */
function keyOf({ user, question }: Place): string {
  return `${ownerKey(user)} ${question}`;
}
