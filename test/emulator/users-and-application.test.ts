import { describe, expect, it } from '@jest/globals';

import { aPortal, aPortalUser, callRest, DEMO_CLIENT, idsOf, rowsOf, start, tokensFor } from './support.ts';

const manyUsers = (count: number) =>
  Array.from({ length: count }, (_, index) => aPortalUser({ id: index + 1 }));

describe('users', () => {
  it('when profile is asked › tells who the token acts for, without any scope', async () => {
    const users = [aPortalUser({ name: 'Ann', lastName: 'Lee', gender: 'F', admin: true })];
    const { portal } = await start({ portals: [aPortal({ users, scope: [], timeZone: 'Europe/Moscow' })] });

    const { body } = await callRest(tokensFor(portal), 'profile');

    expect(body.result).toEqual({
      ID: '1',
      ADMIN: true,
      NAME: 'Ann',
      LAST_NAME: 'Lee',
      PERSONAL_GENDER: 'F',
      TIME_ZONE: 'Europe/Moscow',
    });
  });

  it('when user.current is asked with scope user › gives the e-mail', async () => {
    const { portal } = await start({
      portals: [aPortal({ users: [aPortalUser({ email: 'ann@example.com' })] })],
    });

    const { body } = await callRest(tokensFor(portal), 'user.current');

    expect(body.result).toMatchObject({ ID: '1', ACTIVE: true, EMAIL: 'ann@example.com' });
  });

  it('when user.current is asked with scope user_brief › keeps the e-mail back', async () => {
    const { portal } = await start({ clients: [{ ...DEMO_CLIENT, scope: ['user_brief'] }] });

    const { body } = await callRest(tokensFor(portal), 'user.current');

    expect(body.result).not.toHaveProperty('EMAIL');
  });

  it('when user.get has more than a page › pages as lists do', async () => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(53) })] });
    const tokens = tokensFor(portal);

    const first = await callRest(tokens, 'user.get');
    const second = await callRest(tokens, 'user.get', { start: 50 });

    expect(first.body).toMatchObject({ total: 53, next: 50 });
    expect(idsOf(second)).toEqual(['51', '52', '53']);
    expect(second.body).not.toHaveProperty('next');
  });

  it.each([
    ['one ID', { FILTER: { ID: 2 } }, ['2']],
    ['several IDs', { FILTER: { ID: [1, 3, 99] } }, ['1', '3']],
    ['several IDs by @', { filter: { '@ID': ['2', '3'] } }, ['2', '3']],
    ['an order', { sort: 'ID', order: 'DESC' }, ['3', '2', '1']],
  ])('when user.get is given %s › follows it', async (_, params, expected) => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(3) })] });

    const answer = await callRest(tokensFor(portal), 'user.get', params);

    expect(idsOf(answer)).toEqual(expected);
  });

  it('when somebody was dismissed › user.get still shows them, inactive', async () => {
    const users = [aPortalUser(), aPortalUser({ id: 2, active: false })];
    const { portal } = await start({ portals: [aPortal({ users })] });

    const answer = await callRest(tokensFor(portal), 'user.get', { FILTER: { ID: 2 } });

    expect(rowsOf(answer)[0]).toMatchObject({ ID: '2', ACTIVE: false });
  });

  it('when user.admin is asked › answers a boolean', async () => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(2) })] });

    const answers = [
      await callRest(tokensFor(portal, 1), 'user.admin'),
      await callRest(tokensFor(portal, 2), 'user.admin'),
    ];

    expect(answers.map(({ body }) => body.result)).toEqual([true, false]);
  });
});

describe('what the application may ask about itself', () => {
  it('when scope is asked › lists what was granted', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['crm'] })] });

    const { body } = await callRest(tokensFor(portal), 'scope');

    expect(body.result).toEqual(['crm']);
  });

  it('when the portal’s app.info is asked › answers in its own shape', async () => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'app.info');

    expect(body.result).toMatchObject({ CODE: DEMO_CLIENT.clientId, STATUS: 'L', INSTALLED: true });
  });

  it('when methods is asked › lists what the scope allows', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['user'] })] });

    const { body } = await callRest(tokensFor(portal), 'methods');

    expect(body.result).toContain('user.get');
    expect(body.result).not.toContain('crm.company.list');
  });
});
