import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { readRestError } from '../../../src/bitrix24/rest/rest-error.ts';

const read = (error: unknown, description?: unknown) =>
  readRestError('crm.company.list', {
    error,
    ...(description === undefined ? {} : { error_description: description }),
  });

describe('readRestError()', () => {
  it('when there is no error › finds none', () => {
    expect(readRestError('profile', { result: [], error_description: 'not an error' })).toBe(undefined);
  });

  describe.each<[string, string, { code: string; status: number; reason?: string }]>([
    [
      'ACCESS_DENIED',
      'REST is available only on commercial plans.',
      { code: 'access_denied', status: 403, reason: 'plan' },
    ],
    ['ACCESS_DENIED', 'Access denied!', { code: 'access_denied', status: 403, reason: 'crm' }],
    ['', 'Access denied.', { code: 'access_denied', status: 403, reason: 'crm' }],
    ['', 'Access denied', { code: 'access_denied', status: 403, reason: 'crm' }],
    ['', 'Not found', { code: 'not_found', status: 404 }],
    ['', 'Not found.', { code: 'not_found', status: 404 }],
    ['', 'Failed to get list. General error.', { code: 'portal_failed', status: 502 }],
    [
      'insufficient_scope',
      'The request requires higher privileges than provided by the access token',
      { code: 'access_denied', status: 403, reason: 'scope' },
    ],
    [
      'user_access_error',
      'The user does not have access to the application.',
      { code: 'access_denied', status: 403, reason: 'app_access' },
    ],
    ['PAYMENT_REQUIRED', 'Payment required', { code: 'access_denied', status: 403, reason: 'payment' }],
    [
      'authorization_error',
      'Unable to authorize user',
      { code: 'sign_in_required', status: 401, reason: 'dismissed' },
    ],
    [
      'ERROR_OAUTH',
      'Application not installed',
      { code: 'sign_in_required', status: 401, reason: 'not_installed' },
    ],
    [
      'APPLICATION_NOT_FOUND',
      'Application not found',
      { code: 'sign_in_required', status: 401, reason: 'not_installed' },
    ],
    ['QUERY_LIMIT_EXCEEDED', 'Too many requests', { code: 'portal_limited', status: 503 }],
    [
      'OPERATION_TIME_LIMIT',
      'Method is blocked due to operation time limit',
      { code: 'portal_limited', status: 503, reason: 'operating' },
    ],
    [
      'OVERLOAD_LIMIT',
      'REST API is blocked due to overload.',
      { code: 'portal_refused', status: 502, reason: 'blocked' },
    ],
    ['PORTAL_DELETED', 'Portal was deleted', { code: 'portal_refused', status: 502, reason: 'deleted' }],
    [
      'CONNECTION_ERROR',
      'Error connecting to authorization server',
      { code: 'portal_failed', status: 502, reason: 'box_offline' },
    ],
    [
      'ERROR_METHOD_NOT_FOUND',
      'Method not found!',
      { code: 'portal_refused', status: 502, reason: 'method_missing' },
    ],
    [
      'ERROR_MANIFEST_IS_NOT_AVAILABLE',
      'Manifest is not available',
      { code: 'portal_refused', status: 502, reason: 'method_missing' },
    ],
    [
      'NO_AUTH_FOUND',
      'Wrong authorization data',
      { code: 'portal_refused', status: 502, reason: 'token_not_received' },
    ],
    [
      'INVALID_CREDENTIALS',
      'Invalid request credentials',
      { code: 'portal_refused', status: 502, reason: 'token_not_received' },
    ],
    ['INVALID_REQUEST', 'Https required', { code: 'portal_refused', status: 502, reason: 'https_required' }],
    [
      'INVALID_REQUEST',
      'Something else',
      { code: 'portal_refused', status: 502, reason: 'request_not_understood' },
    ],
    [
      'ERROR_ARGUMENT',
      'Argument is null or empty',
      { code: 'portal_refused', status: 502, reason: 'request_not_understood' },
    ],
    [
      'WRONG_AUTH_TYPE',
      'Current authorization type is denied for this method',
      { code: 'portal_refused', status: 502, reason: 'request_not_understood' },
    ],
    [
      'ERROR_BATCH_LENGTH_EXCEEDED',
      'Max batch length exceeded',
      { code: 'portal_refused', status: 502, reason: 'request_not_understood' },
    ],
    [
      'ERROR_BATCH_METHOD_NOT_ALLOWED',
      'Method is not allowed for batch usage',
      { code: 'portal_refused', status: 502, reason: 'request_not_understood' },
    ],
    [
      'invalid_token',
      'Unable to get application by token',
      { code: 'portal_refused', status: 502, reason: 'token_not_accepted' },
    ],
    [
      'expired_token',
      'The access token provided has expired.',
      { code: 'portal_refused', status: 502, reason: 'token_not_accepted' },
    ],
    [
      'allowed_only_intranet_user',
      'Extranet user is not allowed',
      { code: 'access_denied', status: 403, reason: 'extranet' },
    ],
    ['WRONG_LICENSE', 'Wrong license', { code: 'access_denied', status: 403, reason: 'plan' }],
    [
      'METHOD_CONFIRM_WAITING',
      'Waiting for confirmation',
      { code: 'access_denied', status: 403, reason: 'consent_awaited' },
    ],
    [
      'METHOD_CONFIRM_DENIED',
      'Method call was denied',
      { code: 'access_denied', status: 403, reason: 'consent_denied' },
    ],
    ['INTERNAL_SERVER_ERROR', 'Internal server error', { code: 'portal_failed', status: 502 }],
    ['SOMETHING_NEW', 'We never heard of it', { code: 'portal_failed', status: 502 }],
  ])('when the portal says %j (%s)', (error, description, meaning) => {
    it('tells what it means for us', () => {
      expect(read(error, description)).toMatchObject(meaning);
    });

    it('does not mind the case of the letters', () => {
      expect(read(error.toUpperCase(), description.toUpperCase())).toMatchObject(meaning);
      expect(read(error.toLowerCase(), description.toLowerCase())).toMatchObject(meaning);
    });
  });

  it.each(['QUERY_LIMIT_EXCEEDED', 'OPERATION_TIME_LIMIT'])(
    'when it is %s › says when to try again',
    (code) => {
      expect(read(code)?.retryAfterSeconds).toBe(5);
    },
  );

  it.each(['PORTAL_DELETED', 'insufficient_scope'])('when it is %s › promises no better time', (code) => {
    expect(read(code)?.retryAfterSeconds).toBe(undefined);
  });

  it.each(['expired_token', 'EXPIRED_TOKEN', 'invalid_token'])(
    'when it is %s › a new token may help',
    (code) => {
      expect(read(code)).toMatchObject({ needsNewToken: true, wireCode: code.toLowerCase() });
    },
  );

  it.each(['insufficient_scope', 'authorization_error', 'PAYMENT_REQUIRED', 'NO_AUTH_FOUND', ''])(
    'when it is %j › no token helps',
    (code) => {
      expect(read(code)?.needsNewToken).toBe(false);
    },
  );

  it('when the context of the user is refused › does not blame the plan', () => {
    const error = read('ACCESS_DENIED', "Current user can't be authorized in this context");

    expect(error).toMatchObject({ code: 'access_denied', status: 403 });
    expect(error?.reason).not.toBe('plan');
  });

  it.each<[unknown]>([
    ['constructor'],
    ['__proto__'],
    ['toString'],
    ['hasOwnProperty'],
    [null],
    [true],
    [500],
    [['expired_token']],
    [{ code: 'expired_token' }],
    ['x'.repeat(10_000)],
    ['a b\r\nc'],
  ])('when the code is the odd %j › it is a failure of the portal', (code) => {
    expect(read(code)).toMatchObject({ code: 'portal_failed', status: 502 });
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'when the code is empty and the text is the odd %j › it is a failure of the portal',
    (text) => {
      expect(read('', text)).toMatchObject({ code: 'portal_failed', status: 502 });
    },
  );

  it.each<[unknown]>([[null], [['Not found']], [{}], [7], [undefined]])(
    'when the code is empty and the text is %j › it is an error all the same',
    (text) => {
      expect(read('', text)).toMatchObject({ wireCode: '', status: expect.any(Number) });
    },
  );

  it.each([
    ['the code', 'CANARY with spaces', 'text'],
    ['the text', '', 'CANARY'],
    ['both', 'CANARY!', 'CANARY'],
  ])('when %s could be an echo of what we sent › repeats nothing of it', (_, code, text) => {
    const error = read(code, text);

    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary/i);
    expect(JSON.stringify(error)).not.toMatch(/canary/i);
  });
});
