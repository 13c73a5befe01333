import { describe, expect, it } from '@jest/globals';
import * as changes from '../../src/vault/record-changes.ts';
import type { TokenRecord } from '../../src/vault/token-record.ts';
import { newTokens, tokensOf } from '../support/token-builders.ts';

const NOW = 1_000_000;
const L = 10_000;
const POSITION = { chain: 'chain', generation: 1 };
const AT = { now: NOW, exclusiveMs: L };

function aRecord(overrides: Partial<TokenRecord> = {}): TokenRecord {
  const position = { chain: 'chain', gen: 1 };
  const begun = { now: NOW - 1, authorizationServer: 'https://oauth.bitrix.info' };
  return {
    ...changes.begin(position, 'sealed 1', newTokens({ expiresAt: new Date(0) }), begun),
    ...overrides,
  };
}

const claimedByOne = (overrides: Partial<TokenRecord> = {}) =>
  aRecord({ iid: 'one', idl: NOW + L, tries: 1, tries_since: NOW, ...overrides });

describe('claim()', () => {
  it('when no attempt holds a claim › writes the intent, and counts the attempt', () => {
    const { next, result } = changes.claim(aRecord(), POSITION, 'one', AT);

    expect(next).toEqual(claimedByOne());
    expect(result).toEqual({ outcome: 'claimed', stragglerMs: 0, tries: 1 });
  });

  it('when the same attempt claims again › prolongs, and does not count it again', () => {
    const { next, result } = changes.claim(claimedByOne({ idl: NOW + 1 }), POSITION, 'one', AT);

    expect(next).toEqual(claimedByOne());
    expect(result).toMatchObject({ outcome: 'claimed', tries: 1 });
  });

  it('when the claim of another attempt has ended without a word › remembers that its answer may still arrive', () => {
    const { next, result } = changes.claim(claimedByOne({ idl: NOW - 5_000 }), POSITION, 'two', AT);

    expect(next).toMatchObject({ iid: 'two', prev: 'one', prev_until: NOW + 60_000, tries: 2 });
    expect(result).toEqual({ outcome: 'claimed', stragglerMs: 60_000, tries: 2 });
  });

  it('when the other attempt said that no answer will arrive › expects none', () => {
    const { next, result } = changes.claim(claimedByOne({ idl: NOW, over: true }), POSITION, 'two', AT);

    expect(next).toMatchObject({ iid: 'two', over: false, prev: null, prev_until: 0 });
    expect(result).toMatchObject({ stragglerMs: 0 });
  });

  it.each<[string, Partial<TokenRecord>, changes.Claim]>([
    ['the generation has moved on', { gen: 2 }, { outcome: 'moved' }],
    ['another chain has begun', { chain: 'other' }, { outcome: 'moved' }],
    ['the grant is over', { state: 'reauth' }, { outcome: 'ended' }],
    ['another attempt is alive', { iid: 'two', idl: NOW + 400 }, { outcome: 'busy', leftMs: 400 }],
    [
      'three attempts got no answer',
      { tries: 3, tries_since: NOW - 60_000 },
      { outcome: 'exhausted', leftMs: 540_000 },
    ],
  ])('when %s › changes nothing', (_, found, result) => {
    expect(changes.claim(aRecord(found), POSITION, 'one', AT)).toEqual({ result });
  });

  it('when three attempts got no answer more than ten minutes ago › counts from the beginning', () => {
    const { result } = changes.claim(aRecord({ tries: 3, tries_since: NOW - 600_001 }), POSITION, 'one', AT);

    expect(result).toMatchObject({ outcome: 'claimed', tries: 1 });
  });
});

describe('commit()', () => {
  const brought = { now: NOW, pair: 'sealed 2', tokens: tokensOf(2) };

  it('when the generation is the one that was used up › moves it on, and ends claim and count', () => {
    const { next, result } = changes.commit(claimedByOne({ prev: 'zero' }), POSITION, 'one', brought);

    expect(result).toBe(true);
    expect(next).toMatchObject({ gen: 2, pair: 'sealed 2', last: 'one', iid: null, prev: null, tries: 0 });
  });

  it('when another attempt holds the claim, or gave the grant up › stores the pair all the same', () => {
    const found = claimedByOne({ iid: 'two', state: 'suspect', why: 'invalid_grant' });

    expect(changes.commit(found, POSITION, 'one', brought).next).toMatchObject({
      gen: 2,
      state: 'ok',
      why: null,
    });
  });

  it('when it is repeated › says that it is stored, and changes nothing', () => {
    const { next = aRecord() } = changes.commit(claimedByOne(), POSITION, 'one', brought);

    expect(changes.commit(next, POSITION, 'one', brought)).toEqual({ result: true });
  });

  it('when the store went back in time › moves on from the generation that was used up', () => {
    const used = { ...POSITION, generation: 3 };

    expect(changes.commit(aRecord(), used, 'one', brought).next).toMatchObject({ gen: 4 });
  });

  it.each<[string, Partial<TokenRecord>]>([
    ['another chain has begun', { chain: 'other' }],
    ['the generation has moved on', { gen: 2 }],
  ])('when %s › drops the pair', (_, found) => {
    expect(changes.commit(aRecord(found), POSITION, 'one', brought)).toEqual({ result: false });
  });
});

describe('what only the owner of a claim may do', () => {
  const steps: [string, (record: TokenRecord, id: string) => { next?: TokenRecord }, Partial<TokenRecord>][] =
    [
      ['prolong()', (record, id) => changes.prolong(record, id, NOW + 3), { idl: NOW + 3 }],
      [
        'release()',
        (record, id) => changes.release(record, id, 'code', NOW),
        { iid: null, idl: 0, tries: 0, err: 'code', err_at: NOW },
      ],
      [
        'endUnanswered()',
        (record, id) => changes.endUnanswered(record, id, 'code', { now: NOW, pauseMs: 2_000 }),
        { idl: NOW + 2_000, over: true, err: 'code', err_at: NOW },
      ],
    ];

  it.each(steps)('%s › changes its own claim', (_, step, changed) => {
    expect(step(claimedByOne(), 'one').next).toEqual(claimedByOne(changed));
  });

  it.each(steps)('%s › leaves the claim of another attempt alone', (_, step) => {
    expect(step(claimedByOne(), 'two').next).toBe(undefined);
  });
});

describe('settle()', () => {
  const end = { now: NOW, state: 'reauth', why: 'invalid_grant' } as const;

  it.each<[string, Partial<TokenRecord>]>([
    ['the attempt holds the claim', {}],
    ['the claim of another attempt has ended', { iid: 'two', idl: NOW }],
    ['no attempt holds a claim', { iid: null }],
  ])('when %s › marks the generation, and keeps the pair', (_, found) => {
    const { next, result } = changes.settle(claimedByOne(found), POSITION, 'one', end);

    expect(result).toBe(true);
    expect(next).toMatchObject({ state: 'reauth', why: 'invalid_grant', iid: null, pair: 'sealed 1' });
  });

  it.each<[string, Partial<TokenRecord>]>([
    ['another attempt is alive', { iid: 'two' }],
    ['the generation has moved on', { gen: 2 }],
    ['another chain has begun', { chain: 'other' }],
  ])('when %s › changes nothing', (_, found) => {
    expect(changes.settle(claimedByOne(found), POSITION, 'one', end)).toEqual({ result: false });
  });
});

describe('move()', () => {
  it.each([
    ['the same', 'chain', 'https://renamed.bitrix24.de/rest/'],
    ['another', 'other', undefined],
  ])('when the chain is %s › the address is %s', (_, chain, expected) => {
    expect(changes.move(aRecord(), chain, 'https://renamed.bitrix24.de/rest/').next?.ep).toBe(expected);
  });
});
