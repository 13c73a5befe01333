import { describe, expect, it } from '@jest/globals';
import { parseTokenSet } from '../../src/bitrix24/token-set.ts';
import { UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';

const REQUESTED_AT = new Date('2026-11-23T12:00:00Z');

/** As the documents' refresh sample has it (protocol 2.3). */
function aTokenResponse(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    access_token: '11aa22bb',
    expires: 1790000000,
    expires_in: 3600,
    scope: 'app',
    domain: 'oauth.bitrix.info',
    server_endpoint: 'https://oauth.bitrix.info/rest/',
    status: 'L',
    client_endpoint: 'https://acme.bitrix24.test/rest/',
    member_id: '0123456789abcdef0123456789abcdef',
    user_id: 7,
    refresh_token: '33cc44dd',
    ...overrides,
  };
}

function without(field: string): Record<string, unknown> {
  const { [field]: _, ...rest } = aTokenResponse();
  return rest;
}

const parse = (body: unknown) => parseTokenSet(body, REQUESTED_AT);

describe('parseTokenSet()', () => {
  describe('when it is as documented', () => {
    it('reads what we need and nothing else', () => {
      expect(parse(aTokenResponse())).toEqual({
        accessToken: '11aa22bb',
        refreshToken: '33cc44dd',
        expiresAt: new Date('2026-11-23T12:59:00Z'),
        memberId: '0123456789abcdef0123456789abcdef',
        userId: 7,
        clientEndpoint: 'https://acme.bitrix24.test/rest/',
      });
    });
  });

  describe('when it is as the sample of the code exchange, without user_id and expires', () => {
    it('leaves the user open', () => {
      const { user_id: _1, expires: _2, ...sample } = aTokenResponse();

      expect(parse(sample).userId).toBe(undefined);
    });
  });

  it.each([
    [3600, '2026-11-23T12:59:00.000Z'],
    ['3600', '2026-11-23T12:59:00.000Z'],
    [600, '2026-11-23T12:09:00.000Z'],
    [599, '2026-11-23T12:08:59.100Z'],
    [100, '2026-11-23T12:01:30.000Z'],
    [1, '2026-11-23T12:00:00.900Z'],
    [604_800, '2026-11-30T11:59:00.000Z'],
  ])('when expires_in is %j › estimates the end with a margin of 60 s or a tenth', (expiresIn, end) => {
    expect(parse(aTokenResponse({ expires_in: expiresIn })).expiresAt.toISOString()).toBe(end);
  });

  it('when expires disagrees with expires_in › goes by expires_in: it needs no common clock', () => {
    const tokens = parse(aTokenResponse({ expires: 1 }));

    expect(tokens.expiresAt).toEqual(new Date('2026-11-23T12:59:00Z'));
  });

  it('when user_id comes as a string › reads the number', () => {
    expect(parse(aTokenResponse({ user_id: '7' })).userId).toBe(7);
  });

  it('when tokens are as long as real ones, and longer › keeps every character', () => {
    const accessToken = 'f'.repeat(2000);

    expect(parse(aTokenResponse({ access_token: accessToken })).accessToken).toBe(accessToken);
  });

  it.each<[unknown]>([
    [0],
    ['0'],
    [-3600],
    [0.5],
    ['soon'],
    [null],
    [undefined],
    ['Infinity'],
    [true],
    [[]],
    [{ toString: 'x' }],
  ])('when expires_in is the odd %j › keeps the pair, and takes the documented hour', (expiresIn) => {
    const tokens = parse(aTokenResponse({ expires_in: expiresIn }));

    expect(tokens).toMatchObject({
      accessToken: '11aa22bb',
      refreshToken: '33cc44dd',
      expiresAt: new Date('2026-11-23T12:59:00Z'),
    });
  });

  it.each([
    [3600.5, '2026-11-23T12:59:00.000Z'],
    [1e12, '2026-11-30T11:59:00.000Z'],
  ])('when expires_in is %j › estimates a whole number of seconds, and a week at most', (expiresIn, end) => {
    expect(parse(aTokenResponse({ expires_in: expiresIn })).expiresAt.toISOString()).toBe(end);
  });

  it.each<[unknown]>([[null], [7], [undefined], [`https://${'a'.repeat(500)}/rest/`]])(
    'when client_endpoint is %j and the one before is known › keeps the pair and that one',
    (endpoint) => {
      const before = 'https://acme.bitrix24.test/rest/';

      const tokens = parseTokenSet(aTokenResponse({ client_endpoint: endpoint }), REQUESTED_AT, before);

      expect(tokens).toMatchObject({ accessToken: '11aa22bb', clientEndpoint: before });
    },
  );

  it.each(['access_token', 'refresh_token', 'client_endpoint', 'member_id'])(
    'when %s is missing › names it',
    (field) => {
      expect(() => parse(without(field))).toThrow(
        expect.objectContaining({ name: 'UnexpectedResponseError', field, code: 'portal_failed' }),
      );
    },
  );

  it.each<[string, unknown]>([
    ['access_token', ''],
    ['access_token', null],
    ['access_token', ['11aa22bb']],
    ['access_token', 11],
    ['access_token', 'f'.repeat(2049)],
    ['refresh_token', ''],
    ['refresh_token', false],
    ['client_endpoint', null],
    ['client_endpoint', 7],
    ['client_endpoint', `https://${'a'.repeat(500)}/rest/`],
    ['member_id', ''],
    ['member_id', 'abc}:other'],
    ['member_id', 'abc{def'],
    ['member_id', 'abc:def'],
    ['member_id', '../abc'],
    ['member_id', 'abc\n'],
    ['member_id', 'a'.repeat(65)],
    ['member_id', 7],
    ['user_id', 0],
    ['user_id', -1],
    ['user_id', 1.5],
    ['user_id', 'admin'],
    ['user_id', '7; 1'],
    ['user_id', true],
    ['user_id', [7]],
    ['user_id', {}],
    ['user_id', Number.MAX_SAFE_INTEGER + 2],
  ])('when %s is %j › refuses the whole, and names the field only', (field, value) => {
    const parsing = () => parse(aTokenResponse({ [field]: value }));

    expect(parsing).toThrow(UnexpectedResponseError);
    expect(parsing).toThrow(expect.objectContaining({ field, status: 502 }));
  });

  it.each<[unknown]>([[null], [undefined], ['text'], [42], [[]], [[aTokenResponse()]], [true]])(
    'when it is %j › refuses it',
    (body) => {
      expect(() => parse(body)).toThrow(UnexpectedResponseError);
    },
  );

  it('when it is refused › repeats nothing of it', () => {
    const parsing = () => parse(aTokenResponse({ access_token: 'CANARY', refresh_token: ['CANARY'] }));

    expect(parsing).toThrow(expect.objectContaining({ message: expect.not.stringContaining('CANARY') }));
  });
});
