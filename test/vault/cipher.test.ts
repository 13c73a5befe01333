import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createCipher, UnsealError } from '../../src/vault/cipher.ts';

const [OLD, NEW, FOREIGN] = [Buffer.alloc(32, 'old'), Buffer.alloc(32, 'new'), Buffer.alloc(32, 'foreign')];
const PLACE = 'b24:tokens:{member}:client:7:chain:1';
const cipher = createCipher([NEW]);

describe('seal() and open()', () => {
  it.each([
    ['a pair of tokens', '{"at":"11aa","rt":"22bb"}'],
    ['nothing', ''],
    ['many scripts', 'Ключ 公司 👩‍👩‍👧 \0\r\n'],
    ['64 KiB', 'x'.repeat(65_536)],
  ])('when it is %s › gives back exactly what was sealed', async (_, text) => {
    const sealed = await cipher.seal(text, PLACE);

    expect(await cipher.open(sealed, PLACE)).toBe(text);
  });

  it('when the same text is sealed twice › the results differ', async () => {
    const [one, two] = [await cipher.seal('same', PLACE), await cipher.seal('same', PLACE)];

    expect(one).not.toBe(two);
  });

  it('when it is sealed › neither the text nor its place can be read', async () => {
    const sealed = await cipher.seal('CANARY-text', 'CANARY-place');

    const readable = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect([sealed, ...readable].join()).not.toContain('CANARY');
  });

  it('when it is sealed › names algorithm and key id, and does not contain the key', async () => {
    const sealed = await cipher.seal('text', PLACE);

    const header = JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: expect.stringMatching(/^[\da-f]{8}$/) });
  });
});

describe('rotation of keys', () => {
  it('when a new key was put in front › opens what the old one sealed', async () => {
    const sealed = await createCipher([OLD]).seal('text', PLACE);

    expect(await createCipher([NEW, OLD]).open(sealed, PLACE)).toBe('text');
  });

  it('when a new key was put in front › seals with the new one', async () => {
    const sealed = await createCipher([NEW, OLD]).seal('text', PLACE);

    expect(await createCipher([NEW]).open(sealed, PLACE)).toBe('text');
  });

  it('when the old key was taken away › does not open what it sealed', async () => {
    const sealed = await createCipher([OLD]).seal('text', PLACE);

    await expect(createCipher([NEW]).open(sealed, PLACE)).rejects.toThrow(UnsealError);
  });

  it('when there is no key at all › throws', () => {
    expect(() => createCipher([])).toThrow('at least one key');
  });
});

describe('a record that was moved', () => {
  it.each([
    ['another user', 'b24:tokens:{member}:client:8:chain:1'],
    ['another portal', 'b24:tokens:{other}:client:7:chain:1'],
    ['another application', 'b24:tokens:{member}:other:7:chain:1'],
    ['another chain', 'b24:tokens:{member}:client:7:niahc:1'],
    ['another generation', 'b24:tokens:{member}:client:7:chain:2'],
    ['a longer generation', 'b24:tokens:{member}:client:7:chain:11'],
    ['nowhere', ''],
  ])('when it is in the place of %s › does not open', async (_, place) => {
    const sealed = await cipher.seal('text', PLACE);

    await expect(cipher.open(sealed, place)).rejects.toThrow(UnsealError);
  });
});

describe('a record that was tampered with', () => {
  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const withPart = (index: number, change: (part: string) => string) => (sealed: string) =>
    sealed
      .split('.')
      .map((part, at) => (at === index ? change(part) : part))
      .join('.');

  it.each<[string, (sealed: string) => string]>([
    ['one bit of the header differs', withPart(0, flip)],
    ['one bit of the initialisation vector differs', withPart(1, flip)],
    ['one bit of the text differs', withPart(2, flip)],
    ['one bit of the tag differs', withPart(3, flip)],
    ['the tag is cut short', withPart(3, (tag) => tag.slice(0, 8))],
    ['the tag is missing', withPart(3, () => '')],
    ['the text is cut short', withPart(2, (text) => text.slice(0, -4))],
    ['the header names no key', withPart(0, () => header({ alg: 'dir', enc: 'A256GCM' }))],
    ['the header wants no encryption', withPart(0, () => header({ alg: 'none', enc: 'none', kid: 'x' }))],
    ['the header wants a weaker one', withPart(0, () => header({ alg: 'dir', enc: 'A128GCM', kid: 'x' }))],
    ['the header wants a password', withPart(0, () => header({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM' }))],
    ['the header is no JSON', withPart(0, () => 'bm90IGpzb24')],
    ['something was appended', (sealed) => `${sealed}.AAAA`],
    ['a line end was appended', (sealed) => `${sealed}\n`],
    ['a part is missing', (sealed) => sealed.split('.').slice(1).join('.')],
    ['it is empty', () => ''],
    ['it is three dots', () => '...'],
    ['it is the text itself', () => 'text'],
    ['it is JSON', () => '{"at":"a","rt":"b"}'],
  ])('when %s › does not open', async (_, tamper) => {
    const sealed = await cipher.seal('a text of some length', PLACE);

    await expect(cipher.open(tamper(sealed), PLACE)).rejects.toThrow(UnsealError);
  });

  it('when two records exchange their texts › neither opens', async () => {
    const [one, two] = [await cipher.seal('one', PLACE), await cipher.seal('two', PLACE)];
    const [header1, iv1, , tag1] = one.split('.');

    const mixed = [header1, iv1, two.split('.')[2], tag1].join('.');

    await expect(cipher.open(mixed, PLACE)).rejects.toThrow(UnsealError);
  });

  it('when it does not open › the error contains neither text nor key nor place', async () => {
    const sealed = await createCipher([FOREIGN]).seal('CANARY', 'CANARY-place');

    const [outcome] = await Promise.allSettled([cipher.open(sealed, 'CANARY-place')]);

    const error = outcome?.status === 'rejected' ? outcome.reason : undefined;
    expect(error).toBeInstanceOf(UnsealError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/CANARY|foreign/);
  });
});
