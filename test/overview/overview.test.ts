import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CommandAnswer, RestClient } from '../../src/bitrix24/rest/rest-types.ts';
import { AppError } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { createOverview, type OverviewUser } from '../../src/overview/overview.ts';
import { createClock, DAY, HOUR, MINUTE, type TestClock } from '../support/clock.ts';
import { STORE_KINDS } from '../support/start-app.ts';
import { openTestStore, type TestStore } from '../support/stores.ts';

const SECOND = 1_000;
const UTC = (day: string) => `${day}T00:00:00Z`;

/** A portal that counts when it is told to. */
interface Portal {
  total: number;
  /** Requests that count; each waits for `answer`. */
  asked: number;
  failure: AppError | undefined;
  answer(): void;
  /** From now on requests wait again. */
  hold(): void;
  client(signal: AbortSignal): RestClient;
}

describe.each(STORE_KINDS)('the overview, on the %s store', (kind) => {
  let test: TestStore;
  let clock: TestClock;
  let portal: Portal;
  let person: OverviewUser;
  let lines: string[];
  beforeEach(async () => {
    test = await openTestStore(kind);
    clock = createClock();
    portal = aPortal();
    lines = [];
    const since = new Date(clock.now()).toISOString();
    person = {
      memberId: randomBytes(16).toString('hex'),
      clientId: 'local.test',
      userId: 7,
      portal: 'https://acme.example',
      name: 'Max',
      since,
    };
    clock.advance(SECOND);
  });
  afterEach(() => test.close());

  const open = (store = test.store) =>
    createOverview({
      store,
      clientFor: (_person: OverviewUser, signal) => portal.client(signal),
      logger: createLogger({
        level: 'info',
        isPretty: false,
        destination: { write: (line) => void lines.push(line) },
      }),
      now: clock.now,
    });
  type Opened = ReturnType<typeof open>;
  const read = (overview: Opened, who = person) => overview.read(who, UTC);
  async function until<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
    for (;;) {
      const seen = await look();
      if (isRight(seen)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  async function counted(overview: Opened): Promise<void> {
    const reading = read(overview);
    await until(
      async () => portal.asked,
      (asked) => asked > 0,
    );
    portal.answer();
    await reading;
    await until(
      () => read(overview),
      ({ kept }) => kept !== null,
    );
    portal.hold();
    portal.asked = 0;
  }

  it('when nothing was counted › says that it is being counted, and counts', async () => {
    const overview = open();

    const first = await read(overview);
    portal.answer();
    const second = await until(
      () => read(overview),
      ({ kept }) => kept !== null,
    );

    expect(first).toMatchObject({ kept: null, countingSince: expect.any(Number), failure: null });
    expect(second).toMatchObject({ kept: { counts: { total: 3 } }, countingSince: null, failure: null });
  });

  it('when the portal is quick › the first look has the numbers', async () => {
    portal.answer();

    const { kept } = await read(open());

    expect(kept?.counts.total).toBe(3);
  });

  it('when many look at once, at two replicas › one of them counts', async () => {
    const [one, other] = [open(), open(test.another())];

    const states = await Promise.all(Array.from({ length: 40 }, (_, look) => read(look % 2 ? one : other)));

    expect(states.every(({ kept, countingSince }) => kept === null && countingSince !== null)).toBe(true);
    expect(portal.asked).toBe(1);
    portal.answer();
  });

  it('when it was counted within the hour › is shown without counting', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(59 * MINUTE);

    const { kept, countingSince } = await read(overview);

    expect([kept?.counts.total, countingSince, portal.asked]).toEqual([3, null, 0]);
  });

  it('when it is older › is shown at once, and counted anew', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(HOUR + MINUTE);
    portal.total = 4;

    const older = await read(overview);
    portal.answer();
    const newer = await until(
      () => read(overview),
      ({ countingSince }) => countingSince === null,
    );

    expect(older).toMatchObject({ kept: { counts: { total: 3 } }, countingSince: expect.any(Number) });
    expect(newer.kept?.counts.total).toBe(4);
  });

  it('when it is older than a day › is not shown', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(DAY + MINUTE);

    expect((await read(overview)).kept).toBeNull();
    portal.answer();
  });

  it('when it was counted for somebody else › is not shown', async () => {
    const overview = open();
    await counted(overview);

    expect((await read(overview, { ...person, userId: 8 })).kept).toBeNull();
    portal.answer();
  });

  it('when it was counted before the person signed in › is not shown', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(MINUTE);
    const later = { ...person, since: new Date(clock.now()).toISOString() };

    expect((await read(overview, later)).kept).toBeNull();
    portal.answer();
  });

  it('when it is forgotten while it is being counted › what comes is not shown, and the calls are ended', async () => {
    const overview = open();
    await read(overview);

    await overview.forget(person);
    await until(
      async () => portal.asked,
      (asked) => asked === 0,
    );
    const next = await read(overview);

    expect(next.kept).toBeNull();
    expect(portal.asked).toBe(1);
    portal.answer();
  });

  it('when another replica forgets it › it is gone here', async () => {
    const overview = open();
    await counted(overview);

    await open(test.another()).forget(person);

    expect((await read(overview)).kept).toBeNull();
    portal.answer();
  });

  it('when the portal refuses › nothing is shown, here and at other replicas, until it may be asked again', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(2 * HOUR);
    portal.failure = new AppError('no', { code: 'access_denied', status: 403, reason: 'crm' });
    portal.answer();
    await read(overview).catch(() => {});

    const refused = until(
      () =>
        read(overview).then(
          () => 'shown',
          (error: unknown) => error,
        ),
      (seen) => seen !== 'shown',
    );

    expect(await refused).toMatchObject({ code: 'access_denied', reason: 'crm', status: 403 });
    await expect(read(open(test.another()))).rejects.toMatchObject({ code: 'access_denied' });
    portal.failure = undefined;
    clock.advance(6 * SECOND);
    expect((await read(overview)).kept?.counts.total).toBe(3);
  });

  it('when the sign-in is over › a new one is not told of it', async () => {
    const overview = open();
    portal.failure = new AppError('over', { code: 'sign_in_required', status: 401 });
    portal.answer();
    await expect(read(overview)).rejects.toMatchObject({ code: 'sign_in_required', status: 401 });
    portal.failure = undefined;
    clock.advance(SECOND);

    const { kept } = await read(overview, { ...person, since: new Date(clock.now()).toISOString() });

    expect(kept?.counts.total).toBe(3);
  });

  it('when counting fails › says why for a while, and then tries again', async () => {
    const overview = open();
    portal.failure = new AppError('away', { code: 'portal_limited', status: 503, retryAfterSeconds: 20 });
    portal.answer();

    const failed = await read(overview);
    clock.advance(19 * SECOND);
    const still = await read(overview);
    portal.failure = undefined;
    clock.advance(2 * SECOND);
    const again = await read(overview);

    expect(failed).toMatchObject({ kept: null, countingSince: null, failure: { code: 'portal_limited' } });
    expect(still.failure).toEqual(failed.failure);
    expect(again).toMatchObject({ kept: { counts: { total: 3 } }, failure: null });
  });

  it('when counting fails and there are older numbers › shows those', async () => {
    const overview = open();
    await counted(overview);
    clock.advance(2 * HOUR);
    portal.failure = new AppError('away', { code: 'portal_failed', status: 502 });
    portal.answer();
    await read(overview);

    const state = await until(
      () => read(overview),
      ({ failure }) => failure !== null,
    );

    expect(state).toMatchObject({ kept: { counts: { total: 3 } }, countingSince: null });
  });

  it('when something of ours breaks › is logged as an error, and shown as one', async () => {
    const overview = open();
    portal.client = () => {
      throw new TypeError('a mistake');
    };

    const { failure } = await read(overview);

    expect(failure).toMatchObject({ code: 'internal_error', httpStatus: 500 });
    expect(lines.join()).toContain('"level":"error"');
  });
});

function aPortal(): Portal {
  let open = () => {};
  let opened = Promise.resolve();
  const hold = () => {
    opened = new Promise<void>((resolve) => {
      open = resolve;
    });
  };
  hold();
  const portal: Portal = {
    hold,
    total: 3,
    asked: 0,
    failure: undefined,
    answer: () => open(),
    client: (signal) => ({
      call: async () => ({ result: [] }),
      async batch(commands) {
        portal.asked += 1;
        await Promise.race([opened, aborted(signal)]).finally(() => {
          if (signal.aborted) portal.asked -= 1;
        });
        if (portal.failure) throw portal.failure;
        const answers = Object.keys(commands).map((name): [string, CommandAnswer] => [name, { result: [] }]);
        return Object.fromEntries(answers) as never;
      },
      async *pages() {},
      batchUpTo: async (commands) => commands.map(() => ({ result: [], total: portal.total })),
    }),
  };
  return portal;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
