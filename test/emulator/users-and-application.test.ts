import { describe, expect, it } from '@jest/globals';

import { aPortal, aPortalUser, callRest, DEMO_CLIENT, idsOf, rowsOf, start, tokensFor } from './support.ts';

const manyUsers = (count: number) =>
  Array.from({ length: count }, (_, index) => aPortalUser({ id: index + 1 }));

describe('users', () => {
  it('when profile is called › gives the user of the token, without any scope', async () => {
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

  it('when a user has another time zone › their profile has it, other users have that of the portal', async () => {
    const users = [aPortalUser({ timeZone: 'Asia/Omsk' }), aPortalUser({ id: 2 })];
    const { portal } = await start({ portals: [aPortal({ users, timeZone: 'Europe/Moscow' })] });
    const zoneOf = async (userId: number) =>
      (await callRest(tokensFor(portal, userId), 'profile')).body.result as { TIME_ZONE: string };

    expect((await zoneOf(1)).TIME_ZONE).toBe('Asia/Omsk');
    expect((await zoneOf(2)).TIME_ZONE).toBe('Europe/Moscow');
  });

  it('when user.current is called with scope user › gives the e-mail', async () => {
    const { portal } = await start({
      portals: [aPortal({ users: [aPortalUser({ email: 'ann@example.com' })] })],
    });

    const { body } = await callRest(tokensFor(portal), 'user.current');

    expect(body.result).toMatchObject({
      ID: '1',
      ACTIVE: true,
      EMAIL: 'ann@example.com',
      IS_ONLINE: 'Y',
      LAST_ACTIVITY_DATE: expect.any(String),
    });
    expect(body.result).not.toHaveProperty('USER_TYPE');
    expect(body.result).not.toHaveProperty('TIMESTAMP_X');
  });

  it('when user.current is called with scope user_brief › leaves out the e-mail', async () => {
    const { portal } = await start({ clients: [{ ...DEMO_CLIENT, scope: ['user_brief'] }] });

    const { body } = await callRest(tokensFor(portal), 'user.current');

    expect(body.result).not.toHaveProperty('EMAIL');
  });

  it('when user.get has more than a page › pages work as in other lists', async () => {
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

  it('when a user was dismissed › user.get still lists them, inactive', async () => {
    const users = [aPortalUser(), aPortalUser({ id: 2, active: false })];
    const { portal } = await start({ portals: [aPortal({ users })] });

    const answer = await callRest(tokensFor(portal), 'user.get', { FILTER: { ID: 2 } });

    expect(rowsOf(answer)[0]).toMatchObject({ ID: '2', ACTIVE: false });
  });

  it('when active users are listed by last name › pages are in that order, equal names by ID', async () => {
    const lastNames = ['Moor', 'abbott', 'Zane', 'Moor'];
    const users = Array.from({ length: 120 }, (_, index) =>
      aPortalUser({ id: index + 1, lastName: lastNames[index % 4] ?? '', active: index % 10 !== 9 }),
    );
    const { portal } = await start({ portals: [aPortal({ users })] });
    const tokens = tokensFor(portal);
    const list = (start: number) =>
      callRest(tokens, 'user.get', {
        FILTER: { ACTIVE: true },
        sort: 'LAST_NAME',
        order: 'ASC',
        start,
        select: ['ID', 'LAST_NAME'],
      });

    const pages = [await list(0), await list(50), await list(100)];

    const rank = (id: number) =>
      ({ abbott: 0, moor: 1, zane: 2 })[String(lastNames[(id - 1) % 4]).toLowerCase()] ?? 3;
    const expected = users
      .filter(({ active }) => active)
      .map(({ id }) => id)
      .sort((a, b) => rank(a) - rank(b) || a - b);
    expect(pages.flatMap((page) => idsOf(page).map(Number))).toEqual(expected);
    expect(pages.map(({ body }) => [body.total, body.next])).toEqual([
      [108, 50],
      [108, 100],
      [108, undefined],
    ]);
    expect(rowsOf(pages[0] as (typeof pages)[0])[0]).toEqual({ ID: '2', LAST_NAME: 'abbott' });
  });

  const people = () => [
    aPortalUser({ name: 'Anna-Maria', lastName: 'Moor', position: 'Head of sales' }),
    aPortalUser({ id: 2, name: 'Bob', lastName: 'Annan', position: 'Driver' }),
    aPortalUser({ id: 3, name: 'Hanna', lastName: 'Sales', active: false }),
  ];

  it.each([
    ['user.get', 'whom ACTIVE leaves out', { FILTER: { ACTIVE: true } }, ['1', '2']],
    ['user.get', 'ACTIVE as Y', { FILTER: { ACTIVE: 'Y' } }, ['1', '2']],
    ['user.get', 'who was dismissed', { FILTER: { ACTIVE: false } }, ['3']],
    ['user.get', 'a pattern without an operator', { filter: { NAME: 'an%' } }, ['1']],
    ['user.get', 'a part of a name', { filter: { '%NAME': 'nna' } }, ['1', '3']],
    ['user.get', 'an operator that lists do not know', { filter: { '!%NAME': 'nna' } }, ['2']],
    ['user.get', 'a field outside of FILTER', { ID: 2 }, ['2']],
    ['user.get', 'NAME_SEARCH', { filter: { NAME_SEARCH: 'moo' } }, ['1']],
    ['user.search', 'FIND in any field, by beginnings', { FILTER: { FIND: 'ann' } }, ['1', '2']],
    ['user.search', 'FIND of two words in any order', { FILTER: { FIND: 'moor an' } }, ['1']],
    ['user.search', 'FIND in the position', { FILTER: { FIND: 'sal' } }, ['1', '3']],
    [
      'user.search',
      'FIND beside another field, which must hold too',
      { FILTER: { FIND: 'sal', ACTIVE: true } },
      ['1'],
    ],
    ['user.search', 'the beginning of a last name', { FILTER: { LAST_NAME: 'an' } }, ['2']],
    ['user.search', 'names among those who left', { FILTER: { NAME: 'h', ACTIVE: 'N' } }, ['3']],
    ['user.get', 'a department', { UF_DEPARTMENT: 1 }, ['1', '2', '3']],
    ['user.get', 'a department as a text outside of FILTER', { uf_department: '1', ACTIVE: '1' }, ['1', '2']],
    ['user.get', 'who is online', { FILTER: { IS_ONLINE: 'Y' } }, ['1']],
    ['user.get', 'the day of registration', { FILTER: { '>=DATE_REGISTER': '2025-01-15' } }, ['1', '2', '3']],
    [
      'user.get',
      'a prefix of three characters, which is not read',
      { FILTER: { '!=%NAME': 'A%' } },
      ['1', '2', '3'],
    ],
    ['user.get', 'a sort without an order, which is not read', { sort: 'LAST_NAME' }, ['1', '2', '3']],
    ['user.get', 'FIND, which only user.search knows', { FILTER: { FIND: 'moor' } }, ['1', '2', '3']],
    ['user.search', 'an order', { FILTER: { FIND: '' }, sort: 'LAST_NAME', order: 'DESC' }, ['3', '1', '2']],
  ])('when %s is given %s › follows it', async (method, _, params, expected) => {
    const { portal } = await start({ portals: [aPortal({ users: people() })] });

    const answer = await callRest(tokensFor(portal), method, params);

    expect(idsOf(answer)).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it('when user.get is called › users have the fields of the sample, in its order and with its types', async () => {
    const users = [aPortalUser({ name: 'Ann', lastName: 'Lee', position: 'Head', timeZone: 'Asia/Omsk' })];
    const { portal } = await start({ portals: [aPortal({ users, utcOffset: '+03:00' })] });

    const answer = await callRest(tokensFor(portal), 'user.get');

    expect(Object.entries(rowsOf(answer)[0] ?? {})).toEqual([
      ['ID', '1'],
      ['ACTIVE', true],
      ['NAME', 'Ann'],
      ['LAST_NAME', 'Lee'],
      ['SECOND_NAME', ''],
      ['EMAIL', 'user1@example.com'],
      ['LAST_LOGIN', '2026-01-12T09:00:00+03:00'],
      ['DATE_REGISTER', '2025-01-15T03:00:00+03:00'],
      ['TIME_ZONE', 'Asia/Omsk'],
      ['IS_ONLINE', 'Y'],
      ['TIMESTAMP_X', {}],
      ['LAST_ACTIVITY_DATE', {}],
      ['PERSONAL_GENDER', 'M'],
      ['PERSONAL_WWW', ''],
      ['PERSONAL_BIRTHDAY', ''],
      ['PERSONAL_MOBILE', ''],
      ['PERSONAL_CITY', ''],
      ['WORK_PHONE', ''],
      ['WORK_POSITION', 'Head'],
      ['UF_EMPLOYMENT_DATE', ''],
      ['UF_DEPARTMENT', [1]],
      ['USER_TYPE', 'employee'],
    ]);
  });

  it.each([
    ['user_basic', ['LAST_LOGIN', 'PERSONAL_WWW']],
    ['user_brief', ['EMAIL', 'LAST_LOGIN', 'PERSONAL_MOBILE', 'PERSONAL_WWW', 'WORK_PHONE']],
  ])(
    'when the scope is %s › its fields are left out, and filters by them are dropped',
    async (scope, missing) => {
      const { emulator, portal } = await start({ portals: [aPortal({ users: manyUsers(2) })] });
      const allFields = rowsOf(await callRest(tokensFor(portal), 'user.get'))[0] ?? {};
      emulator.registerClient({ ...DEMO_CLIENT, scope: [scope] });

      const answer = await callRest(tokensFor(portal), 'user.get', { FILTER: { PERSONAL_WWW: 'x' } });

      expect(idsOf(answer)).toEqual(['1', '2']);
      const fields = Object.keys(rowsOf(answer)[0] ?? {});
      expect(
        Object.keys(allFields)
          .filter((field) => !fields.includes(field))
          .sort(),
      ).toEqual(missing);
    },
  );

  it('when user.get starts inside of a page › it is not rounded down', async () => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(120) })] });

    const { body } = await callRest(tokensFor(portal), 'user.get', { start: 10, select: ['ID'] });

    expect(body).toMatchObject({ total: 120, next: 60 });
    expect(body.result).toEqual(Array.from({ length: 50 }, (_, index) => ({ ID: String(index + 11) })));
  });

  it('when user.get skips counting › total is 0; when it finds nothing › there is no total', async () => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(60) })] });

    const uncounted = await callRest(tokensFor(portal), 'user.get', { start: -1 });
    const empty = await callRest(tokensFor(portal), 'user.get', { FILTER: { ID: 99 } });
    const past = await callRest(tokensFor(portal), 'user.get', { start: 60 });

    expect(rowsOf(uncounted)).toHaveLength(50);
    expect(uncounted.body).toMatchObject({ total: 0 });
    expect(uncounted.body).not.toHaveProperty('next');
    for (const { body } of [empty, past]) {
      expect(body.result).toEqual([]);
      expect(body).not.toHaveProperty('total');
    }
  });

  it('when fields are selected › only they come, the ID too only if it is named', async () => {
    const { portal } = await start();
    const fieldsFor = async (select: string[]) =>
      Object.keys(rowsOf(await callRest(tokensFor(portal), 'user.get', { select }))[0] ?? {});

    expect(await fieldsFor(['NAME', 'nonsense'])).toEqual(['NAME']);
    expect(await fieldsFor(['ID', 'UF_*'])).toEqual(['ID', 'UF_EMPLOYMENT_DATE', 'UF_DEPARTMENT']);
    expect(await fieldsFor(['*'])).toHaveLength(22);
  });

  it('when user.admin is called › answers a boolean', async () => {
    const { portal } = await start({ portals: [aPortal({ users: manyUsers(2) })] });

    const answers = [
      await callRest(tokensFor(portal, 1), 'user.admin'),
      await callRest(tokensFor(portal, 2), 'user.admin'),
    ];

    expect(answers.map(({ body }) => body.result)).toEqual([true, false]);
  });
});

describe('methods about the application itself', () => {
  it('when scope is called › lists what was granted', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['crm'] })] });

    const { body } = await callRest(tokensFor(portal), 'scope');

    expect(body.result).toEqual(['crm']);
  });

  it('when app.info of the portal is called › answers in the format of the portal', async () => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'app.info');

    expect(body.result).toMatchObject({ CODE: DEMO_CLIENT.clientId, STATUS: 'L', INSTALLED: true });
  });

  it('when methods is called › lists what the scope allows', async () => {
    const { portal } = await start({ portals: [aPortal({ scope: ['user'] })] });

    const { body } = await callRest(tokensFor(portal), 'methods');

    expect(body.result).toContain('user.get');
    expect(body.result).not.toContain('crm.company.list');
  });
});
