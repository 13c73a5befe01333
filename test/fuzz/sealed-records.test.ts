import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PortalUserId } from '../../src/portal-user.ts';
import { createCipher, UnsealError } from '../../src/vault/cipher.ts';
import { parseTokenKey, parseTokenRecord, tokenKey } from '../../src/vault/token-record.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { EACH } from '../support/fuzz.ts';
import { anyJson, anyText, mutated, nearly } from '../support/hostile-values.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { anOwner, newTokens } from '../support/token-builders.ts';

const aKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const aPlainText = fc.string({ unit: 'grapheme', maxLength: 200 });
const aContext = fc.string({ minLength: 1, maxLength: 60 });
const BASE64URL = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

const someone: fc.Arbitrary<PortalUserId> = fc.record({
  memberId: fc.constantFrom('a223c6b3710f85df22e9377d6c4f7553', 'b', 'B'),
  clientId: fc.constantFrom('local.1.1', 'app.2'),
  userId: fc.integer({ min: 1, max: 3 }),
});

describe('a sealed text', () => {
  it('when it is opened in its place with its key › is what it was, whatever keys came in front', () =>
    fc.assert(
      fc.asyncProperty(
        aPlainText,
        aContext,
        aKey,
        fc.array(aKey, { maxLength: 2 }),
        async (text, context, key, newer) => {
          const sealed = await createCipher([key]).seal(text, context);

          expect(await createCipher([...newer, key]).open(sealed, context)).toBe(text);
        },
      ),
      EACH,
    ));

  it('when a bit of it was flipped › does not open', () =>
    fc.assert(
      fc.asyncProperty(aPlainText, fc.nat(), fc.nat({ max: 6 }), async (text, at, bit) => {
        const cipher = createCipher([new Uint8Array(32).fill(7)]);
        const sealed = await cipher.seal(text, 'here');
        const place = at % sealed.length;
        const flipped = String.fromCharCode(sealed.charCodeAt(place) ^ (1 << bit));

        const opening = cipher.open(sealed.slice(0, place) + flipped + sealed.slice(place + 1), 'here');

        await expect(opening).rejects.toThrow(UnsealError);
      }),
      EACH,
    ));

  it('when a letter of it is another one, as a decoder might forgive › does not open', () =>
    fc.assert(
      fc.asyncProperty(aPlainText, fc.nat(), fc.constantFrom(...BASE64URL), async (text, fromEnd, letter) => {
        const cipher = createCipher([new Uint8Array(32).fill(7)]);
        const sealed = await cipher.seal(text, 'here');
        // The last letter of each part holds bits that mean nothing, so most of the tries go there.
        const ends = [...sealed.matchAll(/.(?=\.|$)/g)].map(({ index }) => index);
        const place = fromEnd % 4 === 0 ? fromEnd % sealed.length : (ends[fromEnd % ends.length] ?? 0);
        fc.pre(sealed[place] !== '.' && sealed[place] !== letter);

        const opening = cipher.open(sealed.slice(0, place) + letter + sealed.slice(place + 1), 'here');

        await expect(opening).rejects.toThrow(UnsealError);
      }),
      EACH,
    ));

  it('when it is opened elsewhere, or with another key › does not open', () =>
    fc.assert(
      fc.asyncProperty(
        aPlainText,
        aContext,
        aContext,
        aKey,
        aKey,
        async (text, context, elsewhere, key, other) => {
          fc.pre(context !== elsewhere && Buffer.compare(key, other) !== 0);
          const sealed = await createCipher([key]).seal(text, context);

          await expect(createCipher([key]).open(sealed, elsewhere)).rejects.toThrow(UnsealError);
          await expect(createCipher([other]).open(sealed, context)).rejects.toThrow(UnsealError);
        },
      ),
      EACH,
    ));

  it('whatever is there instead › does not open, and is of no key of ours', () => {
    const cipher = createCipher([new Uint8Array(32).fill(7)]);
    return fc.assert(
      fc.asyncProperty(
        fc.oneof(anyText, mutated(fc.constant('e30.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA'))),
        async (text) => {
          await expect(cipher.open(text, 'here')).rejects.toThrow(UnsealError);
          expect(['none', 'missing']).toContain(cipher.keyOf(text));
        },
      ),
      EACH,
    );
  });
});

describe('the record of somebody’s tokens', () => {
  it('when it was moved to somebody else › nobody gets tokens by it', () =>
    fc.assert(
      fc.asyncProperty(someone, someone, async (owner, other) => {
        fc.pre(tokenKey(owner) !== tokenKey(other));
        const { store, vault } = aVault();
        await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');

        await store.set(tokenKey(other), (await store.get(tokenKey(owner))) ?? '', 1_000);

        expect(await vault.load(other)).toBeUndefined();
        expect(await vault.load(owner)).toMatchObject({ accessToken: 'access 1' });
      }),
      EACH,
    ));

  it('when it was touched › holds the tokens it held, or none', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (at, bit) => {
        const { store, vault } = aVault();
        const owner = anOwner();
        await vault.save(owner, newTokens(), 'https://oauth.bitrix.info');
        const record = Buffer.from((await store.get(tokenKey(owner))) ?? '');
        const place = at % record.length;
        record[place] = (record[place] ?? 0) ^ (1 << bit);
        await store.set(tokenKey(owner), record.toString(), 1_000);

        const grant = await vault.load(owner);

        if (grant !== undefined)
          expect([grant.accessToken, grant.refreshToken]).toEqual(['access 1', 'refresh 1']);
      }),
      EACH,
    ));

  it('whatever is in its place › counts as none, or tells what a page can show', () =>
    fc.assert(
      fc.asyncProperty(anyRecord(), async (record) => {
        const { store, vault } = aVault();
        const owner = anOwner();
        await store.set(tokenKey(owner), record, 1_000);

        const description = await vault.describe(owner);

        expect(description === undefined).toBe(parseTokenRecord(record) === undefined);
        const instants = [description?.since, description?.renewedAt, description?.lastError?.at];
        for (const instant of instants) if (instant) expect(instant.getTime()).not.toBeNaN();
        expect(await vault.load(owner)).toBeUndefined();
      }),
      EACH,
    ));

  it('whoever it is of › its key tells', () => {
    const owner = fc.record({
      memberId: fc.stringMatching(/^[\da-zA-Z]{1,64}$/),
      clientId: fc.stringMatching(/^[\w.-]{3,100}$/),
      userId: fc.integer({ min: 1 }),
    });
    fc.assert(
      fc.property(owner, (each) => {
        expect(parseTokenKey(tokenKey(each))).toEqual(each);
      }),
      EACH,
    );
  });
});

function aVault() {
  const store = createMemoryStore(Date.now);
  return { store, vault: createTokenVault({ store, cipher: createCipher([new Uint8Array(32).fill(7)]) }) };
}

function anyRecord(): fc.Arbitrary<string> {
  const number = fc.oneof(fc.nat(), fc.constantFrom(0, -1, 8.64e15, 8.65e15, 1e300));
  const text = fc.string();
  const record = nearly({
    v: fc.constant(1),
    chain: text,
    gen: fc.integer({ min: 1 }),
    pair: text,
    exp: number,
    ep: text,
    as: text,
    iid: fc.constant(null),
    idl: number,
    prev: fc.constant(null),
    last: fc.constant(null),
    state: fc.constantFrom('ok', 'suspect', 'reauth'),
    why: fc.constant(null),
    at_state: number,
    since: number,
    renewed: number,
    err: fc.option(text),
    err_at: number,
  });
  return fc.oneof(
    record.map((each) => JSON.stringify(each)),
    anyJson.map((each) => JSON.stringify(each)),
    anyText,
  );
}
