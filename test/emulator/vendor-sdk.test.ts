import {
  AjaxError,
  ApiVersion,
  B24HelperManager,
  B24OAuth,
  type B24OAuthParams,
  LoadDataType,
  type ParamsFactory,
  RefreshTokenError,
} from '@bitrix24/b24jssdk';
import { describe, expect, it } from '@jest/globals';

import type { EmulatorOptions, PortalOptions } from '../../emulator/index.ts';
import {
  aCompany,
  aContact,
  aDeal,
  aMultifield,
  aPortal,
  aPortalUser,
  DEMO_CLIENT,
  exchange,
  type Stage,
  start,
  threeUsers,
} from './support.ts';

/**
 * The vendor's own SDK against the emulator, used as its documentation shows: with the addresses of the token answer
 * as they are. What it cannot do here, a client of a real portal could not do either.
 */

type RestrictionParams = ReturnType<typeof ParamsFactory.getDefault>;

/** What an application stores of the answer to an authorization code, in the names of the SDK's guide. */
async function storedTokens({ emulator, portal }: Stage, userId = 1): Promise<B24OAuthParams> {
  const { body } = await exchange(emulator, portal.issueCode({ clientId: DEMO_CLIENT.clientId, userId }));
  return {
    applicationToken: '',
    userId: body.user_id,
    memberId: body.member_id,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
    expires: body.expires,
    expiresIn: body.expires_in,
    scope: body.scope,
    domain: body.domain,
    clientEndpoint: body.client_endpoint,
    serverEndpoint: body.server_endpoint,
    status: body.status,
  } as unknown as B24OAuthParams;
}

function sdkWith(tokens: B24OAuthParams, restrictionParams: Partial<RestrictionParams> = {}): B24OAuth {
  const { clientId, clientSecret } = DEMO_CLIENT;
  return new B24OAuth(tokens, { clientId, clientSecret }, { restrictionParams });
}

async function sdkFor(stage: Stage, userId = 1, restrictionParams: Partial<RestrictionParams> = {}) {
  return sdkWith(await storedTokens(stage, userId), restrictionParams);
}

/** 120 companies, a contact and a deal of the first. */
function aFullPortal(overrides: Partial<PortalOptions> = {}): PortalOptions {
  return aPortal({
    users: threeUsers(),
    companies: Array.from({ length: 120 }, (_, index) =>
      aCompany({
        ID: String(index + 1),
        ...(index === 0 && { PHONE: [aMultifield({ VALUE: '+1 212 555 0100' })] }),
      }),
    ),
    contacts: [aContact({ ID: '11', COMPANY_ID: '1', NAME: 'Ann' })],
    deals: [aDeal({ ID: '21', COMPANY_ID: '1', OPPORTUNITY: '250.75' })],
    ...overrides,
  });
}

async function startFull(
  options: EmulatorOptions = {},
  userId = 1,
  restrictionParams: Partial<RestrictionParams> = {},
) {
  const stage = await start({ portals: [aFullPortal()], ...options });
  return { ...stage, b24: await sdkFor(stage, userId, restrictionParams) };
}

async function startWithUsers(count: number) {
  const users = Array.from({ length: count }, (_, index) => aPortalUser({ id: index + 1 }));
  const stage = await start({ portals: [aPortal({ users })] });
  return { ...stage, b24: await sdkFor(stage) };
}

/** An empty `error` of the portal gets lost in the SDK, which then tells the error of its HTTP client. */
const LOST_CODE = { code: 'ERR_BAD_REQUEST', status: 400 };

/** The error that a call throws. */
async function errorOf(call: Promise<unknown>): Promise<AjaxError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as AjaxError;
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('single calls of the vendor’s SDK', () => {
  it.each<[method: string, params: object, expected: unknown]>([
    ['profile', {}, { ID: '1', ADMIN: true }],
    ['server.time', {}, expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)],
    ['scope', {}, ['crm', 'user']],
    ['methods', { SCOPE: 'user_brief' }, ['user.current', 'user.get', 'user.search']],
    ['method.get', { name: 'user.get' }, { isExisting: true, isAvailable: true }],
    ['feature.get', { CODE: 'rest_auth_connector' }, { value: 'Y' }],
    ['events', { SCOPE: 'user' }, ['ONUSERADD']],
    ['app.info', {}, { CODE: DEMO_CLIENT.clientId, LICENSE_FAMILY: 'demo' }],
    ['app.option.set', { options: { a: 1, b: { c: true } } }, true],
    ['app.option.get', { option: 'nothing' }, null],
    ['user.option.set', { options: { theme: 'dark' } }, true],
    ['user.option.get', {}, []],
    ['user.admin', {}, true],
    ['user.access', { ACCESS: ['U1'] }, true],
    ['access.name', { ACCESS: ['AU'] }, { AU: { provider_id: 'other' } }],
    ['user.current', {}, { ID: '1', EMAIL: 'user1@example.com' }],
    ['user.get', { FILTER: { '@ID': [2, 3] }, sort: 'ID', order: 'DESC' }, [{ ID: '3' }, { ID: '2' }]],
    ['user.search', { FILTER: { FIND: 'body' } }, [{ ID: '1' }, { ID: '2' }, { ID: '3' }]],
    ['crm.company.get', { id: 1 }, { ID: '1', PHONE: [{ VALUE: '+1 212 555 0100' }] }],
    [
      'crm.company.list',
      { filter: { '<=ID': 2 }, order: { ID: 'DESC' }, select: ['ID'] },
      [{ ID: '2' }, { ID: '1' }],
    ],
    ['crm.company.fields', {}, { TITLE: { isRequired: true } }],
    ['crm.company.contact.items.get', { id: 1 }, [{ CONTACT_ID: 11, IS_PRIMARY: 'Y' }]],
    ['crm.contact.list', { filter: { COMPANY_ID: 1 } }, [{ ID: '11' }]],
    [
      'crm.deal.list',
      { filter: { COMPANY_ID: 1 }, select: ['ID', 'OPPORTUNITY'] },
      [{ ID: '21', OPPORTUNITY: '250.75' }],
    ],
    ['crm.deal.fields', {}, { COMPANY_ID: { settings: { parentEntityTypeId: 4 } } }],
    ['crm.category.list', { entityTypeId: 2 }, { categories: [{ id: 0 }, { id: 3 }, { id: 8 }] }],
    [
      'crm.currency.list',
      { order: { SORT: 'ASC' } },
      expect.arrayContaining([expect.objectContaining({ CURRENCY: 'EUR' })]),
    ],
    ['crm.item.get', { entityTypeId: 3, id: 11 }, { item: { id: 11, companyIds: [1] } }],
    [
      'crm.item.list',
      { entityTypeId: 2, filter: { '>=OPPORTUNITY': 250 }, select: ['id'] },
      { items: [{ id: 21 }] },
    ],
    ['crm.item.fields', { entityTypeId: 4 }, { fields: { title: { upperName: 'TITLE' } } }],
  ])('when %s is called with %j › its result arrives', async (method, params, expected) => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.call.make({ method, params });

    expect(answer.isSuccess).toBe(true);
    expect({ result: answer.getData()?.result }).toMatchObject({ result: expected });
    expect(answer.getData()?.time.duration).toBeGreaterThanOrEqual(0);
  });

  it('when the address of the token answer ends in a slash › the portal takes the path with two slashes', async () => {
    const { emulator, b24 } = await startFull();

    await b24.actions.v2.call.make({ method: 'profile', params: {}, requestId: 'request-1' });

    expect(emulator.requests.at(-1)).toMatchObject({
      path: '/rest//profile',
      restMethod: 'profile',
      tokenIn: 'body',
      params: { bx24_request_id: 'request-1' },
    });
  });

  it('when options were set › they are read again', async () => {
    const { b24 } = await startFull();

    await b24.actions.v2.call.make({
      method: 'app.option.set',
      params: { options: { a: 1, b: { c: true } } },
    });
    const answer = await b24.actions.v2.call.make({ method: 'app.option.get', params: {} });

    expect(answer.getData()?.result).toEqual({ a: 1, b: { c: true } });
  });

  it('when the user is an administrator › isAdmin says so', async () => {
    const { b24 } = await startFull();
    const other = await startFull({}, 2);

    await b24.initIsAdmin();
    await other.b24.initIsAdmin();

    expect([b24.auth.isAdmin, other.b24.auth.isAdmin]).toEqual([true, false]);
  });

  it('when the helper loads its data › it finds profile, application, licence and options', async () => {
    const { b24 } = await startFull();
    const helper = new B24HelperManager(b24);

    await helper.loadData([
      LoadDataType.App,
      LoadDataType.Profile,
      LoadDataType.AppOptions,
      LoadDataType.UserOptions,
    ]);

    expect(helper.profileInfo.data).toMatchObject({ id: 1, isAdmin: true });
    expect(helper.appInfo.data).toMatchObject({ code: DEMO_CLIENT.clientId, isInstalled: true });
    expect(helper.licenseInfo.data).toMatchObject({
      license: 'en_demo',
      licensePrevious: 'en_project',
      licenseType: 'demo',
    });
    helper.destroy();
  });
});

describe('lists of the vendor’s SDK', () => {
  it('when companies are listed by callList › all come once', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.callList.make<{ ID: string }>({
      method: 'crm.company.list',
      params: { select: ['ID'] },
    });

    expect(answer.getData()?.map(({ ID }) => Number(ID))).toEqual(numbers(1, 120));
  });

  it.each([
    ['camelCase', { idKey: 'id' }],
    ['capitals in the request', { idKey: 'id', cursorIdKey: 'ID' }],
  ])('when items are listed by callList with %s › all come once', async (_, keys) => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.callList.make<{ id: number }>({
      method: 'crm.item.list',
      params: { entityTypeId: 4, select: ['id', 'title'] },
      customKeyForResult: 'items',
      ...keys,
    });

    expect(answer.getData()?.map(({ id }) => id)).toEqual(numbers(1, 120));
  });

  it('when a list fails › callList has the error', async () => {
    const { b24 } = await startFull({}, 3);

    const error = await errorOf(b24.actions.v2.callList.make({ method: 'crm.company.list' }));

    expect(error).toMatchObject(LOST_CODE);
  });

  it('when companies are listed by fetchList › pages of 50 come, without counting', async () => {
    const { emulator, b24 } = await startFull();
    const sizes: number[] = [];

    for await (const rows of b24.actions.v2.fetchList.make<object>({
      method: 'crm.company.list',
      params: { filter: { '<=ID': 70 } },
    })) {
      sizes.push(rows.length);
    }

    expect(sizes).toEqual([50, 20]);
    expect(emulator.requests.at(-1)?.params).toMatchObject({ start: -1, filter: { '>ID': 50, '<=ID': 70 } });
  });

  it('when items are fetched by fetchList › pages of 50 come', async () => {
    const { b24 } = await startFull();
    const ids: number[] = [];

    const pages = b24.actions.v2.fetchList.make<{ id: number }>({
      method: 'crm.item.list',
      params: { entityTypeId: 4, filter: { '>=id': 10 }, select: ['id'] },
      idKey: 'id',
      customKeyForResult: 'items',
    });
    for await (const items of pages) ids.push(...items.map(({ id }) => id));

    // The cursor of the SDK is the key `>id`; a condition of one's own with another prefix stays.
    expect(ids).toEqual(numbers(10, 120));
  });

  it('when users are listed by fetchList › every user comes', async () => {
    const { b24 } = await startWithUsers(60);
    const ids: number[] = [];

    for await (const users of b24.actions.v2.fetchList.make<{ ID: string }>({ method: 'user.get' })) {
      ids.push(...users.map(({ ID }) => Number(ID)));
    }

    expect(ids).toEqual(numbers(1, 60));
  });

  it('when pages are turned by hand › next and total lead through all of them', async () => {
    const { b24 } = await startFull();
    const http = b24.getHttpClient(ApiVersion.v2);

    const first = await b24.actions.v2.call.make<object[]>({
      method: 'crm.company.list',
      params: { start: 0 },
    });
    const second = await first.fetchNext(http);
    const third = await second?.fetchNext(http);

    expect(first.getTotal()).toBe(120);
    expect([first.isMore(), second?.isMore(), third?.isMore()]).toEqual([true, true, false]);
    expect(third?.getData()?.result).toHaveLength(20);
    expect(await third?.fetchNext(http)).toBeNull();
  });
});

describe('batches of the vendor’s SDK', () => {
  const NO_ITEM = ['crm.item.get', { entityTypeId: 4, id: 999 }] as [string, object];
  const GET = (id: number) => ['crm.company.get', { id }] as [string, object];

  it('when commands are tuples › results come in their order', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make<{ ID: string }>({ calls: [GET(2), GET(1)] });

    expect((answer.getData() as unknown as { ID: string }[]).map(({ ID }) => ID)).toEqual(['2', '1']);
  });

  it('when commands are objects › nested parameters arrive', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: [
        {
          method: 'crm.company.list',
          params: { filter: { '@ID': [3, 5] }, select: ['ID'], order: { ID: 'DESC' } },
        },
        { method: 'crm.item.list', params: { entityTypeId: 4, filter: { '@id': [7] }, select: ['id'] } },
      ],
    });

    expect(answer.getData()).toEqual([[{ ID: '5' }, { ID: '3' }], { items: [{ id: 7 }] }]);
  });

  it('when commands have names › results have them', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: { me: ['profile', {}], time: { method: 'server.time', params: {} } },
    });

    expect(answer.getData()).toMatchObject({ me: { ID: '1' }, time: expect.any(String) });
  });

  it('when whole answers are wanted › each has its total', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make<object[]>({
      calls: { list: ['crm.company.list', { select: ['ID'] }], me: ['profile', {}] },
      options: { returnAjaxResult: true },
    });

    const answers = answer.getData() as unknown as Record<string, { getTotal(): number }>;
    expect(answers.list?.getTotal()).toBe(120);
    expect(answers.me?.getTotal()).toBe(0);
  });

  it('when a command refers to an earlier one › it gets its result', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: {
        list: ['crm.company.list', { filter: { '>ID': 99 } }],
        last: ['crm.company.get', { id: '$result[list][0][ID]' }],
      },
    });

    expect(answer.getData()).toMatchObject({ last: { ID: '100' } });
  });

  it('when a command fails and the batch halts › later commands do not run', async () => {
    const { emulator, b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: [GET(1), NO_ITEM, GET(2)],
      options: { isHaltOnError: true },
    });

    expect(answer.isSuccess).toBe(false);
    expect(answer.getErrorMessages()).toEqual([expect.stringContaining('Element not found')]);
    expect(answer.getData()).toHaveLength(1);
    expect(emulator.requests.at(-1)?.params).toMatchObject({ halt: 1 });
  });

  it('when a command fails and the batch does not halt › the others run', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: { one: GET(1), none: NO_ITEM, unknown: ['crm.nothing', {}], two: GET(2) },
      options: { isHaltOnError: false },
    });

    expect(answer.isSuccess).toBe(false);
    expect(Object.keys(answer.getErrorMessagesByKey()).sort()).toEqual(['none', 'unknown']);
    expect(answer.getData()).toMatchObject({ one: { ID: '1' }, two: { ID: '2' } });
  });

  it('when a command fails with an empty code › the SDK takes it for a success without a result', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: { none: GET(999) },
      options: { isHaltOnError: false },
    });

    expect(answer.isSuccess).toBe(true);
    expect(answer.getData()).toEqual({ none: undefined });
  });

  it('when a batch is inside of a batch › the portal refuses it', async () => {
    const { b24 } = await startFull();

    const answer = await b24.actions.v2.batch.make({
      calls: [['batch', { cmd: ['profile'] }]],
      options: { isHaltOnError: false },
    });

    expect(answer.getErrorMessages()).toEqual([
      expect.stringContaining('Method is not allowed for batch usage'),
    ]);
  });

  it('when there are more than 50 commands › batchByChunk sends several batches', async () => {
    const { emulator, b24 } = await startFull();

    const answer = await b24.actions.v2.batchByChunk.make<{ ID: string }>({
      calls: numbers(1, 120).map(GET),
    });

    expect(answer.getData()?.map(({ ID }) => Number(ID))).toEqual(numbers(1, 120));
    expect(
      emulator.requests
        .filter(({ restMethod }) => restMethod === 'batch')
        .map(({ commands }) => commands?.length),
    ).toEqual([50, 50, 20]);
  });

  it('when a batch command lacks its scope › the error says so without words', async () => {
    const stage = await start({ portals: [aFullPortal({ scope: ['user'] })] });
    const b24 = await sdkFor(stage);

    const answer = await b24.actions.v2.batch.make({ calls: [GET(1)], options: { isHaltOnError: false } });

    expect([...answer.errors.values()][0]).toMatchObject({ code: 'insufficient_scope' });
  });
});

describe('limits and the vendor’s SDK', () => {
  /** Its own limits off, so that the portal's are met; a refused call waits a second. */
  const impatient = { rateLimit: { burstLimit: 1e6, drainRate: 1e3, adaptiveEnabled: false } };

  it('when the portal refuses by its request limit › the SDK waits and repeats', async () => {
    const { emulator, b24 } = await startFull({}, 1, impatient);
    emulator.setRequestLimit({ burst: 1, perSecond: 2 });
    await b24.actions.v2.call.make({ method: 'profile', params: {} });
    emulator.clearRequests();

    const answer = await b24.actions.v2.call.make({ method: 'profile', params: {} });

    expect(answer.isSuccess).toBe(true);
    expect(emulator.requests.map(({ status, error }) => [status, error])).toEqual([
      [503, 'QUERY_LIMIT_EXCEEDED'],
      [200, undefined],
    ]);
    expect(b24.getHttpClient(ApiVersion.v2).getStats()).toMatchObject({
      retries: 1,
    });
  });

  it('when the SDK may not repeat › the refusal is thrown', async () => {
    const { emulator, b24 } = await startFull({}, 1, { ...impatient, maxRetries: 1 });
    emulator.setRequestLimit({ burst: 1, perSecond: 0.001 });
    await b24.actions.v2.call.make({ method: 'profile', params: {} });

    const error = await errorOf(b24.actions.v2.call.make({ method: 'profile', params: {} }));

    expect(error).toMatchObject({ code: 'QUERY_LIMIT_EXCEEDED', status: 503 });
  });

  it('when a method used up its operating time › it alone is refused', async () => {
    const operatingLimit = { thresholdSeconds: 1, secondsPerCall: 0.6 };
    const { b24 } = await startFull({ operatingLimit }, 1, { ...impatient, maxRetries: 1 });
    const list = () => b24.actions.v2.call.make({ method: 'crm.company.list', params: { select: ['ID'] } });
    await list();
    await list();

    const error = await errorOf(list());

    expect(error).toMatchObject({ code: 'OPERATION_TIME_LIMIT', status: 429 });
    expect((await b24.actions.v2.call.make({ method: 'profile', params: {} })).isSuccess).toBe(true);
  });

  it('when answers tell the operating time › the SDK counts it by method, in batches too', async () => {
    const operatingLimit = { thresholdSeconds: 480, secondsPerCall: 1.5 };
    const { b24 } = await startFull({ operatingLimit });

    await b24.actions.v2.call.make({ method: 'crm.company.list', params: {} });
    await b24.actions.v2.batch.make({ calls: [['crm.deal.list', {}]] });

    const { operatingStats } = b24.getHttpClient(ApiVersion.v2).getStats();
    expect(operatingStats).toMatchObject({ 'crm.company.list': 1.5, 'batch::crm.deal.list': 1.5 });
  });
});

describe('tokens and the vendor’s SDK', () => {
  const tokenRequests = ({ emulator }: Stage) =>
    emulator.requests.filter(({ kind, grantType }) => kind === 'token' && grantType === 'refresh_token');

  it('when the access token expired › the SDK refreshes once and repeats the call', async () => {
    const stage = await startFull();
    const stored: unknown[] = [];
    stage.b24.setCallbackRefreshAuth(async ({ b24OAuthParams }) => void stored.push({ ...b24OAuthParams }));
    stage.portal.expireAccessTokens();

    const answer = await stage.b24.actions.v2.call.make({ method: 'profile', params: {} });

    expect(answer.isSuccess).toBe(true);
    expect(tokenRequests(stage)).toHaveLength(1);
    expect(stored).toEqual([
      expect.objectContaining({
        accessToken: expect.any(String),
        clientEndpoint: `${stage.portal.origin}/rest/`,
        serverEndpoint: `${stage.emulator.authorizationServer}/rest/`,
        scope: 'app',
        status: 'L',
      }),
    ]);
  });

  it('when many calls meet the expired token at once › all succeed, and no refresh is refused', async () => {
    const stage = await startFull();
    stage.portal.expireAccessTokens();

    const answers = await Promise.all(
      numbers(1, 10).map((id) =>
        stage.b24.actions.v2.call.make({ method: 'crm.company.get', params: { id } }),
      ),
    );

    // Calls that are refused after the first refresh ended begin another one.
    expect(answers.every(({ isSuccess }) => isSuccess)).toBe(true);
    expect(new Set(tokenRequests(stage).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('when it is refreshed again and again › each rotated token works', async () => {
    const stage = await startFull();

    for (const round of [1, 2, 3]) {
      stage.portal.expireAccessTokens();
      await stage.b24.actions.v2.call.make({ method: 'profile', params: {} });
      expect(tokenRequests(stage)).toHaveLength(round);
    }

    expect(tokenRequests(stage).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('when another process refreshed first › the stored token is refused, unless rotation is lenient', async () => {
    const stage = await start({ portals: [aFullPortal()] });
    const tokens = await storedTokens(stage);
    const [first, second] = [sdkWith(tokens), sdkWith(tokens)];
    await first.auth.refreshAuth();

    const error = await errorOf(second.auth.refreshAuth());
    stage.emulator.set({ rotation: 'lenient' });
    const lenient = await storedTokens(stage);
    await sdkWith(lenient).auth.refreshAuth();

    expect(error).toBeInstanceOf(RefreshTokenError);
    expect(error).toMatchObject({ code: 'invalid_grant', status: 400 });
    expect(await sdkWith(lenient).auth.refreshAuth()).toHaveProperty('access_token');
  });

  it('when the user’s grants were revoked › the call fails after one refused refresh', async () => {
    const stage = await startFull();
    stage.portal.revokeGrants(1);

    await errorOf(stage.b24.actions.v2.call.make({ method: 'profile', params: {} }));

    expect(tokenRequests(stage).map(({ status, error }) => [status, error])).toEqual([
      [400, 'invalid_grant'],
    ]);
  });

  it.each([
    ['the application was removed', (stage: Stage) => stage.portal.uninstall(), 'NOT_INSTALLED', 401],
    ['the portal does not pay', (stage: Stage) => stage.portal.setUnpaid(true), 'PAYMENT_REQUIRED', 401],
    [
      'the secret changed',
      (stage: Stage) => stage.emulator.registerClient({ ...DEMO_CLIENT, clientSecret: 'other' }),
      'invalid_client',
      400,
    ],
    [
      'the user lost access to the application',
      (stage: Stage) => stage.portal.setUser(1, { appAccess: false }),
      'user_access_error',
      403,
    ],
  ])('when %s › a refresh is refused with its code', async (_, change, code, status) => {
    const stage = await startFull();
    change(stage);

    const error = await errorOf(stage.b24.auth.refreshAuth());

    expect(error).toBeInstanceOf(RefreshTokenError);
    expect(error).toMatchObject({ code, status });
  });
});

describe('refusals and the vendor’s SDK', () => {
  const call = (b24: B24OAuth, method: string, params: object = {}) =>
    errorOf(b24.actions.v2.call.make({ method, params }));

  it.each<[string, string, object, number, Partial<AjaxError>]>([
    ['the method is unknown', 'crm.nothing.get', {}, 1, { code: 'ERROR_METHOD_NOT_FOUND', status: 404 }],
    ['the user has no right', 'crm.company.list', {}, 3, LOST_CODE],
    ['there is no such company', 'crm.company.get', { id: 999 }, 1, LOST_CODE],
    [
      'there is no such item',
      'crm.item.get',
      { entityTypeId: 4, id: 999 },
      1,
      { code: 'NOT_FOUND', status: 400 },
    ],
    [
      'the type of items is unknown',
      'crm.item.list',
      { entityTypeId: 999 },
      1,
      { code: 'NOT_FOUND', status: 400 },
    ],
    [
      'items are old invoices',
      'crm.item.list',
      { entityTypeId: 5 },
      1,
      { code: 'ENTITY_TYPE_NOT_SUPPORTED', status: 400 },
    ],
    [
      'a filter field is unknown',
      'crm.item.list',
      { entityTypeId: 4, filter: { x: 1 } },
      1,
      { code: 'INVALID_ARG_VALUE' },
    ],
    ['a parameter is missing', 'crm.item.list', {}, 1, { code: '100', status: 400 }],
    ['the code of a feature is empty', 'feature.get', {}, 1, { code: 'CODE_EMPTY', status: 400 }],
    [
      'the user is no administrator',
      'app.option.set',
      { options: { a: 1 } },
      2,
      { code: 'ACCESS_DENIED', status: 403 },
    ],
  ])('when %s › the SDK throws the portal’s code', async (_, method, params, userId, expected) => {
    const { b24 } = await startFull({}, userId);

    const error = await call(b24, method, params);

    expect(error).toBeInstanceOf(AjaxError);
    expect(error).toMatchObject(expected);
  });

  it.each<[string, (stage: Stage) => unknown, string]>([
    ['the portal does not pay', ({ portal }) => portal.setUnpaid(true), 'PAYMENT_REQUIRED'],
    ['the application was removed', ({ portal }) => portal.uninstall(), 'ERROR_OAUTH'],
    ['the user was dismissed', ({ portal }) => portal.setUser(1, { active: false }), 'authorization_error'],
    [
      'the user may not use the application',
      ({ portal }) => portal.setUser(1, { appAccess: false }),
      'user_access_error',
    ],
    [
      'the scope lacks the method',
      ({ emulator }) => emulator.registerClient({ ...DEMO_CLIENT, scope: ['crm'] }),
      'insufficient_scope',
    ],
  ])('when %s › the SDK throws it without repeating the call', async (_, change, code) => {
    const stage = await startFull();
    await change(stage);
    stage.emulator.clearRequests();

    const error = await call(stage.b24, 'user.current');

    expect(error).toMatchObject({ code, status: 401 });
    expect(stage.emulator.requests).toHaveLength(1);
  });
});

describe('tools of the vendor’s SDK', () => {
  it('when the portal answers › it is healthy, and a ping has a duration', async () => {
    const { b24 } = await startFull();

    expect(await b24.tools.healthCheck.make()).toBe(true);
    expect(await b24.tools.ping.make()).toBeGreaterThanOrEqual(0);
  });

  it('when the application was removed › it is not healthy, and a ping fails', async () => {
    const { portal, b24 } = await startFull();
    portal.uninstall();

    expect(await b24.tools.healthCheck.make()).toBe(false);
    expect(await b24.tools.ping.make()).toBe(-1);
  });
});
