import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createRestClient } from '../../../src/bitrix24/rest/rest-client.ts';
import { RestError } from '../../../src/bitrix24/rest/rest-error.ts';
import { mustSucceed, type RestAccess, type RestClient } from '../../../src/bitrix24/rest/rest-types.ts';
import type { CallLimits, HttpAnswer, HttpClient } from '../../../src/http-client/http-client.ts';
import { UnexpectedResponseError } from '../../../src/http-client/transport-errors.ts';

const ENDPOINT = 'https://acme.bitrix24.com/rest/';

let sent: { url: string; body: Record<string, unknown>; limits: CallLimits }[];
let renewals: RestAccess[];
let answers: HttpAnswer[];
let client: RestClient;
let renewing: () => Promise<void>;
let told: string[];
beforeEach(() => {
  renewing = async () => {};
  told = [];
  [sent, renewals, answers] = [[], [], []];
  client = createRestClient({
    http: {
      assertCircuitClosed() {},
      async postJson(url: URL, body: object, limits: CallLimits) {
        sent.push({ url: url.href, body: body as Record<string, unknown>, limits });
        return (answers.length > 1 ? answers.shift() : answers[0]) as HttpAnswer;
      },
    } as Partial<HttpClient> as HttpClient,
    tokens: {
      current: async () => ({ accessToken: 'CANARY 1', clientEndpoint: ENDPOINT }),
      async renewed(failed) {
        await renewing();
        renewals.push(failed);
        return { accessToken: `CANARY ${renewals.length + 1}`, clientEndpoint: ENDPOINT };
      },
    },
    observeCall: (outcome, ms) => told.push(ms >= 0 ? outcome : `${outcome} after ${ms}`),
  });
});

const answer = (body: unknown, status = 200) => answers.push({ status, body });
const twoCommands = () =>
  client.batch({ list: { method: 'crm.company.list' }, types: { method: 'crm.status.list' } });

describe('call()', () => {
  it('when it is sent › the token is in the body, and the address holds the method alone', async () => {
    answer({ result: { ID: '7' }, time: {} });

    const { result } = await client.call('user.get', { FILTER: { ID: [1, 2] } });

    expect(result).toEqual({ ID: '7' });
    expect(sent).toEqual([
      {
        url: `${ENDPOINT}user.get`,
        body: { FILTER: { ID: [1, 2] }, auth: 'CANARY 1' },
        // What has passed of the fifteen seconds until it is sent is no longer waited.
        limits: { timeoutMs: expect.closeTo(15_000, -3), maxBytes: 5 * 1024 * 1024 },
      },
    ]);
  });

  it('when a parameter is called auth › the token wins', async () => {
    answer({ result: [] });

    await client.call('profile', { auth: 'of somebody else' });

    expect(sent[0]?.body.auth).toBe('CANARY 1');
  });

  it.each<[unknown, number | undefined]>([
    [51, 51],
    ['51', 51],
    [0, 0],
    ['', undefined],
    [null, undefined],
    [-1, undefined],
    [1.5, undefined],
    ['many', undefined],
    [true, undefined],
    [[51], undefined],
    [1e300, undefined],
  ])('when the total is %j › is %j', async (total, read) => {
    answer({ result: [], total });

    expect((await client.call('user.get')).total).toBe(read);
  });

  it.each(['expired_token', 'invalid_token', 'EXPIRED_TOKEN'])(
    'when the portal says %s › the call is repeated once, with the token after that one',
    async (error) => {
      answer({ error }, 401);
      answer({ result: 'well' });

      expect((await client.call('profile')).result).toBe('well');
      expect(sent.map(({ body }) => body.auth)).toEqual(['CANARY 1', 'CANARY 2']);
      expect(renewals).toEqual([{ accessToken: 'CANARY 1', clientEndpoint: ENDPOINT }]);
    },
  );

  it('when a new token was needed › the repetition gets what is left of the time, not as much again', async () => {
    renewing = () => new Promise((resolve) => setTimeout(resolve, 60));
    answer({ error: 'expired_token' }, 401);
    answer({ result: 'well' });

    await client.call('profile');

    const [first = 0, second = 0] = sent.map(({ limits }) => limits.timeoutMs);
    expect(first).toBeCloseTo(15_000, -3);
    expect(second).toBeLessThan(15_000 - 50);
  });

  it('when the portal refuses the second token as well › gives up', async () => {
    answer({ error: 'expired_token' }, 401);

    await expect(client.call('profile')).rejects.toThrow(RestError);

    expect(sent).toHaveLength(2);
    expect(renewals).toHaveLength(1);
  });

  it.each(['insufficient_scope', 'OPERATION_TIME_LIMIT', 'authorization_error', ''])(
    'when the portal says %j › nothing is repeated',
    async (error) => {
      answer({ error, error_description: '' }, 403);

      await expect(client.call('profile')).rejects.toThrow(RestError);

      expect(sent).toHaveLength(1);
      expect(renewals).toEqual([]);
    },
  );

  it.each(['QUERY_LIMIT_EXCEEDED', 'INTERNAL_SERVER_ERROR'])(
    'when the portal says %j again and again › is asked four times',
    async (error) => {
      answer({ error }, 503);

      await expect(client.call('profile')).rejects.toThrow(RestError);

      expect(sent).toHaveLength(4);
      expect(renewals).toEqual([]);
    },
  );

  it.each([
    ['crm.company.list', 4],
    ['crm.company.add', 1],
  ])(
    'when the portal breaks while it performs %s › sends it %i times: it may have written',
    async (method, times) => {
      answer({ error: 'INTERNAL_SERVER_ERROR' }, 500);

      await expect(client.call(method)).rejects.toThrow(RestError);

      expect(sent).toHaveLength(times);
    },
  );

  it('when a batch holds a command that may write › is sent once', async () => {
    answer({ error: 'INTERNAL_SERVER_ERROR' }, 500);

    await expect(
      client.batch({ read: { method: 'profile' }, write: { method: 'crm.company.add' } }),
    ).rejects.toThrow(RestError);

    expect(sent).toHaveLength(1);
  });

  it('when the portal refuses a writing method for its limit › sends it again: it was not performed', async () => {
    answer({ error: 'QUERY_LIMIT_EXCEEDED' }, 503);
    answer({ result: 7 });

    expect((await client.call('crm.company.add')).result).toBe(7);
    expect(sent).toHaveLength(2);
  });

  it('when an error comes with a 200 and a result › is an error all the same', async () => {
    answer({ result: [], error: 'insufficient_scope' });

    await expect(client.call('profile')).rejects.toThrow(RestError);
  });

  it.each<[number, unknown]>([
    [200, null],
    [200, 'text'],
    [200, 42],
    [200, []],
    [200, {}],
    [500, { message: 'CANARY 1' }],
  ])('when the answer is %i with %j › is none, and nothing of it is repeated', async (status, body) => {
    answer(body, status);

    const [outcome] = await Promise.allSettled([client.call('profile')]);

    const error = outcome?.status === 'rejected' ? outcome.reason : undefined;
    expect(error).toBeInstanceOf(UnexpectedResponseError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('CANARY');
  });

  it.each<[unknown]>([[[]], [''], [null], [0], [false]])(
    'when the result is the empty %j › is a result',
    async (result) => {
      answer({ result });

      expect(await client.call('profile')).toEqual({ result, total: undefined });
    },
  );
});

describe('the name of a method', () => {
  const HOSTILE = [
    '',
    '../oauth',
    'a/b',
    '//evil.example/',
    'https://evil.example',
    'a?b=1',
    'a#b',
    'a%2fb',
    'a b',
    '.',
    '1a',
    'a\\b',
    'я',
  ];

  it.each(HOSTILE)('when the method is %j › nothing is sent', async (method) => {
    const calls = [
      client.call(method),
      client.batch({ one: { method } }),
      client.batchUpTo([{ method }]),
      client.pages(method).next(),
    ];

    const outcomes = await Promise.allSettled(calls);

    expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
    expect(sent).toEqual([]);
  });

  it.each(['profile', 'crm.item.list', 'tasks.task.getFields', 'im.v2.Chat.add', 'entity.item_property.get'])(
    'when the method is %j › is called',
    async (method) => {
      answer({ result: [] });

      await client.call(method);

      expect(sent.map(({ url }) => url)).toEqual([ENDPOINT + method]);
    },
  );
});

describe('batch()', () => {
  it('when it is sent › writes parameters as PHP reads them, and escapes what is in them', async () => {
    answer({ result: { result: { list: [] } } });

    await client.batch({
      list: {
        method: 'crm.company.list',
        params: {
          select: ['ID', 'TITLE'],
          filter: { '%TITLE': 'a&b=c #%[]я', '>=ID': 5, ACTIVE: true, CLOSED: false, EMPTY: null },
          order: { ID: 'DESC' },
          start: 0,
        },
      },
    });

    const commands = sent[0]?.body.cmd as Record<string, string> | undefined;
    const [method, query] = commands?.list?.split('?') ?? [];
    expect(method).toBe('crm.company.list');
    expect([...new URLSearchParams(query)]).toEqual([
      ['select[0]', 'ID'],
      ['select[1]', 'TITLE'],
      ['filter[%TITLE]', 'a&b=c #%[]я'],
      ['filter[>=ID]', '5'],
      ['filter[ACTIVE]', '1'],
      ['filter[CLOSED]', '0'],
      ['filter[EMPTY]', ''],
      ['order[ID]', 'DESC'],
      ['start', '0'],
    ]);
    expect(sent[0]).toMatchObject({ url: `${ENDPOINT}batch`, body: { halt: 0, auth: 'CANARY 1' } });
  });

  it('when all succeed › each finds its own answer', async () => {
    answer({
      result: { result: { types: ['t'], list: ['l'] }, result_total: { list: '51' }, result_error: [] },
    });

    expect(await twoCommands()).toEqual({
      list: { result: ['l'], total: 51 },
      types: { result: ['t'], total: undefined },
    });
  });

  it('when one fails › the other succeeds beside it', async () => {
    answer({
      result: {
        result: { list: ['l'] },
        result_error: { types: { error: '', error_description: 'Access denied.' } },
      },
    });

    const { list, types } = await twoCommands();

    expect(list).toEqual({ result: ['l'], total: undefined });
    expect(() => mustSucceed(types)).toThrow(expect.objectContaining({ code: 'access_denied' }));
  });

  it('when PHP writes empty maps as lists › reads them as empty', async () => {
    answer({
      result: { result: { list: [], types: [] }, result_error: [], result_total: [], result_next: [] },
    });

    expect(await twoCommands()).toEqual({
      list: { result: [], total: undefined },
      types: { result: [], total: undefined },
    });
  });

  it('when the token has expired inside it › the whole is repeated once', async () => {
    answer({ error: 'expired_token' }, 401);
    answer({ result: { result: { list: [], types: [] } } });

    await twoCommands();

    expect(sent.map(({ body }) => body.auth)).toEqual(['CANARY 1', 'CANARY 2']);
  });

  it.each<[string, unknown]>([
    ['an answer is missing', { result: { list: [] } }],
    ['all answers are missing', { result: [] }],
    ['there is no map of answers', {}],
    ['the map of answers is a text', { result: 'odd' }],
    ['the map of errors is a text', { result: { list: [], types: [] }, result_error: 'odd' }],
    ['it is a text', 'odd'],
    ['it is a number', 42],
    ['it is null', null],
  ])('when %s › is no answer', async (_, result) => {
    answer({ result });

    await expect(twoCommands()).rejects.toThrow(UnexpectedResponseError);
  });
});

describe('an observer', () => {
  it('is told of every call, and tells an expired token from a failing portal', async () => {
    answer({ error: 'expired_token' }, 401);
    answer({ result: [] });
    answer({ error: 'insufficient_scope' }, 403);

    await client.call('profile');
    await client.call('profile').catch(() => {});

    expect(told).toEqual(['token_refused', 'ok', 'access_denied']);
  });
});
