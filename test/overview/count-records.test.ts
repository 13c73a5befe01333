import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CLAIM_MS,
  type CountRecords,
  createCountRecords,
  MAX_AGE_MS,
} from '../../src/overview/count-records.ts';
import type { PortalUserId } from '../../src/portal-user.ts';
import type { Store } from '../../src/store/store.ts';
import { STORE_KINDS } from '../support/start-app.ts';
import { openTestStore, type TestStore } from '../support/stores.ts';
import { someCounts } from './builders.ts';

const CLIENT = 'local.test';
const KEPT = { kept: { counts: someCounts(), countedAt: 1_000 } };
const FAILED = {
  failure: { code: 'portal_failed', reason: null, httpStatus: 502, retryAfterSeconds: null, at: 2_000 },
  isRefusal: false,
};
const always = () => true;

describe.each(STORE_KINDS)('the record of counts, on the %s store', (kind) => {
  let test: TestStore;
  let records: CountRecords;
  let owner: PortalUserId;
  let key: string;
  beforeEach(async () => {
    test = await openTestStore(kind);
    records = createCountRecords(test.store);
    owner = { memberId: randomBytes(16).toString('hex'), clientId: CLIENT, userId: 7 };
    key = `b24:overview:{${owner.memberId}}:${CLIENT}:7`;
  });
  afterEach(() => test.close());

  const claim = async (from = records) => String(await from.claim(owner, always));
  const empty = { v: 1, kept: null, failure: null, claim: null };

  it('when nothing was counted › is empty', async () => {
    expect(await records.load(owner)).toEqual(empty);
  });

  it('when something was counted › holds it under the key of the person, for a day', async () => {
    await records.finish(owner, await claim(), KEPT);

    expect(await records.load(owner)).toEqual({ ...empty, ...KEPT });
    expect(JSON.parse((await test.store.get(key)) ?? '')).toMatchObject(KEPT);
    expect(await test.leftMs(key)).toBeGreaterThan(MAX_AGE_MS - 60_000);
    await test.pass(key, MAX_AGE_MS);
    expect(await records.load(owner)).toEqual(empty);
  });

  it('when somebody else of the portal looks › there is nothing', async () => {
    await records.finish(owner, await claim(), KEPT);

    expect(await records.load({ ...owner, userId: 8 })).toEqual(empty);
    expect(await records.load({ ...owner, clientId: 'local.other' })).toEqual(empty);
  });

  it('when two replicas want to count › one of them does', async () => {
    const other = createCountRecords(test.another());

    const claims = await Promise.all([records.claim(owner, always), other.claim(owner, always)]);

    expect(claims.filter((each) => each !== undefined)).toHaveLength(1);
  });

  it('when the other has counted meanwhile › nobody counts again', async () => {
    await records.finish(owner, await claim(), KEPT);

    expect(await records.claim(owner, ({ kept }) => kept === null)).toBeUndefined();
  });

  it('when a replica dies › another one counts, and what the dead one brings is dropped', async () => {
    const dead = await claim();
    const later = createCountRecords(ahead(test.store, CLAIM_MS + 1));

    const next = await claim(later);

    expect(next).not.toBe('undefined');
    expect(await records.finish(owner, dead, KEPT)).toBe(false);
    expect(await records.renew(owner, dead)).toBe(false);
    expect((await records.load(owner)).kept).toBeNull();
  });

  it('when a claim is renewed › it holds longer', async () => {
    const mine = await claim();
    const later = createCountRecords(ahead(test.store, CLAIM_MS - 1_000));
    const muchLater = createCountRecords(ahead(test.store, CLAIM_MS + 10_000));

    expect(await later.renew(owner, mine)).toBe(true);

    expect(await muchLater.claim(owner, always)).toBeUndefined();
  });

  it('when it is forgotten while somebody counts › what they bring is dropped', async () => {
    const mine = await claim();

    await records.forget(owner);

    expect(await records.finish(owner, mine, KEPT)).toBe(false);
    expect(await records.load(owner)).toEqual(empty);
  });

  it('when a counting fails › the older counts stay, with the failure', async () => {
    await records.finish(owner, await claim(), KEPT);

    await records.finish(owner, await claim(), FAILED);

    expect(await records.load(owner)).toEqual({ ...empty, ...KEPT, failure: FAILED.failure });
  });

  it('when a counting is refused › the older counts go', async () => {
    await records.finish(owner, await claim(), KEPT);

    await records.finish(owner, await claim(), { ...FAILED, isRefusal: true });

    expect((await records.load(owner)).kept).toBeNull();
  });

  it.each([['not JSON'], ['{}'], ['{"v":2}'], ['{"v":1,"kept":{"counts":{"total":-1},"countedAt":1}}']])(
    'when it holds %s › counts as empty, and can be claimed',
    async (text) => {
      await test.store.set(key, text, 60_000);

      expect(await records.load(owner)).toEqual(empty);
      expect(await records.claim(owner, always)).toBeDefined();
    },
  );
});

/** The same store when so much time has passed. */
function ahead(store: Store, ms: number): Store {
  return { ...store, now: async () => (await store.now()) + ms };
}
