import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTokenSet } from '../../src/bitrix24/token-set.ts';
import type { AppError } from '../../src/errors.ts';
import type { HttpClient } from '../../src/http-client/http-client.ts';
import { UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';
import { createTokenEndpoint, TokenEndpointError } from '../../src/oauth/token-endpoint.ts';
import { EACH, outcomeOf, outcomeOfAsync } from '../support/fuzz.ts';
import { anyJson, anyText, MARK, nearly } from '../support/hostile-values.ts';

const SERVER = new URL('https://oauth.bitrix.info');
const REQUESTED_AT = new Date('2026-03-05T10:00:00Z');
const WEEK_MS = 7 * 24 * 3600_000;
/** What a failed exchange may come out as (design.md section 4). */
const DOCUMENTED_CODES = ['app_misconfigured', 'access_denied', 'portal_limited', 'portal_failed'];

const REFUSALS = [
  'invalid_grant',
  'WRONG_CLIENT',
  'expired_token',
  'QUERY_LIMIT_EXCEEDED',
  'payment_required',
  MARK,
];

const aTokenAnswer = nearly({
  access_token: fc.constant(`${MARK} access`),
  refresh_token: fc.constant(`${MARK} refresh`),
  expires_in: fc.constantFrom(3600, '3600', 0, 1, 604_800, 604_801),
  client_endpoint: fc.constantFrom('https://acme.bitrix24.com/rest/', MARK),
  member_id: fc.constantFrom('a223c6b3710f85df22e9377d6c4f7553', 'A', MARK),
  user_id: fc.constantFrom(1, '7', '007', 0, -1),
});
const aRefusal = nearly({
  error: fc.oneof(fc.constantFrom(...REFUSALS), anyText),
  error_description: anyText,
});
const anyAnswer = fc.oneof(aTokenAnswer, aRefusal, anyJson);
const aStatus = fc.oneof(fc.constantFrom(200, 400, 401, 429, 500), fc.integer({ min: 100, max: 999 }));

describe('an answer of the authorization server', () => {
  it('whatever it holds › is a usable pair of tokens, or names the field that is not as documented', () => {
    fc.assert(
      fc.property(anyAnswer, (body) => {
        const outcome = outcomeOf(() => parseTokenSet(body, REQUESTED_AT), [UnexpectedResponseError]);

        if ('refusal' in outcome) return expect(outcome.refusal.message).not.toContain(MARK);
        const { accessToken, refreshToken, expiresAt, memberId, userId, clientEndpoint } = outcome.value;
        for (const token of [accessToken, refreshToken]) {
          expect(typeof token).toBe('string');
          expect(token.length > 0 && token.length <= 2048).toBe(true);
        }
        const lifeMs = expiresAt.getTime() - REQUESTED_AT.getTime();
        expect(lifeMs > 0 && lifeMs < WEEK_MS).toBe(true);
        expect(memberId).toMatch(/^[0-9a-zA-Z]{1,64}$/);
        expect(userId === undefined || (Number.isSafeInteger(userId) && userId > 0)).toBe(true);
        expect(typeof clientEndpoint).toBe('string');
      }),
      EACH,
    );
  });

  it('whatever it is, with whatever status › an exchange ends in an object or a documented error', () =>
    fc.assert(
      fc.asyncProperty(anyAnswer, aStatus, async (body, status) => {
        const endpoint = endpointThatAnswers(status, body);

        const outcome = await outcomeOfAsync(
          () => endpoint.exchangeCode(SERVER, `${MARK} code`),
          [TokenEndpointError, UnexpectedResponseError],
        );

        if ('value' in outcome) return expect([typeof outcome.value, status]).toEqual(['object', 200]);
        expect(DOCUMENTED_CODES).toContain((outcome.refusal as AppError).code);
        expect(`${outcome.refusal.message} ${JSON.stringify(outcome.refusal)}`).not.toContain(MARK);
        if (outcome.refusal instanceof TokenEndpointError)
          expect(outcome.refusal.wireCode).toMatch(/^[a-z_]{1,40}$/);
      }),
      EACH,
    ));
});

function endpointThatAnswers(status: number, body: unknown) {
  const http = { postForm: async () => ({ status, body }) } as Partial<HttpClient> as HttpClient;
  return createTokenEndpoint({ clientId: 'local.1.1', clientSecret: `${MARK} secret`, http });
}
