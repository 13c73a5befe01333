import { describe, expect, it } from '@jest/globals';

import { aCompany, aPortal, aPortalUser, callRest, form, idsOf, read, start, tokensFor } from './support.ts';

describe('how a method is called', () => {
  it.each(['profile', 'profile.json', 'profile/', 'PROFILE', 'Profile.JSON'])(
    'when the path ends in %s › it is the same method',
    async (path) => {
      const { emulator, portal } = await start();

      const { status } = await callRest(tokensFor(portal), path);

      expect(status).toBe(200);
      expect(emulator.requests.at(-1)?.restMethod).toBe('profile');
    },
  );

  it.each(['/rest//profile', '//rest/profile', '/rest//profile.json', '//rest///profile/'])(
    'when the path has repeated slashes, %s › it is the same method, and the record keeps the path',
    async (path) => {
      const { emulator, portal } = await start();

      const { status } = await fetch(`${portal.origin}${path}?auth=${tokensFor(portal).accessToken}`).then(
        read,
      );

      expect(status).toBe(200);
      expect(emulator.requests.at(-1)).toMatchObject({ kind: 'rest', restMethod: 'profile', path });
    },
  );

  it('when a query or form has nested parameters in the PHP format › they are parsed', async () => {
    const companies = ['1', '2', '3'].map((ID) => aCompany({ ID }));
    const { portal } = await start({ portals: [aPortal({ companies })] });
    const { clientEndpoint, accessToken } = tokensFor(portal);
    const params = new URLSearchParams([
      ['auth', accessToken],
      ['filter[@ID][]', '1'],
      ['filter[@ID][]', '3'],
      ['order[ID]', 'DESC'],
      ['select[0]', 'ID'],
    ]);

    const byQuery = await fetch(`${clientEndpoint}crm.company.list?${params}`).then(read);
    const byForm = await fetch(`${clientEndpoint}crm.company.list`, { method: 'POST', body: params }).then(
      read,
    );

    expect(idsOf(byQuery)).toEqual(['3', '1']);
    expect(idsOf(byForm)).toEqual(['3', '1']);
  });

  it('when the body is multipart › it is read as a form', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);
    const body = new FormData();
    body.set('auth', accessToken);

    const { status } = await fetch(`${clientEndpoint}profile`, { method: 'POST', body }).then(read);

    expect(status).toBe(200);
  });

  it('when query and body disagree › the body wins', async () => {
    const companies = ['1', '2'].map((ID) => aCompany({ ID }));
    const { portal } = await start({ portals: [aPortal({ companies })] });
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { body } = await fetch(`${clientEndpoint}crm.company.get?id=1`, {
      method: 'POST',
      body: form({ auth: accessToken, id: '2' }),
    }).then(read);

    expect(body.result).toHaveProperty('ID', '2');
  });

  it('when a parameter is called __proto__ › it is an ordinary parameter', async () => {
    const { portal } = await start();
    const { clientEndpoint, accessToken } = tokensFor(portal);

    const { status } = await fetch(
      `${clientEndpoint}crm.company.list?auth=${accessToken}&__proto__[x]=1&filter[__proto__]=1&filter[constructor]=2`,
    ).then(read);

    expect(status).toBe(200);
    expect({}).not.toHaveProperty('x');
  });
});

describe('how a method answers', () => {
  it('when it succeeds › has the headers of a portal', async () => {
    const { portal } = await start();

    const { headers } = await callRest(tokensFor(portal), 'profile');

    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-headers')).toBe('origin, content-type, accept');
  });

  it('when it succeeds › has time, with the offset of the portal', async () => {
    const portals = [aPortal({ utcOffset: '+03:00' })];
    const { portal } = await start({ portals, now: () => 1_790_000_000_000 });

    const { body } = await callRest(tokensFor(portal), 'profile');

    expect(body.time).toMatchObject({
      start: 1_790_000_000,
      duration: expect.any(Number),
      processing: expect.any(Number),
      date_start: '2026-09-21T17:13:20+03:00',
      operating: 0,
      operating_reset_at: expect.any(Number),
    });
  });

  it('when it fails › has no time', async () => {
    const { portal } = await start();

    const { body } = await callRest(tokensFor(portal), 'crm.company.get', { id: 99 });

    expect(Object.keys(body)).toEqual(['error', 'error_description']);
  });

  it('when names are not ASCII › they are sent as UTF-8', async () => {
    const users = [aPortalUser({ name: 'Анна', lastName: '🍕' })];
    const { portal } = await start({ portals: [aPortal({ users })] });

    const { text } = await callRest(tokensFor(portal), 'profile');

    expect(text).toContain('"NAME":"Анна","LAST_NAME":"🍕"');
  });
});
