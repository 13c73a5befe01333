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
  /**
   * A text that is made of the value and nothing else, kept for as long as the answer itself.
   *
   * @param name  which text of several
   */
  derive(name: string, make: () => Promise<string>): Promise<string>;
}

/** Where an answer belongs: nothing is ever read across owners. */
export interface Place {
  /** Application, portal and user, in one text. */
  owner: string;
  /** What was asked, in one text. */
  question: string;
}

/**
 * The epoch of an owner, known to all replicas: an answer is shown in the epoch in which it was asked for, and a refusal or
 * a sign-out begins a new one. No clock is compared with another.
 */
export interface Epochs {
  current(owner: string): Promise<string>;
  /** @returns the new one */
  begin(owner: string): Promise<string>;
}

/** Told of every question: what there was to show. */
export type AnswerObserver = (shown: 'fresh' | 'renewing' | 'last_known' | 'miss') => void;

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
const MAX_COMPANIONS = 1_000;
/** After a failure that does not say when to ask again. */
const USUAL_PAUSE_MS = 5_000;
/** A refusal that another replica has heard is heard here within this. */
const EPOCH_KNOWN_MS = 1_000;

interface Kept {
  value: unknown;
  askedAt: number;
  epoch: string;
  derived: Map<string, string>;
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
  epochs: Epochs;
  now: () => number;
  observe?: AnswerObserver | undefined;
}): AnswerCache {
  const { freshMs, epochs, now, observe } = options;
  const kept = new LRUCache<string, Kept>({ maxSize: MAX_CHARACTERS });
  const companions = new LRUCache<string, { value: object; madeAt: number }>({ max: MAX_COMPANIONS });
  const underWay = new Map<string, { owner: string; askedAt: number; answer: Promise<Kept> }>();
  const heard = new LRUCache<string, { epoch: Promise<string>; at: number }>({ max: MAX_OWNERS });

  async function read<T>(place: Place, notBefore: number, ask: () => Promise<T>): Promise<Answer<T>> {
    const known = await findUsable(place, notBefore);
    const answerWith = (known: Kept, state: Answer<T>['state']): Answer<T> => ({
      value: known.value as T,
      askedAt: known.askedAt,
      state,
      derive: (name, make) => derive(place, known, name, make),
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
    return known.epoch === (await epochOf(place.owner)) ? known : undefined;
  }

  /** As all replicas know it, but for the last second. */
  function epochOf(owner: string): Promise<string> {
    const known = heard.get(owner);
    if (known && now() - known.at < EPOCH_KNOWN_MS) return known.epoch;
    const epoch = epochs.current(owner);
    epoch.catch(() => heard.delete(owner));
    heard.set(owner, { epoch, at: now() });
    return epoch;
  }

  /** Asks, together with whoever has the same question just now; but not with whoever asked before a sign-out. */
  function renew(place: Place, notBefore: number, ask: () => Promise<unknown>): Promise<Kept> {
    const key = keyOf(place);
    const asking = underWay.get(key);
    if (asking && asking.askedAt >= notBefore) return asking.answer;
    const answer = askAndKeep(place, ask).finally(() => {
      if (underWay.get(key)?.answer === answer) underWay.delete(key);
    });
    underWay.set(key, { owner: place.owner, askedAt: now(), answer });
    return answer;
  }

  async function askAndKeep(place: Place, ask: () => Promise<unknown>): Promise<Kept> {
    const askedAt = now();
    const epoch = freshMs > 0 ? await epochOf(place.owner) : '';
    try {
      const answer: Kept = { value: await ask(), askedAt, epoch, derived: new Map() };
      if (freshMs > 0) kept.set(keyOf(place), answer, { size: sizeOf(place, answer.value) });
      return answer;
    } catch (error) {
      // What the store says of it matters less than the refusal.
      if (error instanceof AppError && error.endsAccess) await forget(place.owner).catch(() => {});
      else if (error instanceof AppError && error.code === 'not_found') kept.delete(keyOf(place));
      throw error;
    }
  }

  async function derive(
    place: Place,
    known: Kept,
    name: string,
    make: () => Promise<string>,
  ): Promise<string> {
    const text = known.derived.get(name) ?? (await make());
    if (known.derived.has(name)) return text;
    known.derived.set(name, text);
    const key = keyOf(place);
    const { size = 0 } = kept.info(key) ?? {};
    if (kept.peek(key) !== known) return text;
    // It counts like the answer itself; the size of what is there already would not be changed.
    kept.delete(key);
    kept.set(key, known, { size: size + text.length });
    return text;
  }

  function noteFailure(known: Kept, error: unknown): void {
    if (!(error instanceof AppError)) return;
    const pauseMs = error.retryAfterSeconds === undefined ? USUAL_PAUSE_MS : error.retryAfterSeconds * 1000;
    known.failure = { error, askAgainAt: now() + pauseMs };
  }

  async function forget(owner: string): Promise<void> {
    for (const key of kept.keys()) if (key.startsWith(`${owner} `)) kept.delete(key);
    for (const [key, asking] of underWay) if (asking.owner === owner) underWay.delete(key);
    companions.delete(owner);
    if (freshMs === 0) return;
    const epoch = epochs.begin(owner);
    // Whatever is under way here was asked for before.
    heard.set(owner, { epoch, at: now() });
    epoch.catch(() => heard.delete(owner));
    await epoch;
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

/** In characters, with what it costs to keep anything. */
function sizeOf(place: Place, value: unknown): number {
  return JSON.stringify(value).length + keyOf(place).length + 500;
}

/** No owner has a blank in it. */
function keyOf({ owner, question }: Place): string {
  return `${owner} ${question}`;
}
