import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import { type AnswerCache, createAnswerCache, type Epochs } from '../../src/portal-client/answer-cache.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import { createClock, MINUTE, type TestClock } from '../support/clock.ts';

const USER: PortalUserId = { memberId: 'portal', clientId: 'app', userId: 1 };
const PLACE = { user: USER, question: 'list' };
const ALWAYS = 0;
const refusal = new AppError('no', { code: 'access_denied', status: 403 });
const trouble = new AppError('away', { code: 'portal_failed', status: 502 });
const limited = new AppError('slow', { code: 'portal_limited', status: 503, retryAfterSeconds: 60 });

let clock: TestClock;
let epochs: Epochs & { asked: number };
let cache: AnswerCache;
beforeEach(() => {
  clock = createClock();
  epochs = createEpochs();
  cache = newCache();
});

describe('read()', () => {
  it('when equal questions are under way › asks once, and all get the answer', async () => {
    const asking = countingAsk(['one']);

    const answers = await Promise.all([1, 2, 3].map(() => cache.read(PLACE, ALWAYS, asking.ask)));

    expect(answers.map(({ value }) => value)).toEqual(['one', 'one', 'one']);
    expect(asking.times).toBe(1);
  });

  it('when equal questions are under way and fail › all hear why, and the next one asks again', async () => {
    const asking = countingAsk([trouble, 'two']);

    const outcomes = await Promise.allSettled([1, 2].map(() => cache.read(PLACE, ALWAYS, asking.ask)));

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await cache.read(PLACE, ALWAYS, asking.ask)).value).toBe('two');
  });

  it('when the user signed in after it was asked › it is not shown', async () => {
    const asking = countingAsk(['before', 'after']);
    await cache.read(PLACE, ALWAYS, asking.ask);
    clock.advance(1_000);

    const { value } = await cache.read(PLACE, clock.now(), asking.ask);

    expect(value).toBe('after');
  });

  it('when the user signed in after it was asked, and it is still under way › asks anew', async () => {
    const asking = countingAsk(['before', 'after']);
    const slow = cache.read(PLACE, ALWAYS, asking.ask);
    await Promise.resolve();
    clock.advance(1_000);

    const { value } = await cache.read(PLACE, clock.now(), asking.ask);

    expect([(await slow).value, value]).toEqual(['before', 'after']);
  });

  it('when everything was forgotten while it was under way › asks anew, and keeps the new one', async () => {
    const asking = countingAsk(['before', 'after']);
    const slow = cache.read(PLACE, ALWAYS, asking.ask);
    await Promise.resolve();
    await cache.forget(USER);

    const { value } = await cache.read(PLACE, ALWAYS, asking.ask);
    await slow;
    const kept = await cache.read(PLACE, ALWAYS, asking.ask);

    expect([value, kept.value, asking.times]).toEqual(['after', 'after', 2]);
  });

  it('when another replica has forgotten the user › asks anew once a second has passed', async () => {
    const replica = newCache();
    const asking = countingAsk(['before', 'after']);
    await cache.read(PLACE, ALWAYS, asking.ask);
    await replica.forget(USER);
    clock.advance(1_001);

    const { value } = await cache.read(PLACE, ALWAYS, asking.ask);

    expect(value).toBe('after');
  });

  it('when somebody else asks the same › they get an answer of their own', async () => {
    await cache.read(PLACE, ALWAYS, async () => 'of one');

    const { value } = await cache.read(
      { ...PLACE, user: { ...USER, userId: 11 } },
      ALWAYS,
      async () => 'of another',
    );

    expect(value).toBe('of another');
  });

  it('when renewing was limited › does not ask again before the time the portal named', async () => {
    const asking = countingAsk(['old', limited, 'new']);
    await cache.read(PLACE, ALWAYS, asking.ask);
    clock.advance(2 * MINUTE);
    await cache.read(PLACE, ALWAYS, asking.ask);
    await settled();
    clock.advance(59_000);

    const answer = await cache.read(PLACE, ALWAYS, asking.ask);

    expect([answer.value, answer.state, asking.times]).toEqual(['old', limited, 2]);
    clock.advance(1_001);
    await cache.read(PLACE, ALWAYS, asking.ask);
    await settled();
    expect((await cache.read(PLACE, ALWAYS, asking.ask)).value).toBe('new');
  });

  it('when renewing is refused › the last answer is gone, and those to other questions with it', async () => {
    await cache.read({ ...PLACE, question: 'other' }, ALWAYS, async () => 'other');
    const asking = countingAsk(['old', refusal, refusal]);
    await cache.read(PLACE, ALWAYS, asking.ask);
    clock.advance(2 * MINUTE);
    await cache.read(PLACE, ALWAYS, asking.ask);
    await settled();

    await expect(cache.read(PLACE, ALWAYS, asking.ask)).rejects.toBe(refusal);
    const other = await cache.read({ ...PLACE, question: 'other' }, ALWAYS, async () => 'asked anew');
    expect(other.value).toBe('asked anew');
  });

  it('when the portal ends access › tells it, and still throws the refusal when that fails', async () => {
    const told: PortalUserId[] = [];
    const telling = createAnswerCache({
      freshMs: 30_000,
      epochs,
      now: clock.now,
      async onAccessEnded(user) {
        told.push(user);
        throw new Error('the store is away');
      },
    });

    await expect(telling.read(PLACE, ALWAYS, countingAsk([refusal]).ask)).rejects.toBe(refusal);
    await expect(telling.read(PLACE, ALWAYS, countingAsk([trouble]).ask)).rejects.toBe(trouble);

    expect(told).toEqual([USER]);
  });

  it('when the epochs cannot be read › there is no answer rather than one that may be over', async () => {
    await cache.read(PLACE, ALWAYS, async () => 'kept');
    clock.advance(2_000);
    epochs.current = () => Promise.reject(new Error('the store is away'));

    await expect(cache.read(PLACE, ALWAYS, async () => 'new')).rejects.toThrow('the store is away');
  });

  it('when many pages are shown in a second › the epoch is asked for once', async () => {
    for (let page = 0; page < 20; page += 1) await cache.read(PLACE, ALWAYS, async () => 'kept');

    expect(epochs.asked).toBe(1);
  });

  it('when nothing is to be kept › asks each time, and nobody for an epoch', async () => {
    const none = newCache(0);
    const asking = countingAsk(['one', 'two']);

    const values = [await none.read(PLACE, ALWAYS, asking.ask), await none.read(PLACE, ALWAYS, asking.ask)];

    expect(values.map(({ value }) => value)).toEqual(['one', 'two']);
    expect(epochs.asked).toBe(0);
  });

  it('when more is kept than fits › the oldest goes', async () => {
    const large = 'x'.repeat(5_000_000);
    for (const question of ['1', '2', '3'])
      await cache.read({ ...PLACE, question }, ALWAYS, async () => large);

    const first = await cache.read({ ...PLACE, question: '1' }, ALWAYS, async () => 'asked anew');
    const last = await cache.read({ ...PLACE, question: '3' }, ALWAYS, async () => 'asked anew');

    expect([first.value, last.value === large]).toEqual(['asked anew', true]);
  });
});

describe('an observer', () => {
  it('hears of every question what there was to show', async () => {
    const shown: string[] = [];
    const watched = createAnswerCache({
      freshMs: 30_000,
      epochs,
      now: clock.now,
      observe: (how) => shown.push(how),
    });
    const { ask } = countingAsk(['one', trouble, trouble]);
    await watched.read(PLACE, ALWAYS, ask);
    await watched.read(PLACE, ALWAYS, ask);
    clock.advance(MINUTE);
    await watched.read(PLACE, ALWAYS, ask);
    await settled();
    await settled();
    // The pause after the failure is not over, and then it is.
    await watched.read(PLACE, ALWAYS, ask);
    clock.advance(MINUTE);

    await watched.read(PLACE, ALWAYS, ask);

    expect(shown).toEqual(['miss', 'fresh', 'renewing', 'last_known', 'last_known']);
  });
});

function newCache(freshMs = 30_000): AnswerCache {
  return createAnswerCache({ freshMs, epochs, now: clock.now });
}

/** Answers one after the other; an error is thrown. */
function countingAsk(answers: (string | AppError)[]) {
  const asking = {
    times: 0,
    async ask(): Promise<string> {
      const answer = answers[asking.times] ?? 'no more';
      asking.times += 1;
      await settled();
      if (answer instanceof AppError) throw answer;
      return answer;
    },
  };
  return asking;
}

/** Whatever can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function createEpochs(): Epochs & { asked: number } {
  const known = new Map<number, string>();
  return {
    asked: 0,
    async current({ userId }) {
      this.asked += 1;
      return known.get(userId) ?? '';
    },
    async begin({ userId }) {
      const epoch = String(Math.random());
      known.set(userId, epoch);
      return epoch;
    },
  };
}
