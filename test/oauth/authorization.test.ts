import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from '../../src/errors.ts';
import {
  buildAuthorizationRequest,
  CodeRefusedError,
  readCode,
  readState,
  StateMismatchError,
} from '../../src/oauth/authorization.ts';

const STATE = 'A-_9'.repeat(10).concat('abc');

describe('buildAuthorizationRequest()', () => {
  it('when it is built › holds the two documented parameters and nothing else', () => {
    const endpoint = new URL('https://acme.bitrix24.com/oauth/authorize/');

    const request = buildAuthorizationRequest(endpoint, 'local.0123456789abcd.01234567', STATE);

    expect(request.href).toBe(
      `https://acme.bitrix24.com/oauth/authorize/?client_id=local.0123456789abcd.01234567&state=${STATE}`,
    );
  });

  it('when it is built › leaves the endpoint as it was', () => {
    const endpoint = new URL('https://acme.bitrix24.com/oauth/authorize/');

    buildAuthorizationRequest(endpoint, 'id', STATE);

    expect(endpoint.search).toBe('');
  });

  it('when values contain special characters › escapes them', () => {
    const request = buildAuthorizationRequest(new URL('https://acme.bitrix24.com/o/'), 'a&b=c', 'd#e');

    expect([...request.searchParams]).toEqual([
      ['client_id', 'a&b=c'],
      ['state', 'd#e'],
    ]);
  });
});

describe('readState()', () => {
  it('when it is as we send it › reads it', () => {
    expect(readState({ state: STATE, code: 'c' })).toBe(STATE);
  });

  it.each<[string, Record<string, unknown>]>([
    ['missing', {}],
    ['empty', { state: '' }],
    ['repeated', { state: [STATE, STATE] }],
    ['repeated once', { state: [STATE] }],
    ['an object', { state: { x: STATE } }],
    ['a number', { state: 43 }],
    ['null', { state: null }],
    ['too long', { state: 'a'.repeat(129) }],
    ['megabytes long', { state: 'a'.repeat(5_000_000) }],
    ['only in the prototype', Object.create({ state: [STATE] })],
  ])('when it is %s › the request is invalid', (_, query) => {
    expect(() => readState(query)).toThrow(InvalidRequestError);
  });

  it.each([
    ['one character short', STATE.slice(1)],
    ['one character long', `${STATE}a`],
    ['followed by a line end', `${STATE}\n`],
    ['with a plus', STATE.replace('A', '+')],
    ['with a space', STATE.replace('A', ' ')],
    ['with a letter of another script', STATE.replace('A', 'А')],
    ['of just the greatest length', 'a'.repeat(128)],
  ])('when it is %s › was never sent by us', (_, state) => {
    expect(() => readState({ state })).toThrow(StateMismatchError);
  });
});

describe('readCode()', () => {
  it.each(['a', '0123abcd'.repeat(9), 'a'.repeat(2048), 'with space & sign'])(
    'when it is %j › reads it',
    (code) => {
      expect(readCode({ code })).toBe(code);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['missing', {}],
    ['empty', { code: '' }],
    ['repeated', { code: ['a', 'b'] }],
    ['an object', { code: { x: 'a' } }],
    ['too long', { code: 'a'.repeat(2049) }],
  ])('when it is %s › the request is invalid', (_, query) => {
    expect(() => readCode(query)).toThrow(InvalidRequestError);
  });

  it.each<[string, Record<string, unknown>]>([
    ['in place of the code', { error: 'access_denied' }],
    ['beside a code', { error: 'access_denied', code: 'a' }],
    ['twice', { error: ['a', 'b'] }],
    ['and is empty', { error: '', code: 'a' }],
  ])('when an error comes %s › the authorization was refused', (_, query) => {
    expect(() => readCode(query)).toThrow(CodeRefusedError);
  });

  it('when an error comes › nothing of it is repeated', () => {
    expect(() => readCode({ error: 'CANARY', error_description: 'CANARY' })).toThrow(
      expect.objectContaining({
        code: 'code_refused',
        status: 400,
        reason: 'authorization_error',
        message: expect.not.stringContaining('CANARY'),
      }),
    );
  });
});
