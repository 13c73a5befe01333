import { beforeEach, describe, expect, it } from '@jest/globals';
import { TransportError, UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';
import { TokenEndpointError } from '../../src/oauth/token-endpoint.ts';
import { newAttempt } from '../../src/vault/refresh-attempt.ts';
import {
  chooseServer,
  createTokenExchange,
  readTokens,
  sendUntilItLeaves,
  type TokenExchange,
} from '../../src/vault/token-exchange.ts';
import { createMovableClock, type MovableClock } from '../support/movable-clock.ts';
import { anOwner, someStoredTokens } from '../support/token-builders.ts';

const INFO = new URL('https://oauth.bitrix.info');
const TECH = new URL('https://oauth.bitrix24.tech');
const OWNER = anOwner();
const ATTEMPT = newAttempt(OWNER, someStoredTokens());

const neverSent = new TransportError('as', 'ECONNREFUSED', { timedOut: false, neverSent: true });
const reset = new TransportError('as', 'ECONNRESET', { timedOut: false, neverSent: false });
const tooManyCalls = new UnexpectedResponseError('body', 'as answered 429 without readable JSON', 429);

const aTokenResponse = (overrides: Record<string, unknown> = {}) => ({
  access_token: 'access 2',
  refresh_token: 'refresh 2',
  expires_in: 3600,
  client_endpoint: 'https://acme.bitrix24.com/rest/',
  member_id: OWNER.memberId,
  user_id: OWNER.userId,
  ...overrides,
});

let clock: MovableClock;
let calls: { server: URL; refreshToken: string }[];
/** The answers of the server in their order; the last one repeats. */
let answers: unknown[];
let exchange: TokenExchange;
beforeEach(() => {
  clock = createMovableClock();
  calls = [];
  answers = [aTokenResponse()];
  exchange = createTokenExchange({
    clock,
    authorizationServers: [INFO, TECH],
    tokenEndpoint: {
      async refresh(server, refreshToken) {
        calls.push({ server, refreshToken });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      exchangeCode: () => Promise.reject(new Error('not a sign-in')),
    },
  });
});

describe('exchange()', () => {
  it('when the server answers with tokens › the outcome is the pair, its end counted from before the request', async () => {
    const before = clock.now();
    answers = [neverSent, aTokenResponse()];

    const working = exchange.exchange(ATTEMPT);
    await clock.passUntil(working);

    expect(await working).toMatchObject({
      kind: 'pair',
      tokens: { accessToken: 'access 2', expiresAt: new Date(before + 3_600_000 - 60_000) },
    });
    expect(calls.at(-1)).toEqual({ server: INFO, refreshToken: 'refresh 1' });
  });

  it.each<[string, unknown, object]>([
    ['invalid_grant', new TokenEndpointError('invalid_grant'), { kind: 'refused', why: 'invalid_grant' }],
    ['NOT_INSTALLED', new TokenEndpointError('not_installed'), { kind: 'refused', why: 'not_installed' }],
    ['payment_required', new TokenEndpointError('payment_required'), { kind: 'kept' }],
    ['invalid_client', new TokenEndpointError('invalid_client'), { kind: 'kept' }],
    ['429', tooManyCalls, { kind: 'kept', error: tooManyCalls }],
    ['an error of a 500', new TokenEndpointError('internal_error', 500), { kind: 'unknown' }],
    ['a reset connection', reset, { kind: 'unknown', error: reset }],
    ['tokens of another user', aTokenResponse({ user_id: 8 }), { kind: 'refused', why: 'foreign_tokens' }],
    ['no tokens', {}, { kind: 'refused', why: 'unusable_answer' }],
  ])(
    'when the server answers with %s › the outcome says what became of the token',
    async (_, answer, outcome) => {
      answers = [answer];

      expect(await exchange.exchange(ATTEMPT)).toMatchObject(outcome);
      expect(calls).toHaveLength(1);
    },
  );
});

describe('assertNotRefused()', () => {
  it('when a refusal concerns all users › throws it for a second, then lets one attempt through', async () => {
    const refusal = new TokenEndpointError('invalid_client');
    answers = [refusal];
    await exchange.exchange(ATTEMPT);

    expect(() => exchange.assertNotRefused(someStoredTokens())).toThrow(refusal);
    clock.advance(1_000);
    expect(() => exchange.assertNotRefused(someStoredTokens())).not.toThrow();
    expect(() => exchange.assertNotRefused(someStoredTokens())).toThrow(refusal);
  });

  it('when an attempt succeeds › lets all attempts through', async () => {
    answers = [tooManyCalls, aTokenResponse()];
    await exchange.exchange(ATTEMPT);
    clock.advance(1_000);

    await exchange.exchange(ATTEMPT);

    expect(() => exchange.assertNotRefused(someStoredTokens())).not.toThrow();
  });

  it('when the other authorization server refuses › lets attempts at this one through', async () => {
    answers = [new TokenEndpointError('invalid_client')];
    await exchange.exchange(newAttempt(OWNER, someStoredTokens({ authorizationServer: TECH.origin })));

    expect(() => exchange.assertNotRefused(someStoredTokens())).not.toThrow();
  });

  it.each([
    ['payment_required', new TokenEndpointError('payment_required')],
    ['invalid_grant', new TokenEndpointError('invalid_grant')],
    // The token is over whatever the status says; that is no reason to stop for the next user.
    ['invalid_grant with 429', new TokenEndpointError('invalid_grant', 429)],
    ['a reset connection', reset],
  ])('when %s concerns one user › lets attempts for others through', async (_, error) => {
    answers = [error];
    await exchange.exchange(ATTEMPT);

    expect(() => exchange.assertNotRefused(someStoredTokens())).not.toThrow();
  });
});

describe('chooseServer()', () => {
  it('when the server that granted the tokens is on our list › chooses it', () => {
    expect(chooseServer([INFO, TECH], TECH.origin)).toBe(TECH);
  });

  it('when it is not › chooses the first of the list, never the stored address', () => {
    expect(chooseServer([INFO, TECH], 'https://evil.example')).toBe(INFO);
  });
});

describe('sendUntilItLeaves()', () => {
  async function sendAll(errors: Error[]): Promise<{ sent: number; outcome: unknown; tookMs: number }> {
    let sent = 0;
    const working = sendUntilItLeaves(async () => {
      const error = errors[sent];
      sent += 1;
      if (error) throw error;
      return 'answer';
    }, clock);
    const tookMs = await clock.passUntil(working);
    return { sent, outcome: await working.catch((error) => error), tookMs };
  }

  it('when a request never left › sends it again after 200 to 400 ms', async () => {
    const { sent, outcome, tookMs } = await sendAll([neverSent]);

    expect([sent, outcome]).toEqual([2, 'answer']);
    expect(tookMs).toBeGreaterThanOrEqual(200);
    expect(tookMs).toBeLessThanOrEqual(400);
  });

  it('when three requests never left › gives up', async () => {
    expect(await sendAll([neverSent, neverSent, neverSent, neverSent])).toMatchObject({
      sent: 3,
      outcome: neverSent,
    });
  });

  it('when a request may have left › does not send it again', async () => {
    expect(await sendAll([reset])).toMatchObject({ sent: 1, outcome: reset });
  });
});

describe('readTokens()', () => {
  it('when the answer does not say whose tokens it holds › takes them', () => {
    const body = aTokenResponse({ user_id: undefined });

    expect(readTokens(body, OWNER, new Date(0))).toMatchObject({ kind: 'pair' });
  });

  it('when the tokens are of another portal › they are foreign', () => {
    const body = aTokenResponse({ member_id: 'f'.repeat(32) });

    expect(readTokens(body, OWNER, new Date(0))).toEqual({ kind: 'refused', why: 'foreign_tokens' });
  });
});
