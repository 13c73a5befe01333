import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createSignIns, type SignIns } from '../../src/auth/sign-ins.ts';
import type { SignedInUser } from '../../src/auth/signed-in-user.ts';
import { createClock, DAY, MINUTE } from '../support/clock.ts';
import { BATTERY_KINDS, openTestStore, stopTestCluster, type TestStore } from '../support/stores.ts';

const RACES = 200;
const BROWSER = { name: 'a browser', agent: 'Firefox' };

afterAll(stopTestCluster);

describe.each(BATTERY_KINDS)('the browsers of a person on the %s store', (kind) => {
  const clock = createClock();
  let opened: TestStore;
  let memberId: string;
  let [here, there]: [SignIns, SignIns] = [] as never;
  beforeAll(async () => {
    opened = await openTestStore(kind);
    here = createSignIns({ now: clock.now, store: opened.store });
    there = createSignIns({ now: clock.now, store: opened.another() });
  });
  afterAll(() => opened.close());
  beforeEach(() => {
    memberId = randomBytes(8).toString('hex');
  });

  function aSignIn(overrides: Partial<SignedInUser> = {}): SignedInUser {
    const since = new Date(clock.now()).toISOString();
    const id = randomBytes(6).toString('hex');
    return {
      id,
      memberId,
      clientId: 'app',
      userId: 1,
      portal: 'https://acme.example',
      name: null,
      timeZone: null,
      since,
      ...overrides,
    };
  }

  it(`when a sign-in is ended while others note that it was seen › ${RACES} times it stays ended`, async () => {
    let revived = 0;
    for (let race = 0; race < RACES; race += 1) {
      const person = aSignIn();
      await here.add(person, BROWSER);
      clock.advance(6 * MINUTE);
      const seeing = [here.touch(person), there.touch(person), here.touch(person), there.touch(person)];

      const ending = [there.remove, there.removeAll, here.removeAll, here.remove][race % 4] ?? here.remove;
      await Promise.all([...seeing, ending(person), here.touch(person), there.touch(person)]);

      if ((await here.touch(person)) || (await there.list(person)).length > 0) revived += 1;
    }

    expect(revived).toBe(0);
  });

  it('when twenty sign in at once › all are listed', async () => {
    const people = Array.from({ length: 20 }, () => aSignIn());

    await Promise.all(people.map((person, index) => (index % 2 ? here : there).add(person, BROWSER)));

    expect(await Promise.all(people.map((person) => here.touch(person)))).toEqual(people.map(() => true));
  });

  it('when twenty are ended at once › nobody is left', async () => {
    const people = Array.from({ length: 20 }, () => aSignIn());
    for (const person of people) await here.add(person, BROWSER);

    await Promise.all(people.map((person, index) => (index % 2 ? here : there).remove(person)));

    expect(await here.list(aSignIn())).toEqual([]);
  });

  it('when they are of another user, or of another portal › nobody is mixed up', async () => {
    const person = aSignIn();
    await here.add(person, BROWSER);

    const others = [{ userId: 2 }, { memberId: 'another' }].map((change) => ({ ...person, ...change }));

    expect(await Promise.all(others.map((person) => here.touch(person)))).toEqual([false, false]);
    for (const other of others) await here.removeAll(other);
    expect(await here.touch(person)).toBe(true);
  });

  it('when a browser was seen a moment ago › nothing is written', async () => {
    const person = aSignIn();
    await here.add(person, BROWSER);
    const key = `b24:browsers:{${memberId}}:app:1`;
    const before = await opened.store.get(key);
    clock.advance(4 * MINUTE);

    await here.touch(person);

    expect(await opened.store.get(key)).toBe(before);
    expect(JSON.parse(before ?? '')).toEqual({
      [person.id]: { ...BROWSER, since: expect.any(String), seen: expect.any(String) },
    });
  });

  it('when it was written › lives for thirty days', async () => {
    await here.add(aSignIn(), BROWSER);

    const left = await opened.leftMs(`b24:browsers:{${memberId}}:app:1`);

    expect(Math.abs(left - 30 * DAY)).toBeLessThan(MINUTE);
  });
});

describe('noting that a browser was seen', () => {
  it('when the sign-in is ended in between › writes nothing', async () => {
    const { browsers, person, beforeNextReadBut } = await aSeenBrowser();
    beforeNextReadBut(1, () => browsers.removeAll(person));

    await browsers.touch(person);

    expect(await browsers.list(person)).toEqual([]);
  });

  /** A browser that is due to be noted, over a store in which something can happen between two reads. */
  async function aSeenBrowser() {
    const clock = createClock();
    const opened = await openTestStore('embedded');
    let skip = 0;
    let meanwhile: (() => Promise<void>) | undefined;
    const store = {
      ...opened.store,
      async get(key: string) {
        const [work, isTime] = [meanwhile, skip <= 0];
        skip -= 1;
        if (work && isTime) {
          meanwhile = undefined;
          await work();
        }
        return opened.store.get(key);
      },
    };
    const browsers = createSignIns({ store, now: clock.now });
    const since = new Date(clock.now()).toISOString();
    const person = {
      id: 'x',
      memberId: 'm',
      clientId: 'app',
      userId: 1,
      portal: 'https://a.example',
      name: null,
      timeZone: null,
      since,
    };
    await browsers.add(person, BROWSER);
    clock.advance(6 * MINUTE);
    const beforeNextReadBut = (reads: number, work: () => Promise<void>) => {
      [skip, meanwhile] = [reads, work];
    };
    return { browsers, person, beforeNextReadBut };
  }
});
