import { describe, expect, it } from '@jest/globals';

import { aPortal, callRest, DEMO_CLIENT, start, threeUsers, tokensFor } from './support.ts';

/** A portal with an administrator (1) and two other users; `call` returns the result of a method. */
async function startWithUsers(overrides: Parameters<typeof aPortal>[0] = {}) {
  const stage = await start({ portals: [aPortal({ users: threeUsers(), ...overrides })] });
  const call = async (method: string, params: object = {}, userId = 1) =>
    (await callRest(tokensFor(stage.portal, userId), method, params)).body.result;
  return { ...stage, call };
}

describe('server.time', () => {
  it('when it is called › gives the clock of the portal, in its offset', async () => {
    const portals = [aPortal({ utcOffset: '+03:00' })];
    const { portal } = await start({ portals, now: () => 1_790_000_000_000 });

    const { body } = await callRest(tokensFor(portal), 'server.time');

    expect(body.result).toBe('2026-09-21T17:13:20+03:00');
  });
});

describe('method.get', () => {
  it.each([
    ['a method of a granted scope', { name: 'user.get' }, true, true],
    ['a basic method', { name: 'method.get' }, true, true],
    ['a method of another scope', { name: 'crm.company.list' }, true, false],
    ['an unknown method', { name: 'user.got' }, false, false],
    ['capital letters', { name: 'User.Get' }, false, false],
    ['the parameter in capitals', { NAME: 'user.get' }, false, false],
    ['no name', {}, false, false],
    ['a misspelt action of a controller', { name: 'crm.item.lst' }, true, false],
    ['a name of every object', { name: 'constructor' }, false, false],
  ])(
    'when it is asked about %s › tells whether it exists and may be called',
    async (_, params, isExisting, isAvailable) => {
      const { call } = await startWithUsers({ scope: ['user'] });

      expect(await call('method.get', params)).toEqual({ isExisting, isAvailable });
    },
  );
});

describe('methods, scope and events', () => {
  it('when they are called without parameters › they list what was granted', async () => {
    const { call } = await startWithUsers({ scope: ['user'] });

    expect(await call('scope')).toEqual(['user']);
    expect(await call('methods')).toEqual(
      expect.arrayContaining(['user.get', 'batch', 'methods', 'server.time']),
    );
    expect(await call('methods')).not.toContain('crm.deal.list');
    expect(await call('events')).toEqual(expect.arrayContaining(['ONAPPINSTALL', 'ONUSERADD']));
    expect(await call('events')).not.toContain('ONCRMCOMPANYADD');
  });

  it('when FULL is set › they list everything', async () => {
    const { call } = await startWithUsers({ scope: ['user'] });

    expect(await call('scope', { FULL: true })).toContain('crm');
    expect(await call('methods', { full: true })).toContain('crm.deal.list');
    expect(await call('events', { FULL: 1 })).toContain('ONCRMCOMPANYADD');
  });

  it('when a scope is named › they list that one, an empty name the basic ones', async () => {
    const { call } = await startWithUsers({ scope: ['user'] });

    expect(await call('methods', { SCOPE: 'user_brief' })).toEqual([
      'user.current',
      'user.get',
      'user.search',
    ]);
    expect(await call('methods', { SCOPE: '' })).not.toContain('user.get');
    expect(await call('events', { SCOPE: 'user' })).toEqual(['ONUSERADD']);
    expect(await call('events', { SCOPE: '' })).toContain('ONAPPINSTALL');
    expect(await call('events', { SCOPE: '' })).not.toContain('ONUSERADD');
    expect(await call('events', { SCOPE: 'nothing' })).toEqual([]);
  });
});

describe('feature.get', () => {
  it('when a code is given › answers Y, also for an unknown one', async () => {
    const { call } = await startWithUsers();

    expect(await call('feature.get', { CODE: 'rest_offline_extended' })).toEqual({ value: 'Y' });
    expect(await call('feature.get', { code: 'nonsense' })).toEqual({ value: 'Y' });
  });

  it.each([[{}], [{ CODE: '' }], [{ CODE: '0' }]])(
    'when the code is empty (%j) › answers 400',
    async (params) => {
      const { portal } = await start();

      const { status, body } = await callRest(tokensFor(portal), 'feature.get', params);

      expect(status).toBe(400);
      expect(body).toEqual({ error: 'CODE_EMPTY', error_description: "CODE can't be empty" });
    },
  );
});

describe('app.option.* and user.option.*', () => {
  it('when an administrator sets options of the application › every user reads them', async () => {
    const { call } = await startWithUsers();

    expect(await call('app.option.get')).toEqual([]);
    expect(await call('app.option.set', { options: { a: 'one', b: ['x'] } })).toBe(true);
    await call('app.option.set', { options: { a: 'two' } });

    expect(await call('app.option.get', {}, 2)).toEqual({ a: 'two', b: ['x'] });
    expect(await call('app.option.get', { option: 'a' }, 2)).toBe('two');
    expect(await call('app.option.get', { option: 'missing' })).toBeNull();
  });

  it('when another user sets options of the application › answers 403 and keeps nothing', async () => {
    const { portal, call } = await startWithUsers();

    const { status, body } = await callRest(tokensFor(portal, 2), 'app.option.set', { options: { a: '1' } });

    expect(status).toBe(403);
    expect(body).toEqual({
      error: 'ACCESS_DENIED',
      error_description: 'Access denied! Administrator authorization required',
    });
    expect(await call('app.option.get')).toEqual([]);
  });

  it('when users set their own options › each reads only theirs', async () => {
    const { call } = await startWithUsers();

    await call('user.option.set', { options: { theme: 'dark' } }, 2);

    expect(await call('user.option.get', {}, 2)).toEqual({ theme: 'dark' });
    expect(await call('user.option.get', {}, 1)).toEqual([]);
    expect(await call('app.option.get')).toEqual([]);
  });

  it('when options are plain parameters › they are set, the token is not among them', async () => {
    const { call } = await startWithUsers();

    await call('user.option.set', { theme: 'dark' });

    expect(await call('user.option.get')).toEqual({ theme: 'dark' });
  });

  it.each([
    ['app.option.set', {}],
    ['app.option.set', { options: [] }],
    ['user.option.set', { options: {} }],
  ])(
    'when %s gets no options (%j) › answers 400 ERROR_ARGUMENT with the argument',
    async (method, params) => {
      const { portal } = await start();

      const { status, body } = await callRest(tokensFor(portal), method, params);

      expect(status).toBe(400);
      expect(body).toMatchObject({ error: 'ERROR_ARGUMENT', argument: 'options' });
    },
  );

  it('when another application asks › it finds nothing', async () => {
    const other = { ...DEMO_CLIENT, clientId: 'local.other.1' };
    const { portal } = await start({ clients: [DEMO_CLIENT, other] });
    await callRest(tokensFor(portal), 'app.option.set', { options: { a: '1' } });

    const tokens = portal.issueTokens({ clientId: other.clientId, userId: 1 });

    expect((await callRest(tokens, 'app.option.get')).body.result).toEqual([]);
  });
});

describe('access codes', () => {
  it('when access.name is given codes › names those that exist', async () => {
    const { call } = await startWithUsers();

    expect(await call('access.name', { ACCESS: ['AU', 'U2', 'U99', 'XX', 'G2'] })).toEqual({
      AU: { provider: '', name: 'All authorized users', provider_id: 'other' },
      U2: { provider: 'User', name: 'Some Body', provider_id: 'user' },
      G2: { provider: '', name: 'All visitors', provider_id: 'other' },
    });
    expect(await call('access.name', { ACCESS: ['U99'] })).toEqual([]);
  });

  it.each([[{}], [{ ACCESS: [] }], [{ ACCESS: 'AU' }]])(
    'when access.name is given no list (%j) › answers false',
    async (params) => {
      const { call } = await startWithUsers();

      expect(await call('access.name', params)).toBe(false);
    },
  );

  it.each([
    ['their own code', ['U2'], true],
    ['a code of another user', ['U1'], false],
    ['one of several', ['CR', 'AU'], true],
    ['a single code as text', 'D1', true],
    ['the author', ['CR'], false],
    ['nothing', undefined, false],
  ])('when user.access is asked for %s › tells whether the user has it', async (_, ACCESS, expected) => {
    const { call } = await startWithUsers();

    expect(await call('user.access', { ACCESS }, 2)).toBe(expected);
  });

  it('when user.access is asked by an administrator › is always true', async () => {
    const { call } = await startWithUsers();

    expect(await call('user.access', { ACCESS: ['nonsense'] })).toBe(true);
    expect(await call('user.access')).toBe(true);
  });
});

describe('app.info of the portal', () => {
  it('when the portal is in the cloud › tells its plan', async () => {
    const { call } = await startWithUsers({ language: 'ru' });

    expect(await call('app.info')).toMatchObject({
      LICENSE: 'ru_demo',
      LICENSE_PREVIOUS: 'ru_project',
      LICENSE_TYPE: 'demo',
      LICENSE_FAMILY: 'demo',
    });
  });
});
