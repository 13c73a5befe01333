import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PortalUserId } from '../../src/portal-user.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import { quarantineKey, type Store } from '../../src/store/store.ts';
import { type Cipher, createCipher } from '../../src/vault/cipher.ts';
import type { Claim } from '../../src/vault/record-changes.ts';
import type { StoredTokens } from '../../src/vault/stored-tokens.ts';
import { tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault, type TokenVault } from '../../src/vault/token-vault.ts';
import { createClock, DAY, HOUR, type TestClock } from '../support/clock.ts';
import { newDataDir } from '../support/start-app.ts';
import { anOwner, newTokens, someStoredTokens, tokensOf } from '../support/token-builders.ts';

const SERVER = 'https://oauth.bitrix.info';
const L = 10_000;

let clock: TestClock;
let store: Store;
let cipher: Cipher;
let vault: TokenVault;
let owner: PortalUserId;
beforeEach(() => {
  clock = createClock();
  store = openEmbeddedStore(newDataDir(), clock.now);
  cipher = createCipher([Buffer.alloc(32, 'key')]);
  vault = createTokenVault({ store, cipher });
  owner = anOwner();
});
afterEach(() => store.close());

async function stored(): Promise<Record<string, unknown>> {
  return JSON.parse((await store.get(tokenKey(owner))) ?? 'null');
}

async function load(): Promise<StoredTokens> {
  const grant = await vault.load(owner);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
}

async function savedGrant(): Promise<StoredTokens> {
  await vault.save(owner, newTokens(), SERVER);
  return load();
}

/** Whether the claim followed an attempt that fell silent: its process may still be listening for the answer. */
function isStragglerAwaited(claim: Claim): boolean {
  return claim.outcome === 'claimed' && claim.stragglerMs > 50_000;
}

describe('save()', () => {
  it('when a portal user signs in › begins a chain at generation 1', async () => {
    const tokens = newTokens();

    await vault.save(owner, tokens, SERVER);

    expect(await load()).toEqual({
      ...tokens,
      chain: expect.stringMatching(/^[\w-]{16}$/),
      generation: 1,
      authorizationServer: SERVER,
      state: 'ok',
    });
  });

  it('when a portal user signs in again › begins another chain, whatever was there', async () => {
    const first = await savedGrant();
    await vault.commit(owner, first, 'one', tokensOf(2));
    await vault.settle(owner, await load(), 'two', 'reauth', 'invalid_grant');

    await vault.save(owner, tokensOf(9), SERVER);

    const second = await load();
    expect(second).toMatchObject({ generation: 1, state: 'ok', accessToken: 'access 9' });
    expect(second.chain).not.toBe(first.chain);
  });

  it('when a claim of the old chain is alive › it does not count for the new chain', async () => {
    const first = await savedGrant();
    await vault.claim(owner, first, 'one', L);

    await vault.save(owner, tokensOf(9), SERVER);

    expect(await vault.claim(owner, await load(), 'two', L)).toMatchObject({ outcome: 'claimed' });
  });

  it('when it is stored › no token can be read in the store', async () => {
    await vault.save(
      owner,
      newTokens({ accessToken: 'CANARY access', refreshToken: 'CANARY refresh' }),
      SERVER,
    );

    expect(await store.get(tokenKey(owner))).not.toContain('CANARY');
  });

  it('when it is stored › lives 180 days', async () => {
    await vault.save(owner, newTokens(), SERVER);

    clock.advance(179 * DAY);

    expect(await vault.load(owner)).toMatchObject({ accessToken: 'access 1' });
  });

  it('when the record was not written for 180 days › is gone', async () => {
    await vault.save(owner, newTokens(), SERVER);

    clock.advance(181 * DAY);

    expect(await vault.load(owner)).toBe(undefined);
  });
});

describe('tokenKey()', () => {
  it('when it is built › contains portal, application and portal user, the portal as a hash tag', () => {
    expect(tokenKey({ memberId: 'm', clientId: 'c', userId: 7 })).toBe('b24:tokens:{m}:c:7');
  });
});

describe('load()', () => {
  it('when there is no record › gives nothing', async () => {
    expect(await vault.load(owner)).toBe(undefined);
  });

  it.each<[string, Partial<PortalUserId>]>([
    ['another user of the portal', { userId: 8 }],
    ['the same number on another portal', { memberId: 'another' }],
    ['another application', { clientId: 'local.another' }],
  ])('when it is %s › gives nothing of this portal user', async (_, other) => {
    await savedGrant();

    expect(await vault.load({ ...owner, ...other })).toBe(undefined);
  });

  it('when a record was copied to another user › it does not open there, and is quarantined', async () => {
    await savedGrant();
    const thief = { ...owner, userId: 8 };
    const record = (await store.get(tokenKey(owner))) ?? '';
    await store.set(tokenKey(thief), record, HOUR);

    const found = await vault.load(thief);

    expect(found).toBe(undefined);
    expect(await store.get(quarantineKey(tokenKey(thief)))).toBe(record);
  });

  it.each<[string, (record: Record<string, unknown>) => Record<string, unknown>]>([
    ['a generation set back', (record) => ({ ...record, gen: 1 })],
    ['a generation moved on', (record) => ({ ...record, gen: 3 })],
    ['another chain', (record) => ({ ...record, chain: 'other' })],
    ['no pair', ({ pair: _, ...record }) => record],
    ['a pair that is not sealed', (record) => ({ ...record, pair: '{"at":"a","rt":"b"}' })],
    ['another version', (record) => ({ ...record, v: 2 })],
    ['an unknown state', (record) => ({ ...record, state: 'fine' })],
    ['a text for a number', (record) => ({ ...record, gen: '2' })],
  ])('when the record has %s › the portal user signs in again, and it is quarantined', async (_, change) => {
    await vault.commit(owner, await savedGrant(), 'one', tokensOf(2));
    // The opened pair is kept in memory, and must not be used for the changed record.
    await load();
    const changed = JSON.stringify(change(await stored()));
    await store.set(tokenKey(owner), changed, HOUR);

    const found = await vault.load(owner);

    expect(found).toBe(undefined);
    expect(await store.get(tokenKey(owner))).toBe(null);
    expect(await store.get(quarantineKey(tokenKey(owner)))).toBe(changed);
  });

  it.each(['', 'not json', 'null', '[]', '{}', '"text"', '42', '{"v":1}'])(
    'when the record is %j › the portal user signs in again, and it is quarantined',
    async (text) => {
      await store.set(tokenKey(owner), text, HOUR);

      expect(await vault.load(owner)).toBe(undefined);
      expect(await store.get(quarantineKey(tokenKey(owner)))).toBe(text);
    },
  );

  describe('when a pair was opened before', () => {
    let openings: number;
    let counting: TokenVault;
    beforeEach(async () => {
      openings = 0;
      counting = createTokenVault({
        store,
        cipher: {
          ...cipher,
          open(sealed, context) {
            openings += 1;
            return cipher.open(sealed, context);
          },
        },
      });
      await vault.save(owner, newTokens(), SERVER);
      await counting.load(owner);
    });

    it('is not opened again', async () => {
      expect(await counting.load(owner)).toMatchObject({ accessToken: 'access 1' });
      expect(openings).toBe(1);
    });

    it('gives what another process has renewed', async () => {
      await vault.commit(owner, await load(), 'one', tokensOf(2));

      expect(await counting.load(owner)).toMatchObject({ refreshToken: 'refresh 2' });
      expect(openings).toBe(2);
    });

    it('gives nothing after the record was removed, and keeps nothing in memory', async () => {
      const record = (await store.get(tokenKey(owner))) ?? '';
      await counting.forget(owner);
      expect(await counting.load(owner)).toBe(undefined);
      await store.set(tokenKey(owner), record, HOUR);

      await counting.load(owner);

      expect(openings).toBe(2);
    });
  });

  it('when the portal user signs in while an unreadable record is quarantined › the new record stays', async () => {
    await savedGrant();
    const looking = createTokenVault({
      store,
      cipher: {
        ...cipher,
        async open() {
          await vault.save(owner, tokensOf(9), SERVER);
          throw new Error('the record cannot be opened');
        },
      },
    });

    await looking.load(owner);

    expect(await vault.load(owner)).toMatchObject({ accessToken: 'access 9' });
  });
});

describe('forget()', () => {
  it('when there is a record › removes it and says so', async () => {
    await savedGrant();

    expect(await vault.forget(owner)).toBe(true);
    expect(await vault.load(owner)).toBe(undefined);
  });

  it('when there is no record › says so', async () => {
    expect(await vault.forget(owner)).toBe(false);
  });
});

describe('claim()', () => {
  it('when no attempt holds a claim › claims', async () => {
    const grant = await savedGrant();

    expect(await vault.claim(owner, grant, 'one', L)).toMatchObject({ outcome: 'claimed', stragglerMs: 0 });
  });

  it('when it is repeated by the same attempt › claims, and prolongs', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L - 1000);

    const again = await vault.claim(owner, grant, 'one', L);

    clock.advance(L - 1000);
    expect(again).toMatchObject({ outcome: 'claimed', stragglerMs: 0 });
    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'busy' });
  });

  it('when another attempt is alive › is busy, and says for how long', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(4000);

    const claim = await vault.claim(owner, grant, 'two', L);

    const leftMs = claim.outcome === 'busy' ? claim.leftMs : 0;
    expect(leftMs).toBeGreaterThan(5000);
    expect(leftMs).toBeLessThanOrEqual(6000);
  });

  it('when the claim of another attempt has expired › claims, and says that its answer may still arrive', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L);

    expect(isStragglerAwaited(await vault.claim(owner, grant, 'two', L))).toBe(true);
  });

  it('when that claim is repeated › still says that the answer to the earlier attempt may arrive', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L);
    await vault.claim(owner, grant, 'two', L);

    expect(isStragglerAwaited(await vault.claim(owner, grant, 'two', L))).toBe(true);
  });

  it('when 50 attempts claim at once › one claims, and 49 are busy', async () => {
    const grant = await savedGrant();

    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, n) => vault.claim(owner, grant, `attempt ${n}`, L)),
    );

    const outcomes = claims.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(49);
  });

  it('when the generation has moved on › says so', async () => {
    const grant = await savedGrant();
    await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(await vault.claim(owner, grant, 'two', L)).toEqual({ outcome: 'moved' });
  });

  it('when another chain has begun › says so', async () => {
    const grant = await savedGrant();
    await vault.save(owner, tokensOf(9), SERVER);

    expect(await vault.claim(owner, grant, 'two', L)).toEqual({ outcome: 'moved' });
  });

  it('when the record is gone › says so', async () => {
    expect(await vault.claim(owner, someStoredTokens(), 'one', L)).toEqual({ outcome: 'missing' });
  });

  it.each(['suspect', 'reauth'] as const)(
    'when the grant is over (%s) › the token is not used again',
    async (state) => {
      const grant = await savedGrant();
      await vault.claim(owner, grant, 'one', L);
      await vault.settle(owner, grant, 'one', state, 'invalid_grant');

      expect(await vault.claim(owner, grant, 'two', L)).toEqual({ outcome: 'ended' });
    },
  );

  it('when the store refuses to write › fails, so that no token is used up', async () => {
    const grant = await savedGrant();
    const refusing = createTokenVault({
      cipher,
      store: { ...store, replaceIfUnchanged: () => Promise.reject(new Error('OOM')) },
    });

    await expect(refusing.claim(owner, grant, 'one', L)).rejects.toThrow('OOM');
  });
});

describe('prolongClaim()', () => {
  it('when the attempt holds the claim › keeps other attempts away for longer', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L - 1000);

    await vault.prolongClaim(owner, 'one', L);

    clock.advance(L - 1000);
    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'busy' });
  });

  it('when the claim was withdrawn › does not bring it back', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    await vault.release(owner, 'one', 'why');

    await vault.prolongClaim(owner, 'one', L);

    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'claimed' });
  });

  it('when another attempt has taken over › leaves the claim to that one', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L);
    await vault.claim(owner, grant, 'two', L);

    await vault.prolongClaim(owner, 'one', L);

    expect(await stored()).toMatchObject({ iid: 'two' });
  });

  it.each<[string, (grant: StoredTokens) => Promise<unknown>]>([
    ['the new tokens were stored', (grant) => vault.commit(owner, grant, 'one', tokensOf(2))],
    ['the grant was given up', (grant) => vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant')],
    ['the portal user signed in again', () => vault.save(owner, tokensOf(9), SERVER)],
  ])('when %s › begins no claim', async (_, end) => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    await end(grant);

    await vault.prolongClaim(owner, 'one', L);

    expect(await stored()).toMatchObject({ iid: null });
  });

  it('when the record is gone › does nothing', async () => {
    await vault.prolongClaim(owner, 'one', L);

    expect(await store.get(tokenKey(owner))).toBe(null);
  });
});

describe('commit()', () => {
  it('when the generation is still the one that was used up › stores the next one', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    const isStored = await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(isStored).toBe(true);
    expect(await load()).toMatchObject({
      chain: grant.chain,
      generation: 2,
      accessToken: 'access 2',
      refreshToken: 'refresh 2',
      state: 'ok',
    });
    expect(await stored()).toMatchObject({ iid: null, idl: 0, prev: null, last: 'one' });
  });

  it('when it is repeated › says that it is stored, and moves on once only', async () => {
    const grant = await savedGrant();
    await vault.commit(owner, grant, 'one', tokensOf(2));

    const again = await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(again).toBe(true);
    expect(await load()).toMatchObject({ generation: 2, accessToken: 'access 2' });
  });

  it('when it is repeated 20 times at once › moves on once only', async () => {
    const grant = await savedGrant();

    const stored = await Promise.all(
      Array.from({ length: 20 }, () => vault.commit(owner, grant, 'one', tokensOf(2))),
    );

    expect(stored).toEqual(stored.map(() => true));
    expect(await load()).toMatchObject({ generation: 2 });
  });

  it('when another attempt holds the claim by now › stores all the same, and ends that claim', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'late', L);
    clock.advance(L);
    await vault.claim(owner, grant, 'successor', L);

    const isStored = await vault.commit(owner, grant, 'late', tokensOf(2));

    expect(isStored).toBe(true);
    expect(await vault.claim(owner, grant, 'successor', L)).toEqual({ outcome: 'moved' });
  });

  it.each(['suspect', 'reauth'] as const)(
    'when it was given up as %s meanwhile › heals it',
    async (state) => {
      const grant = await savedGrant();
      await vault.settle(owner, grant, 'two', state, 'invalid_grant');

      await vault.commit(owner, grant, 'one', tokensOf(2));

      expect(await load()).toMatchObject({ state: 'ok', generation: 2, accessToken: 'access 2' });
      expect(await stored()).toMatchObject({ why: null });
    },
  );

  it('when the store went back in time › moves on from the generation that was used up', async () => {
    const first = await savedGrant();
    const backup = (await store.get(tokenKey(owner))) ?? '';
    await vault.commit(owner, first, 'one', tokensOf(2));
    const second = await load();
    await store.set(tokenKey(owner), backup, HOUR);

    const isStored = await vault.commit(owner, second, 'two', tokensOf(3));

    expect(isStored).toBe(true);
    expect(await load()).toMatchObject({ generation: 3, accessToken: 'access 3' });
  });

  it('when the generation has moved on › is dropped', async () => {
    const grant = await savedGrant();
    await vault.commit(owner, grant, 'one', tokensOf(2));

    const isStored = await vault.commit(owner, grant, 'two', tokensOf(99));

    expect(isStored).toBe(false);
    expect(await load()).toMatchObject({ generation: 2, accessToken: 'access 2' });
  });

  it('when a newer sign-in has begun another chain › is dropped', async () => {
    const grant = await savedGrant();
    await vault.save(owner, tokensOf(9), SERVER);

    const isStored = await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(isStored).toBe(false);
    expect(await load()).toMatchObject({ generation: 1, accessToken: 'access 9' });
  });

  it('when the record was removed on purpose › does not write it back', async () => {
    const grant = await savedGrant();
    await vault.forget(owner);

    const isStored = await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(isStored).toBe(false);
    expect(await vault.load(owner)).toBe(undefined);
  });

  it('when it is stored › the record has its whole lifetime again', async () => {
    const grant = await savedGrant();
    clock.advance(179 * DAY);

    await vault.commit(owner, grant, 'one', tokensOf(2));

    clock.advance(179 * DAY);
    expect(await load()).toMatchObject({ generation: 2 });
  });

  it('when the claim is prolonged after it › the claim does not come back', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    await vault.commit(owner, grant, 'one', tokensOf(2));

    const renewal = await vault.claim(owner, grant, 'one', L);

    expect(renewal).toEqual({ outcome: 'moved' });
    expect(await stored()).toMatchObject({ iid: null });
  });
});

describe('release()', () => {
  it('when the attempt holds the claim › other attempts may claim at once', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await vault.release(owner, 'one', 'why');

    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'claimed', stragglerMs: 0 });
  });

  it('when another attempt holds the claim › leaves it alone', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await vault.release(owner, 'two', 'why');

    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'busy' });
  });

  it('when the claim had followed an expired one › the record still says so', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    clock.advance(L);
    await vault.claim(owner, grant, 'two', L);

    await vault.release(owner, 'two', 'why');

    expect(isStragglerAwaited(await vault.claim(owner, grant, 'three', L))).toBe(true);
  });

  it('when it is repeated, or there is no record › does nothing', async () => {
    await savedGrant();
    await vault.release(owner, 'one', 'why');

    await expect(vault.release(owner, 'one', 'why')).resolves.toBe(undefined);
    await expect(vault.release(anOwner(), 'one', 'why')).resolves.toBe(undefined);
  });
});

describe('endUnanswered()', () => {
  it('when an attempt got no answer › other attempts wait for the pause, then try the same token', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await vault.endUnanswered(owner, 'one', 'portal_failed', 2000);

    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'busy' });
    clock.advance(2000);
    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'claimed', stragglerMs: 0 });
  });

  it('when another attempt holds the claim › leaves it alone', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await vault.endUnanswered(owner, 'two', 'portal_failed', 0);

    expect(await vault.claim(owner, grant, 'two', L)).toMatchObject({ outcome: 'busy' });
  });

  it('when three attempts got none within ten minutes › the token is not tried until the ten minutes are over', async () => {
    const grant = await savedGrant();
    for (const id of ['one', 'two', 'three']) {
      await vault.claim(owner, grant, id, L);
      await vault.endUnanswered(owner, id, 'portal_failed', 0);
      clock.advance(60_000);
    }

    const fourth = await vault.claim(owner, grant, 'four', L);

    expect(fourth).toMatchObject({ outcome: 'exhausted' });
    expect(fourth.outcome === 'exhausted' && fourth.leftMs).toBeGreaterThan(6 * 60_000);
    clock.advance(8 * 60_000);
    expect(await vault.claim(owner, grant, 'four', L)).toMatchObject({ outcome: 'claimed', tries: 1 });
  });

  it('when the request did not use up the token › that attempt does not count', async () => {
    const grant = await savedGrant();
    for (const id of ['one', 'two', 'three']) {
      await vault.claim(owner, grant, id, L);
      await vault.release(owner, id, 'invalid_client');
    }

    expect(await vault.claim(owner, grant, 'four', L)).toMatchObject({ outcome: 'claimed', tries: 1 });
  });

  it('when a renewal follows › the count starts again', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);
    await vault.endUnanswered(owner, 'one', 'portal_failed', 0);
    await vault.commit(owner, grant, 'one', tokensOf(2));

    expect(await vault.claim(owner, await load(), 'two', L)).toMatchObject({ tries: 1, stragglerMs: 0 });
  });
});

describe('describe()', () => {
  it('when there is no record › gives nothing', async () => {
    expect(await vault.describe(owner)).toBe(undefined);
  });

  it('when the portal user has just signed in › says since when', async () => {
    const before = clock.now();

    await vault.save(owner, newTokens(), SERVER);

    const described = await vault.describe(owner);
    expect(described).toMatchObject({ state: 'ok', renewedAt: null, lastError: null });
    expect(described?.since.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('when access was renewed › says when, and still since when', async () => {
    const grant = await savedGrant();
    const signedInBy = clock.now();
    clock.advance(HOUR);

    await vault.commit(owner, grant, 'one', tokensOf(2));

    const described = await vault.describe(owner);
    expect(described?.since.getTime()).toBeLessThanOrEqual(signedInBy);
    expect(described?.renewedAt?.getTime()).toBeGreaterThanOrEqual(signedInBy + HOUR);
  });

  it.each<[string, (grant: StoredTokens) => Promise<unknown>]>([
    ['was not answered', () => vault.endUnanswered(owner, 'one', 'portal_timeout', 0)],
    ['was refused for another reason', () => vault.release(owner, 'one', 'portal_timeout')],
    ['was the last', (grant) => vault.settle(owner, grant, 'one', 'reauth', 'portal_timeout')],
  ])('when a renewal %s › says what the error was', async (_, fail) => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await fail(grant);

    expect(await vault.describe(owner)).toMatchObject({
      lastError: { code: 'portal_timeout', at: expect.any(Date) },
    });
  });
});

describe('rotation of keys', () => {
  const older = Buffer.alloc(32, 'key');
  const newer = Buffer.alloc(32, 'newer key');
  const vaultWith = (...keys: Uint8Array[]) => createTokenVault({ store, cipher: createCipher(keys) });

  it('when a record is sealed with an older key › it is sealed with the newest, and keeps its lifetime', async () => {
    await savedGrant();
    clock.advance(100 * 24 * HOUR);

    expect(await vaultWith(newer, older).reseal(tokenKey(owner))).toBe('resealed');

    expect(await vaultWith(newer).load(owner)).toMatchObject({ accessToken: 'access 1' });
    clock.advance(81 * 24 * HOUR);
    expect(await store.get(tokenKey(owner))).toBe(null);
  });

  it('when a record is sealed with the newest key › it is left alone', async () => {
    await savedGrant();
    const before = await store.get(tokenKey(owner));

    expect(await vault.reseal(tokenKey(owner))).toBe('newest already');

    expect(await store.get(tokenKey(owner))).toBe(before);
  });

  it.each([
    ['sealed with a key that we do not have', () => vaultWith(newer)],
    ['gone', () => vaultWith(newer, older)],
  ])('when a record is %s › it says so', async (what, makeVault) => {
    await savedGrant();
    if (what === 'gone') await vault.forget(owner);

    expect(await makeVault().reseal(tokenKey(owner))).toBe(what === 'gone' ? 'gone' : 'unreadable');
  });

  it('when a renewal is in progress › the claim survives the sealing', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'one', L);

    await vaultWith(newer, older).reseal(tokenKey(owner));

    expect(await vaultWith(newer, older).commit(owner, grant, 'one', tokensOf(2))).toBe(true);
    expect(await vaultWith(newer).load(owner)).toMatchObject({ generation: 2 });
  });

  it('when a replica does not have the newest key yet › it quarantines nothing', async () => {
    await vaultWith(newer, older).save(owner, newTokens(), SERVER);
    const record = await store.get(tokenKey(owner));

    expect(await vaultWith(older).load(owner)).toBe(undefined);

    expect(await store.get(tokenKey(owner))).toBe(record);
    expect(await vaultWith(newer, older).load(owner)).toMatchObject({ accessToken: 'access 1' });
  });
});

describe('settle()', () => {
  it.each(['suspect', 'reauth'] as const)(
    'when no other attempt is alive › marks it as %s and keeps the tokens',
    async (state) => {
      const grant = await savedGrant();
      await vault.claim(owner, grant, 'one', L);

      const isMarked = await vault.settle(owner, grant, 'one', state, 'invalid_grant');

      expect(isMarked).toBe(true);
      expect(await load()).toMatchObject({ state, generation: 1, refreshToken: 'refresh 1' });
      expect(await stored()).toMatchObject({ why: 'invalid_grant', iid: null });
    },
  );

  it('when it is repeated › says that it is marked', async () => {
    const grant = await savedGrant();
    await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant');

    expect(await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant')).toBe(true);
  });

  it('when another attempt is alive › marks nothing', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'other', L);

    const isMarked = await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant');

    expect(isMarked).toBe(false);
    expect(await load()).toMatchObject({ state: 'ok' });
    expect(await vault.claim(owner, grant, 'third', L)).toMatchObject({ outcome: 'busy' });
  });

  it('when the claim of another attempt has expired › marks it', async () => {
    const grant = await savedGrant();
    await vault.claim(owner, grant, 'other', L);
    clock.advance(L);

    expect(await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant')).toBe(true);
  });

  it('when the generation has moved on › leaves the newer one alone', async () => {
    const grant = await savedGrant();
    await vault.commit(owner, grant, 'other', tokensOf(2));

    const isMarked = await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant');

    expect(isMarked).toBe(false);
    expect(await load()).toMatchObject({ state: 'ok', generation: 2 });
  });

  it('when a newer sign-in has begun another chain › leaves that one alone', async () => {
    const grant = await savedGrant();
    await vault.save(owner, tokensOf(9), SERVER);

    const isMarked = await vault.settle(owner, grant, 'one', 'reauth', 'invalid_grant');

    expect(isMarked).toBe(false);
    expect(await load()).toMatchObject({ state: 'ok', accessToken: 'access 9' });
  });

  it('when the record is gone › marks nothing', async () => {
    expect(await vault.settle(owner, someStoredTokens(), 'one', 'reauth', 'why')).toBe(false);
  });
});
