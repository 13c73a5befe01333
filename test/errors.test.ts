import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { AppError, type AppErrorOptions, traitsOf } from '../src/errors.ts';

/** An Express application without our error page, whose only route fails. */
function plainHost(options: AppErrorOptions) {
  const app = express();
  app.set('env', 'test');
  app.get('/', () => {
    throw new AppError('for the log', options);
  });
  return app;
}

describe('AppError', () => {
  it.each([
    [401, 'sign_in_required'],
    [403, 'access_denied'],
    [429, 'too_many_requests'],
    [503, 'store_unavailable'],
  ])('in an Express application without our error page › answers %i for %s', async (status, code) => {
    const response = await request(plainHost({ code, status })).get('/');

    expect(response.status).toBe(status);
  });

  it('that says when to try again › sends Retry-After', async () => {
    const response = await request(plainHost({ code: 'x', status: 503, retryAfterSeconds: 7 })).get('/');

    expect(response.headers['retry-after']).toBe('7');
  });

  it.each([
    [404, true],
    [429, true],
    [500, false],
    [503, false],
  ])('with status %i › exposes its message: %s', (status, expose) => {
    expect(new AppError('m', { code: 'x', status }).expose).toBe(expose);
  });

  it('is serialised › holds nothing of its cause', () => {
    const error = new AppError('m', { code: 'x', status: 500, cause: new Error('SECRET') });

    expect(JSON.stringify(error)).not.toContain('SECRET');
  });
});

describe('traitsOf()', () => {
  it.each([
    ['portal_timeout', ['isTimeout', 'isTemporary']],
    ['portal_failed', ['isTemporary']],
    ['portal_limited', ['isLimit', 'isTemporary']],
    ['too_many_requests', ['isLimit']],
    ['reconnecting', ['isTemporary']],
    ['store_unavailable', ['isTemporary']],
    ['app_misconfigured', ['isRepairable']],
    ['sign_in_required', ['isRepairable', 'endsAccess']],
    ['access_denied', ['endsAccess']],
    ['invalid_request', []],
    ['constructor', []],
  ])('%s › is %j', (code, expected) => {
    const traits = Object.entries(traitsOf(code)).filter(([, holds]) => holds);

    expect(traits.map(([name]) => name)).toEqual(expected);
  });
});
