import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CallLimits, HttpAnswer, HttpClient, ProbeAnswer } from '../../src/http-client/http-client.ts';
import { TransportError, UnexpectedResponseError } from '../../src/http-client/transport-errors.ts';
import {
  createTokenEndpoint,
  REFRESH_LISTEN_MS,
  TOKEN_ENDPOINT_WAIT_MS,
  type TokenEndpoint,
  TokenEndpointError,
} from '../../src/oauth/token-endpoint.ts';

const SERVER = new URL('https://oauth.bitrix.info');

interface SentForm {
  url: string;
  fields: Record<string, string>;
  limits: CallLimits;
}

/** Answers whatever the test says, and remembers what it was given to send. */
class HttpStub implements HttpClient {
  sent: SentForm[] = [];
  answer: () => HttpAnswer = () => ({ status: 200, body: { access_token: 'a' } });

  async postForm(url: URL, fields: Record<string, string>, limits: CallLimits) {
    this.sent.push({ url: url.href, fields, limits });
    return this.answer();
  }
  async postJson(): Promise<HttpAnswer> {
    throw new Error('tokens are asked for by form');
  }
  async probe(): Promise<ProbeAnswer> {
    throw new Error('these tests probe no host');
  }
  assertCircuitClosed() {}
  close() {}
}

let http: HttpStub;
let endpoint: TokenEndpoint;
beforeEach(() => {
  http = new HttpStub();
  endpoint = createTokenEndpoint({ clientId: 'local.id', clientSecret: 'CANARY-secret', http });
});

const answerWith = (status: number, body: unknown) => {
  http.answer = () => ({ status, body });
};

describe('exchangeCode()', () => {
  it('when it is sent › the form holds the grant of RFC 6749 and the address holds nothing', async () => {
    await endpoint.exchangeCode(SERVER, 'the code');

    expect(http.sent).toEqual([
      {
        url: 'https://oauth.bitrix.info/oauth/token/',
        fields: {
          grant_type: 'authorization_code',
          code: 'the code',
          client_id: 'local.id',
          client_secret: 'CANARY-secret',
        },
        limits: { timeoutMs: TOKEN_ENDPOINT_WAIT_MS, maxBytes: 65_536 },
      },
    ]);
  });

  it('when it succeeds › gives the body as it came', async () => {
    answerWith(200, { access_token: 'a', anything: ['else'] });

    expect(await endpoint.exchangeCode(SERVER, 'c')).toEqual({ access_token: 'a', anything: ['else'] });
  });

  it('when it fails › is not sent again', async () => {
    http.answer = () => {
      throw new TransportError('oauth.bitrix.info', 'ECONNREFUSED', { timedOut: false, neverSent: true });
    };

    await expect(endpoint.exchangeCode(SERVER, 'c')).rejects.toThrow(TransportError);

    expect(http.sent).toHaveLength(1);
  });
});

describe('refresh()', () => {
  it('when it is sent › the form holds the refresh token, and the deadline is longer than that of Bitrix24', async () => {
    await endpoint.refresh(new URL('http://127.0.0.1:8052'), 'the refresh token');

    expect(http.sent).toEqual([
      {
        url: 'http://127.0.0.1:8052/oauth/token/',
        fields: {
          grant_type: 'refresh_token',
          refresh_token: 'the refresh token',
          client_id: 'local.id',
          client_secret: 'CANARY-secret',
        },
        limits: { timeoutMs: REFRESH_LISTEN_MS, maxBytes: 65_536 },
      },
    ]);
    expect(REFRESH_LISTEN_MS).toBeGreaterThan(60_000);
  });
});

describe('a refusal', () => {
  it.each([
    [200, 'wrong_client'],
    [400, 'invalid_client'],
    [401, 'INVALID_CLIENT'],
  ])('when it is %i %s › the settings are wrong, and the grant is still valid', async (status, error) => {
    answerWith(status, { error });

    const refusal = await refusalOf(endpoint.refresh(SERVER, 'r'));

    expect(refusal).toMatchObject({
      code: 'app_misconfigured',
      status: 502,
      isMisconfiguration: true,
      endsGrant: false,
      wireCode: error.toLowerCase(),
    });
  });

  it.each([
    [400, 'invalid_grant'],
    [200, 'invalid_grant'],
    [401, 'expired_token'],
    [302, 'invalid_token'],
    [401, 'NOT_INSTALLED'],
  ])('when it is %i %s › the grant is over', async (status, error) => {
    answerWith(status, { error, error_description: 'any text' });

    const refusal = await refusalOf(endpoint.refresh(SERVER, 'r'));

    expect(refusal).toMatchObject({
      endsGrant: true,
      isMisconfiguration: false,
      wireCode: error.toLowerCase(),
    });
  });

  it.each([
    [401, 'PAYMENT_REQUIRED'],
    [403, 'user_access_error'],
    [403, 'insufficient_scope'],
    [400, 'invalid_request'],
    [503, 'QUERY_LIMIT_EXCEEDED'],
    [500, 'internal_server_error'],
    [400, 'something_new'],
  ])('when it is %i %s › the grant is still valid', async (status, error) => {
    answerWith(status, { error });

    const refusal = await refusalOf(endpoint.refresh(SERVER, 'r'));

    expect(refusal).toMatchObject({
      endsGrant: false,
      isMisconfiguration: false,
      wireCode: error.toLowerCase(),
    });
  });

  it('when the answer holds tokens too › it is a refusal all the same', async () => {
    answerWith(200, { error: 'invalid_grant', access_token: 'a', refresh_token: 'r' });

    await expect(endpoint.exchangeCode(SERVER, 'c')).rejects.toThrow(TokenEndpointError);
  });

  it.each<[unknown]>([
    ['CANARY-secret'],
    ['canary secret'],
    [{ canary: 1 }],
    [['canary']],
    [`canary_${'a'.repeat(50)}`],
    [''],
    [null],
    [42],
  ])(
    'when its code is the odd %j › is a refusal that ends no grant and does not repeat the code',
    async (error) => {
      answerWith(400, { error, error_description: 'CANARY' });

      const refusal = await refusalOf(endpoint.exchangeCode(SERVER, 'c'));

      expect(refusal).toMatchObject({ endsGrant: false, isMisconfiguration: false, code: 'portal_failed' });
      expect(inspect(refusal, { depth: 10, showHidden: true })).not.toMatch(/canary/i);
    },
  );
});

describe('an answer that is not a token response', () => {
  it.each<[number, unknown]>([
    [200, null],
    [200, 'text'],
    [200, 42],
    [200, true],
    [201, { access_token: 'a' }],
    [302, { access_token: 'a' }],
    [404, { message: 'not here' }],
    [500, {}],
  ])('when it is %i with %j › is an error', async (status, body) => {
    answerWith(status, body);

    await expect(endpoint.exchangeCode(SERVER, 'c')).rejects.toThrow(UnexpectedResponseError);
  });
});

async function refusalOf(sending: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([sending]);
  if (outcome?.status === 'fulfilled') throw new Error('it was not refused');
  return outcome?.reason;
}

describe('an observer', () => {
  it.each<[string, () => HttpAnswer, string]>([
    ['succeeds', () => ({ status: 200, body: {} }), 'ok'],
    [
      'shows a token that has lapsed',
      () => ({ status: 400, body: { error: 'invalid_grant' } }),
      'grant_refused',
    ],
    [
      'is refused for our settings',
      () => ({ status: 200, body: { error: 'wrong_client' } }),
      'app_misconfigured',
    ],
    ['is limited', () => ({ status: 429, body: { error: 'whatever' } }), 'portal_limited'],
    ['finds a server in trouble', () => ({ status: 502, body: {} }), 'portal_failed'],
    [
      'gets no answer in time',
      () => {
        throw new TransportError('as', 'deadline passed', { timedOut: true, neverSent: false });
      },
      'portal_timeout',
    ],
  ])('hears of a call that %s', async (_, answer, expected) => {
    const told: [string, boolean][] = [];
    const watched = createTokenEndpoint({
      clientId: 'local.id',
      clientSecret: 'CANARY-secret',
      http,
      observeCall: (outcome, ms) => told.push([outcome, ms >= 0 && ms < 5_000]),
    });
    http.answer = answer;

    await watched.refresh(SERVER, 'the refresh token').catch(() => {});

    expect(told).toEqual([[expected, true]]);
  });
});
