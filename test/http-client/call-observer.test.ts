import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import { nameFailure, observeCall } from '../../src/http-client/call-observer.ts';
import { CircuitOpenError, RedirectedError, TransportError } from '../../src/http-client/transport-errors.ts';

const reset = new TransportError('acme', 'ECONNRESET', { timedOut: false, neverSent: false });

describe('nameFailure()', () => {
  it.each<[string, unknown]>([
    ['circuit_open', new CircuitOpenError('acme', reset)],
    [
      'cancelled',
      new TransportError('acme', 'cancelled', { timedOut: false, neverSent: false, wasCancelled: true }),
    ],
    ['redirected', new RedirectedError('acme', 302, new URL('https://other.example'))],
    ['portal_failed', reset],
    ['access_denied', new AppError('no', { code: 'access_denied', status: 403 })],
    ['internal_error', new TypeError('a mistake of ours')],
    ['internal_error', 'not even an error'],
  ])('says %s', (name, error) => {
    expect(nameFailure(error)).toBe(name);
  });
});

describe('observeCall()', () => {
  it('gives back what the call did, with an observer and without', async () => {
    const told: string[] = [];
    const listen = (outcome: string) => told.push(outcome);

    const answers = [
      await observeCall(undefined, nameFailure, async () => 1),
      await observeCall(listen, nameFailure, async () => 2),
      await observeCall(listen, nameFailure, () => Promise.reject(reset)).catch((error: unknown) => error),
    ];

    expect(answers).toEqual([1, 2, reset]);
    expect(told).toEqual(['ok', 'portal_failed']);
  });
});
